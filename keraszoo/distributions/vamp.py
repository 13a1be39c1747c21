"""The VampPrior: a mixture of a VAE's own posteriors.

Tomczak and Welling, "VAE with a VampPrior" (2018), https://arxiv.org/abs/1705.07120.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..core.seeds import normal_rows, seed_pair
from ..core.types import Array
from .mixture import mixture_draws, mixture_log_prob
from .prior import Prior

MARGIN = 0.05  # how far inside the data's range, of width 1, `adapt` starts: the squashing is flat at its ends


class VampPrior(Prior, keras.layers.Layer):
    """p(z) = 1/K sum_k q(z|u_k), the mean of the posteriors of K learned pseudo-inputs u_k.

    The ELBO is greatest for the prior that is the mean of the posteriors of all examples; the pseudo-inputs stand for
    them. Where the data have a range, a sigmoid keeps them in it. They start at noise; `adapt(x)`, which
    `keraszoo train` calls, starts them at examples.

    Args:
        posterior: function x [batch, *image_shape] -> `DiagonalNormal`.
        latent_dim: length of z.
        image_shape: shape of one example.
        value_range: (lowest, highest) value of the data, or None.
        components: K, >= 1.
        scaling: functions (from the data's scale to that of the pseudo-inputs, and back), or None: they are the same.
    """

    adapts = True

    def __init__(
        self,
        posterior: Any,
        latent_dim: int,
        image_shape: Sequence[int],
        value_range: Any = None,
        components: int = 50,
        scaling: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype="float32", **kwargs)
        self.posterior, self.latent_dim, self.components = posterior, latent_dim, components
        self.image_shape, self.value_range, self.scaling = image_shape, value_range, scaling
        self.unsquashed = self.add_weight(
            name="pseudo_inputs",
            shape=(components, *image_shape),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            autocast=False,
        )
        self.built = True

    def pseudo_inputs(self) -> tf.Tensor:
        """u_k, in the range of the data: [components, *image_shape] float32."""
        values = tf.convert_to_tensor(self.unsquashed)
        if self.value_range is None:
            return values if self.scaling is None else self.scaling[1](values)
        lowest, highest = self.value_range
        return lowest + (highest - lowest) * tf.sigmoid(values)

    def adapt(self, x: Array) -> None:
        """Starts the pseudo-inputs at some of the examples [rows, *image_shape], evenly spread over the rows."""
        rows = np.linspace(0, len(x) - 1, self.components).round().astype(int)
        values = np.asarray(x, "float32")[rows]
        values = values if self.scaling is None else np.asarray(self.scaling[0](values))
        if self.value_range is not None:
            lowest, highest = self.value_range
            inside = MARGIN + (1 - 2 * MARGIN) * (values - lowest) / (highest - lowest)
            values = np.log(inside) - np.log1p(-inside)
        self.unsquashed.assign(values)

    def mixture(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Means, log-variances and logits of the components."""
        q = self.posterior(self.pseudo_inputs())
        return q.loc, q.log_var, tf.zeros([self.components])

    def log_prob(self, z: Array) -> tf.Tensor:
        return mixture_log_prob(z, *self.mixture())

    def sample(self, count: int, seed: int | None = None, temperature: float = 1.0) -> tf.Tensor:
        """Draws of pseudo-inputs and from their posteriors, `temperature` times as far from their means."""
        noise = tf.random.stateless_normal([count, 1 + self.latent_dim], seed_pair(seed))
        return mixture_draws(noise, *self.mixture(), temperature)

    def sample_rows(self, seed: Array, temperature: Array) -> tf.Tensor:
        return mixture_draws(normal_rows(seed, 1 + self.latent_dim), *self.mixture(), temperature[:, None])

    def pictures(self) -> dict[str, Any]:
        """The pseudo-inputs, where they are images."""
        if len(self.image_shape) != 3:
            return {}
        side = math.isqrt(min(64, self.components))
        return {"pseudo_inputs": tf.reshape(self.pseudo_inputs()[: side * side], [side, side, *self.image_shape])}
