"""The multi-scale architecture: after each scale, half of what is left becomes latent.

Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP" (2017), https://arxiv.org/abs/1605.08803;
Kingma and Dhariwal, "Glow" (2018), https://arxiv.org/abs/1807.03039.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import check_divisible, positive_integers
from ...core.types import Array
from ..composition import adapt_through, forward_through, inverse_through
from ..elementwise.normalization import ActNorm
from ..linear import LULinear
from ..transform import Transform
from .steps import ImageCoupling, Squeeze, image_sizes


@keras.saving.register_keras_serializable("keraszoo")
class MultiScale(Transform):
    """Glow: a squeeze, steps of (actnorm, 1x1 convolution, coupling), half of the channels leave, the others go on.

    What leaves is first brought near N(0, I) by a mean and a scale that a convolution predicts from what stays: Glow's
    learned prior, which is an affine coupling too. So the base of the flow is a plain N(0, I) of all latents.

    Args:
        event_shape: (height, width, channels), height and width divisible by 2 ** scales.
        scales: how often the image is squeezed, >= 1.
        steps: steps at each scale, >= 1.
        kind, filters, activation, options: of the steps' `ImageCoupling`s.
        context_dim: length of the context on which all couplings depend; 0 for none.

    Shapes:
        [batch, height, width, channels] -> [batch, height * width * channels], what leaves at the first scale first.

    Example:
        >>> flow = MultiScale((8, 8, 1), scales=2, steps=1, filters=8)
        >>> z, log_det = flow.inverse_and_log_det(tf.zeros([5, 8, 8, 1]))
        >>> z.shape, log_det.shape
        (TensorShape([5, 64]), TensorShape([5]))
    """

    def __init__(
        self,
        event_shape: Sequence[int],
        *,
        scales: int = 2,
        steps: int = 4,
        kind: str = "affine",
        filters: int = 64,
        activation: str | Callable = "relu",
        options: dict[str, Any] | None = None,
        context_dim: int = 0,
        **kwargs: Any,
    ) -> None:
        height, width, channels = image_sizes(event_shape, "MultiScale")
        super().__init__(event_shape, latent_shape=(height * width * channels,), context_dim=context_dim, **kwargs)
        self.scales, self.steps = positive_integers("scales", [scales])[0], positive_integers("steps", [steps])[0]
        times = "once" if scales == 1 else f"{scales} times"
        check_divisible(height, width, 2**self.scales, f"A flow of scales={scales} halves the image {times}")
        self._couplings: dict[str, Any] = {
            "kind": kind,
            "filters": filters,
            "activation": activation,
            "options": dict(options or {}),
        }
        shared: dict[str, Any] = {"context_dim": self.context_dim, "dtype": self.dtype_policy}
        squeeze = Squeeze(self.event_shape, dtype=self.dtype_policy)
        shape, self.level, self.rest = squeeze.latent_shape, [squeeze], None
        for step in range(self.steps):
            self.level += [
                ActNorm(shape, dtype=self.dtype_policy),
                LULinear(shape, permute=step, dtype=self.dtype_policy),
                ImageCoupling(shape, **self._couplings, **shared),
            ]
        if self.scales > 1:
            self.level += [ImageCoupling(shape, "affine", filters=0, **shared)]
            half = (*shape[:2], shape[2] // 2)
            self.rest = MultiScale(half, scales=self.scales - 1, steps=self.steps, **self._couplings, **shared)

    @property
    def _level_shape(self):
        return self.level[0].latent_shape

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        z, log_det = inverse_through(self.level, x, context, training)
        if self.rest is None:
            return self._flat(z), log_det
        staying, leaving = tf.split(z, 2, axis=-1)
        z, change = self.rest.inverse_and_log_det(staying, context, training)
        return tf.concat([self._flat(leaving), z], axis=1), log_det + change

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        height, width, channels = self._level_shape
        if self.rest is None:
            return forward_through(self.level, tf.reshape(z, [-1, height, width, channels]), context, training)
        leaving, z = tf.split(z, 2, axis=1)
        staying, log_det = self.rest.forward_and_log_det(z, context, training)
        leaving = tf.reshape(leaving, [-1, height, width, channels // 2])
        x, change = forward_through(self.level, tf.concat([staying, leaving], axis=-1), context, training)
        return x, log_det + change

    def adapt(self, x: Array, context: Array | None = None) -> None:
        z = adapt_through(self.level, x, context)
        if self.rest is not None:
            self.rest.adapt(tf.split(z, 2, axis=-1)[0], context)

    @staticmethod
    def _flat(z):
        return tf.reshape(z, [-1, math.prod(z.shape[1:])])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "event_shape": self.event_shape,
            "scales": self.scales,
            "steps": self.steps,
            **self._couplings,
            "context_dim": self.context_dim,
        }
