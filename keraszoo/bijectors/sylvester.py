"""The Sylvester flow.

Van den Berg, Hasenclever, Tomczak and Welling, "Sylvester Normalizing Flows for Variational Inference" (2018),
https://arxiv.org/abs/1803.05649.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..core.checks import positive_integers
from ..core.errors import InputError
from ..core.types import Array
from .networks.amortized import Amortized, log_slope_of_tanh, positive


@keras.saving.register_keras_serializable("keraszoo")
class Sylvester(Amortized):
    """x = z + Q R1 tanh(R2 Q^T z + b): as many planar flows at once as `rank` says, in orthogonal directions Q.

    R1 and R2 are upper triangular and Q's columns orthonormal, so by Sylvester's identity the determinant is that of a
    triangular matrix of `rank` rows; it is invertible where R1_ii R2_ii > -1. Flipping the signs of a row of R2, of its
    b and of a column of R1 changes nothing, so R2_ii > 0 here and R1_ii R2_ii = softplus(...) - 1.

    It is made for posteriors of VAEs: forward only.

    Args:
        features: number of features.
        rank: columns of Q, from 1 to features; None: as many as features.
        reflections: Householder reflections of which Q consists, >= 1; None: as many as the rank, enough for any Q.
        context_dim: length of a context of which all parameters are then a linear function; 0 for none.

    Shapes:
        z [batch, features] -> x, the same, and the log-determinant [batch].

    Example:
        >>> sylvester = Sylvester(4, rank=2)
        >>> x, log_det = sylvester.forward_and_log_det(tf.zeros([5, 4]))
        >>> x.shape, log_det.shape
        (TensorShape([5, 4]), TensorShape([5]))
        >>> sylvester.inverse_and_log_det(x)
        Traceback (most recent call last):
        keraszoo.core.errors.InputError: Sylvester has no inverse direction, from x to z (densities). Nearest: Planar,
        Coupling or Autoregressive, which has both.
    """

    instead = "Planar, Coupling or Autoregressive"

    def __init__(self, features: int, rank: int | None = None, reflections: int | None = None, **kwargs: Any) -> None:
        self.rank = positive_integers("rank", [features if rank is None else rank])[0]
        self.reflections = positive_integers("reflections", [self.rank if reflections is None else reflections])[0]
        if self.rank > features:
            raise InputError(f"Q has at most features={features} columns. Received: rank={rank}. Nearest: {features}.")
        square = (self.rank, self.rank)
        parameters = {
            "normals": ((self.reflections, features), keras.initializers.RandomNormal(stddev=1.0)),
            "r1": (square, "random_normal"),
            "r2": (square, "random_normal"),
            "log_diagonal": ((self.rank,), "zeros"),
            "raw_slopes": ((self.rank,), "random_normal"),
            "b": ((self.rank,), keras.initializers.RandomUniform(-1.0, 1.0)),
        }
        super().__init__(features, parameters, **kwargs)
        self._above = np.triu(np.ones(square), 1)

    def constrained(self, context: Array | None = None) -> tuple[tf.Tensor, ...]:
        """Unit normals of the reflections, R1, R2, b, and slopes 1 + R1_ii R2_ii > 0; each [batch, ...]."""
        p = self.parameters(context)
        diagonal, slopes = tf.exp(p["log_diagonal"]), positive(p["raw_slopes"])
        r1 = p["r1"] * self._above + tf.linalg.diag((slopes - 1.0) / diagonal)
        r2 = p["r2"] * self._above + tf.linalg.diag(diagonal)
        return tf.math.l2_normalize(p["normals"], axis=2), r1, r2, p["b"], slopes

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        normals, r1, r2, b, slopes = self.constrained(context)
        inside = _reflect(z, normals)[:, : self.rank]
        heights = tf.tanh(tf.linalg.matvec(r2, inside) + b)
        step = tf.pad(tf.linalg.matvec(r1, heights), [[0, 0], [0, self.features - self.rank]])
        log_det = tf.reduce_sum(log_slope_of_tanh(heights, slopes), axis=1)
        return z + _reflect(step, normals[:, ::-1]), log_det

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rank": self.rank, "reflections": self.reflections}


def _reflect(vectors, normals):
    """[batch, features] through one reflection I - 2 v v^T after the other: normals [batch or 1, n, features]."""
    for normal in tf.unstack(normals, axis=1):
        vectors -= 2.0 * tf.reduce_sum(vectors * normal, axis=1, keepdims=True) * normal
    return vectors
