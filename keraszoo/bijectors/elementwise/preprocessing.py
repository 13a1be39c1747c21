"""From data to unbounded vectors: the logit of values in [0, 1], and another shape."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError
from ...core.types import Array
from ..transform import Transform


@keras.saving.register_keras_serializable("keraszoo")
class Logit(Transform):
    """z = logit(alpha + (1 - 2 alpha) x) for x in [0, 1], as in RealNVP and MAF.

    Args:
        event_shape: shape of one example.
        alpha: how far the ends stay away from 0 and 1, in (0, 0.5); 1e-6 in the MAF paper for MNIST.
    """

    def __init__(self, event_shape: Sequence[int], alpha: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(event_shape, **kwargs)
        if not 0 < alpha < 0.5:
            raise InputError(f"alpha keeps the logit finite and must lie in (0, 0.5). Received: alpha={alpha!r}.")
        self.alpha = float(alpha)

    def _sum(self, log_slopes):
        return tf.reduce_sum(tf.reshape(log_slopes, [-1, math.prod(self.event_shape)]), axis=1)

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        inner = self.alpha + (1.0 - 2.0 * self.alpha) * tf.clip_by_value(x, 0.0, 1.0)
        # 1 - inner from x itself: near 1 the difference would have lost its digits
        rest = self.alpha + (1.0 - 2.0 * self.alpha) * tf.clip_by_value(1.0 - x, 0.0, 1.0)
        log_slopes = math.log(1.0 - 2.0 * self.alpha) - tf.math.log(inner) - tf.math.log(rest)
        return tf.math.log(inner) - tf.math.log(rest), self._sum(log_slopes)

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        x = (tf.sigmoid(z) - self.alpha) / (1.0 - 2.0 * self.alpha)
        log_slopes = -tf.math.softplus(z) - tf.math.softplus(-z) - math.log(1.0 - 2.0 * self.alpha)
        return tf.clip_by_value(x, 0.0, 1.0), self._sum(log_slopes)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "event_shape": self.event_shape, "alpha": self.alpha}


@keras.saving.register_keras_serializable("keraszoo")
class Reshape(Transform):
    """The same values in another shape.

    Args:
        event_shape: shape of x.
        latent_shape: shape of z; None: a vector.
    """

    keeps_values = True

    def __init__(self, event_shape: Sequence[int], latent_shape: Sequence[int] | None = None, **kwargs: Any) -> None:
        shape = positive_integers("event_shape", event_shape)
        latent = (math.prod(shape),) if latent_shape is None else positive_integers("latent_shape", latent_shape)
        if math.prod(shape) != math.prod(latent):
            raise InputError(f"Both shapes must hold equally many values. Received: {shape} and {latent}.")
        super().__init__(shape, latent_shape=latent, **kwargs)

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.reshape(x, [-1, *self.latent_shape]), tf.zeros(tf.shape(x)[:1], x.dtype)

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.reshape(z, [-1, *self.event_shape]), tf.zeros(tf.shape(z)[:1], z.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "event_shape": self.event_shape, "latent_shape": self.latent_shape}
