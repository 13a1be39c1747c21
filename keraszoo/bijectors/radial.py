"""The radial flow.

Rezende and Mohamed, "Variational Inference with Normalizing Flows" (2015), https://arxiv.org/abs/1505.05770.
"""

from typing import Any

import keras
import tensorflow as tf

from ..core.types import Array
from .networks.amortized import Amortized, positive


@keras.saving.register_keras_serializable("keraszoo")
class Radial(Amortized):
    """x = z + beta / (alpha + r) (z - centre), r = |z - centre|: space stretched or squeezed around a point.

    It is invertible where alpha > 0 and beta > -alpha, so beta = alpha (slope - 1) with a slope > 0 at the centre.
    Both directions are analytic: the distance of x from the centre is R = r + beta r / (alpha + r), a quadratic
    equation for r with one positive root.

    Args:
        features: number of features.
        context_dim: length of a context of which the parameters are then a linear function; 0 for none.

    Shapes:
        [batch, features] -> the same, and the log-determinant [batch].

    Example:
        >>> radial = Radial(3)
        >>> z = tf.random.stateless_normal([5, 3], (0, 0))
        >>> x, log_det = radial.forward_and_log_det(z)
        >>> bool(tf.reduce_max(tf.abs(radial.inverse_and_log_det(x)[0] - z)) < 1e-5)
        True
    """

    def __init__(self, features: int, **kwargs: Any) -> None:
        parameters = {
            "centre": ((features,), keras.initializers.RandomNormal(stddev=1.0)),
            "raw_alpha": ((), "zeros"),
            "raw_slope": ((), "random_normal"),
        }
        super().__init__(features, parameters, **kwargs)

    def constrained(self, context: Array | None = None) -> tuple[tf.Tensor, ...]:
        """centre [batch, features], alpha > 0 and slope > 0 [batch]; without a context the batch is 1."""
        p = self.parameters(context)
        return p["centre"], positive(p["raw_alpha"]), positive(p["raw_slope"])

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        centre, alpha, slope = self.constrained(context)
        r = _length(z - centre)
        stretch = (r + alpha * slope) / (r + alpha)
        return centre + stretch[:, None] * (z - centre), self._log_det(r, alpha, slope)

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        centre, alpha, slope = self.constrained(context)
        distance = _length(x - centre)
        # r^2 + p r - distance alpha = 0: the root is q or (distance alpha) / q, whichever is a sum of positive terms
        p = alpha * slope - distance
        q = 0.5 * (tf.abs(p) + tf.sqrt(p**2 + 4.0 * distance * alpha))
        r = tf.where(p > 0.0, distance * alpha / q, q)
        stretch = (r + alpha * slope) / (r + alpha)
        return centre + (x - centre) / stretch[:, None], -self._log_det(r, alpha, slope)

    def _log_det(self, r, alpha, slope):
        """features - 1 directions are stretched by x's distance over r, one by its derivative."""
        across = tf.math.log((r + alpha * slope) / (r + alpha))
        along = tf.math.log((r * (r + 2.0 * alpha) + slope * alpha**2) / (r + alpha) ** 2)
        return (self.features - 1) * across + along


def _length(vectors):
    """Of each row, with a gradient of 0 where it is 0."""
    return tf.sqrt(tf.reduce_sum(vectors**2, axis=1) + 1e-20)
