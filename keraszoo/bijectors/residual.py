"""The invertible residual block.

Behrmann, Grathwohl, Chen, Duvenaud and Jacobsen, "Invertible Residual Networks" (2019),
https://arxiv.org/abs/1811.00995; Chen, Behrmann, Duvenaud and Jacobsen, "Residual Flows for Invertible Generative
Modeling" (2019), https://arxiv.org/abs/1906.02735.
"""

import keras
import tensorflow as tf

from ..errors import InputError, closest
from .lipschitz_network import LipschitzNetwork
from .log_det_series import log_det_series
from .transform import Transform

LOG_DETS = ("exact", "series")
FEW_FEATURES = 16  # up to which the Jacobian costs less than the series
TOLERANCES = {"float64": 1e-13, "float32": 1e-6}  # of the fixed point, by the precision of the network; else:
ROUGH_TOLERANCE = 1e-2
LONGEST_SEARCH = 1000


@keras.saving.register_keras_serializable("keraszoo")
class Residual(Transform):
    """z = x + g(x), invertible because g is a contraction: a `LipschitzNetwork`.

    From data to latent it takes one pass. Backward, x -> z - g(x) is repeated until nothing moves: each time the error
    shrinks by `lipschitz` or more. A step of Newton's then removes what is left and has the gradients of the solution.

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

    def __init__(self, features, hidden=(64, 64), *, lipschitz=0.97, log_det=None, context_dim=0, **kwargs):
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

    def inverse_and_log_det(self, x, context=None, training=False):
        if training:
            self.network.update()
        if training and self.log_det == "series":
            value, product = self.network.linearized(x, context)
            log_det = log_det_series(lambda vector: self._exact(product(vector)), x, self.noise)
            return x + self._exact(value), log_det
        value, jacobian = self._value_and_jacobian(x, context)
        return x + value, tf.linalg.slogdet(jacobian)[1]

    def forward_and_log_det(self, z, context=None, training=False):
        root = self._root(z, context)
        value, jacobian = self._value_and_jacobian(root, context)
        error = root + value - z
        x = root - tf.linalg.solve(tf.stop_gradient(jacobian), error[:, :, None])[:, :, 0]
        return x, -self.inverse_and_log_det(x, context, training)[1]

    def _root(self, z, context):
        """The x of which z = x + g(x), up to the tolerance: [batch, features], without gradients."""
        function, target = self.network.frozen(context), tf.stop_gradient(z)
        tolerance = TOLERANCES.get(self.network.compute_dtype, ROUGH_TOLERANCE)

        def moves(x, change):
            return tf.reduce_any(tf.abs(change) > tolerance * (1.0 + tf.abs(x)))

        def step(x, change):
            following = target - self._exact(function(x))
            return following, following - x

        start = (target, tf.fill(tf.shape(z), tf.constant(float("inf"), z.dtype)))
        return tf.stop_gradient(tf.while_loop(moves, step, start, maximum_iterations=LONGEST_SEARCH)[0])

    def _value_and_jacobian(self, x, context):
        """g(x) [batch, features] and the Jacobian of x + g(x) [batch, features, features]."""
        value, jacobian = self.network.with_jacobian(x, context)
        return self._exact(value), self._exact(jacobian) + tf.eye(self.features, dtype=self.precision)

    def _exact(self, values):
        return tf.cast(values, self.precision)

    def get_config(self):
        return {
            **super().get_config(),
            "features": self.features,
            "hidden": self.network.hidden,
            "lipschitz": self.network.lipschitz,
            "log_det": self.log_det,
            "context_dim": self.context_dim,
        }
