"""The planar flow.

Rezende and Mohamed, "Variational Inference with Normalizing Flows" (2015), https://arxiv.org/abs/1505.05770.
"""

from typing import Any

import keras
import tensorflow as tf

from ..core.types import Array
from .networks.amortized import Amortized, log_slope_of_tanh, positive


@keras.saving.register_keras_serializable("keraszoo")
class Planar(Amortized):
    """x = z + u tanh(w.z + b): space stretched or squeezed across the hyperplane w.z + b = 0.

    It is invertible where w.u > -1, so u is moved along w: w.u = softplus(...) - 1 (appendix A.1 of the paper; shifted
    here so that u = 0 stays 0 and the flow can start near the identity). Forward is analytic. Backward, w.x + b is a
    monotone function of the scalar w.z + b, which is found by bisection: so both directions are there.

    Args:
        features: number of features.
        context_dim: length of a context of which u, w and b are then a linear function; 0 for none.

    Shapes:
        [batch, features] -> the same, and the log-determinant [batch].

    Example:
        >>> planar = Planar(3)
        >>> z = tf.random.stateless_normal([5, 3], (0, 0))
        >>> x, log_det = planar.forward_and_log_det(z)
        >>> bool(tf.reduce_max(tf.abs(planar.inverse_and_log_det(x)[0] - z)) < 1e-5)
        True
    """

    def __init__(self, features: int, **kwargs: Any) -> None:
        parameters = {
            "u": ((features,), "random_normal"),
            "w": ((features,), keras.initializers.RandomNormal(stddev=features**-0.5)),
            "b": ((), keras.initializers.RandomUniform(-1.0, 1.0)),
        }
        super().__init__(features, parameters, **kwargs)

    def constrained(self, context: Array | None = None) -> tuple[tf.Tensor, ...]:
        """u and w [batch, features], b and the slope 1 + w.u > 0 [batch]; without a context the batch is 1."""
        p = self.parameters(context)
        along = tf.reduce_sum(p["w"] * p["u"], axis=1)
        slope = positive(along)
        shift = (slope - 1.0 - along) / (tf.reduce_sum(p["w"] ** 2, axis=1) + 1e-12)
        return p["u"] + shift[:, None] * p["w"], p["w"], p["b"], slope

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        u, w, b, slope = self.constrained(context)
        height = tf.tanh(tf.reduce_sum(w * z, axis=1) + b)
        return z + u * height[:, None], log_slope_of_tanh(height, slope)

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        u, w, b, slope = self.constrained(context)
        height = tf.tanh(self._root(tf.reduce_sum(w * x, axis=1) + b, slope))
        return x - u * height[:, None], -log_slope_of_tanh(height, slope)

    def _root(self, image, slope):
        """The a = w.z + b of which image = a + (slope - 1) tanh(a): [batch]."""
        target, steepness = tf.stop_gradient(image), tf.stop_gradient(slope)
        radius = tf.abs(steepness - 1.0) + tf.zeros_like(target)
        steps = 64 if self.precision == "float64" else 32

        def halve(step, middle, radius):
            too_low = middle + (steepness - 1.0) * tf.tanh(middle) < target
            radius *= 0.5
            return step + 1, middle + tf.where(too_low, radius, -radius), radius

        _, root, _ = tf.while_loop(lambda step, *_: step < steps, halve, (0, target, radius), maximum_iterations=steps)
        root = tf.stop_gradient(root)
        # One step of Newton's changes the value by rounding errors only, but has the gradients of the root.
        height = tf.tanh(root)
        error = root + (slope - 1.0) * height - image
        return root - error / tf.stop_gradient(height**2 + slope * (1.0 - height**2))
