"""The invertible residual block.

Behrmann, Grathwohl, Chen, Duvenaud and Jacobsen, "Invertible Residual Networks" (2019),
https://arxiv.org/abs/1811.00995; Chen, Behrmann, Duvenaud and Jacobsen, "Residual Flows for Invertible Generative
Modeling" (2019), https://arxiv.org/abs/1906.02735.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ..core.errors import InputError, closest
from ..core.types import Array
from .networks.lipschitz import LipschitzNetwork
from .networks.log_det_series import log_det_series
from .transform import Transform

LOG_DETS = ("exact", "series")
FEW_FEATURES = 16  # for which the whole Jacobian is cheap
TOLERANCES = {"float64": 1e-13, "float32": 1e-6}  # of the way back, by the precision of the network; else:
ROUGH_TOLERANCE = 1e-2
LONGEST_SEARCH = 1000


@keras.saving.register_keras_serializable("keraszoo")
class Residual(Transform):
    """z = x + g(x), invertible because g is a contraction: a `LipschitzNetwork`.

    From data to latent it takes one pass. Backward, x -> z - g(x) is repeated until both sides agree: each time their
    difference shrinks to `lipschitz` of its size or less. For up to 16 features a step of Newton's stands in for this
    one wherever it gets nearer. A last step of Newton's has the gradients of the solution.

    Args:
        features: number of features.
        hidden: units of the hidden layers of g, which also sees the context.
        lipschitz: the bound of g's steepness, in (0, 1).
        log_det: "exact": by the determinant of the Jacobian, which takes as many tangents as features; "series": in
            training an unbiased estimate from products with the Jacobian, exact otherwise. None: "exact" for up to 16
            features.
        context_dim: length of the context; 0 for none.

    Shapes:
        [batch, features] -> the same, and the log-determinant [batch].

    Example:
        >>> residual = Residual(3, hidden=(16, 16))
        >>> x = tf.random.stateless_normal([5, 3], (0, 0))
        >>> z, log_det = residual.inverse_and_log_det(x)
        >>> bool(tf.reduce_max(tf.abs(residual.forward_and_log_det(z)[0] - x)) < 1e-5)
        True
    """

    def __init__(
        self,
        features: int,
        hidden: Sequence[int] = (64, 64),
        *,
        lipschitz: float = 0.97,
        log_det: str | None = None,
        context_dim: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__([features], context_dim=context_dim, **kwargs)
        self.features = self.event_shape[0]
        if log_det is None:
            log_det = "exact" if self.features <= FEW_FEATURES else "series"
        if log_det not in LOG_DETS:
            raise InputError(f"Unknown log_det. Received: log_det={log_det!r}. {closest(str(log_det), LOG_DETS)}")
        self.log_det = log_det
        self.network = LipschitzNetwork(
            self.features, hidden, lipschitz=lipschitz, condition_dim=self.context_dim, dtype=self.dtype_policy
        )
        self.noise = keras.random.SeedGenerator() if log_det == "series" else None

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        if training and self.log_det == "series":
            value, product = self.network.linearized(x, context)
            log_det = log_det_series(lambda vector: self._exact(product(vector)), x, self.noise)
            return x + self._exact(value), log_det
        value, jacobian = self._value_and_jacobian(x, context)
        square = tf.matmul(jacobian, jacobian, transpose_a=True)  # XLA has no determinants, but Cholesky's factors
        return x + value, 0.5 * tf.linalg.logdet(square)

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        root = self._root(tf.stop_gradient(z), context)
        value, jacobian = self._value_and_jacobian(root, context)
        x = _newton(root, root + value - z, tf.stop_gradient(jacobian))
        return x, -self.inverse_and_log_det(x, context, training)[1]

    def _root(self, z, context):
        """The x of which z = x + g(x), up to the tolerance: [batch, features], without gradients."""
        function = self.network.frozen(context)
        tolerance = TOLERANCES.get(self.network.compute_dtype, ROUGH_TOLERANCE)

        def error(x):
            return x + self._exact(function(x)) - z

        def unsolved(x, left):
            return tf.reduce_any(tf.abs(left) > tolerance * (1.0 + tf.abs(x) + tf.abs(z)))

        def step(x, left):
            following = x - left  # z - g(x)
            following_left = error(following)
            if self.features <= FEW_FEATURES:
                faster = _newton(x, left, self._value_and_jacobian(x, context)[1])
                faster_left = error(faster)
                better = tf.norm(faster_left, axis=1) < tf.norm(following_left, axis=1)
                following = tf.where(better[:, None], faster, following)
                following_left = tf.where(better[:, None], faster_left, following_left)
            return following, following_left

        return tf.stop_gradient(tf.while_loop(unsolved, step, (z, error(z)), maximum_iterations=LONGEST_SEARCH)[0])

    def _value_and_jacobian(self, x, context):
        """g(x) [batch, features] and the Jacobian of x + g(x) [batch, features, features]."""
        value, jacobian = self.network.with_jacobian(x, context)
        identity = tf.eye(self.features, dtype=self.precision)
        jacobian = self._exact(jacobian) + identity
        # a row that is not finite must not stop the others: linear algebra raises for the whole batch
        finite = tf.reduce_all(tf.math.is_finite(jacobian), axis=[1, 2], keepdims=True)
        return self._exact(value), tf.where(finite, jacobian, identity)

    def _exact(self, values):
        return tf.cast(values, self.precision)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "features": self.features,
            "hidden": self.network.hidden,
            "lipschitz": self.network.lipschitz,
            "log_det": self.log_det,
            "context_dim": self.context_dim,
        }


def _newton(x, error, jacobian):
    """Newton's next guess where the error is to be 0."""
    return x - tf.linalg.solve(jacobian, error[:, :, None])[:, :, 0]
