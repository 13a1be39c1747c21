"""The continuous normalizing flow.

Chen, Rubanova, Bettencourt and Duvenaud, "Neural Ordinary Differential Equations" (2018),
https://arxiv.org/abs/1806.07366; Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, "FFJORD" (2019),
https://arxiv.org/abs/1810.01367.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ..core.checks import positive_integers
from ..core.errors import InputError, closest
from ..core.types import Array
from .networks.hutchinson import probes
from .networks.tangent import TangentNetwork
from .transform import Transform

TRACES = ("exact", "hutchinson")


@keras.saving.register_keras_serializable("keraszoo")
class Continuous(Transform):
    """dx/dt = f(x, t), from z at t = 0 to x at t = 1; the log density changes by the trace of df/dx on the way.

    The classical Runge-Kutta method of fourth order with fixed steps solves both equations, forward and backward alike.
    Both are right up to its error, which falls 16-fold where the number of steps is doubled: when in doubt, compare.
    Training can learn to profit from the error of its own steps, so everything else takes twice as many.

    Args:
        features: number of features.
        hidden, activation: of f, a `TangentNetwork` that also sees t and the context. The exact trace of two hidden
            layers costs no more than f, however many features there are; of other depths, as many tangents as features.
        steps: of the solver in training, >= 1; twice as many otherwise.
        trace: "exact", or "hutchinson": in training an unbiased estimate from one random direction, the same over the
            whole path; exact otherwise.
        context_dim: length of the context; 0 for none.

    Shapes:
        [batch, features] -> the same, and the log-determinant [batch].

    Example:
        >>> continuous = Continuous(2, hidden=(16, 16))
        >>> z = tf.random.stateless_normal([5, 2], (0, 0))
        >>> x, log_det = continuous.forward_and_log_det(z)
        >>> bool(tf.reduce_max(tf.abs(continuous.inverse_and_log_det(x)[0] - z)) < 1e-5)
        True
    """

    def __init__(
        self,
        features: int,
        hidden: Sequence[int] = (64, 64),
        *,
        activation: str | Callable = "tanh",
        steps: int = 8,
        trace: str = "exact",
        context_dim: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__([features], context_dim=context_dim, **kwargs)
        if trace not in TRACES:
            raise InputError(f"Unknown trace. Received: trace={trace!r}. {closest(str(trace), TRACES)}")
        self.features, self.trace = self.event_shape[0], trace
        self.steps = positive_integers("steps", [steps])[0]
        self.network = TangentNetwork(
            self.features, hidden, activation, condition_dim=1 + self.context_dim, dtype=self.dtype_policy
        )
        self.noise = keras.random.SeedGenerator() if trace == "hutchinson" else None

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self._solve(z, 0.0, 1.0, context, training)

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self._solve(x, 1.0, 0.0, context, training)

    def _solve(self, x, start, end, context, training):
        """The state at time `end` and the integral of the trace from `start` to `end`."""
        direction = probes(x, self.noise) if training and self.trace == "hutchinson" else None
        steps = self.steps if training else 2 * self.steps
        length = (end - start) / steps

        def change(time, x):
            return self._velocity_and_trace(x, start + length * time, context, direction)

        def step(index, x, log_det):
            time = tf.cast(index, self.precision)
            v1, d1 = change(time, x)
            v2, d2 = change(time + 0.5, x + 0.5 * length * v1)
            v3, d3 = change(time + 0.5, x + 0.5 * length * v2)
            v4, d4 = change(time + 1.0, x + length * v3)
            x += length / 6.0 * (v1 + 2.0 * (v2 + v3) + v4)
            return index + 1, x, log_det + length / 6.0 * (d1 + 2.0 * (d2 + d3) + d4)

        values = (0, x, tf.zeros_like(x[:, 0]))
        _, x, log_det = tf.while_loop(lambda index, *_: index < steps, step, values, maximum_iterations=steps)
        return x, log_det

    def velocity(self, x: Array, time: Array, context: Array | None = None) -> tf.Tensor:
        """f(x, t), for a time of each example: [batch, features], [batch, 1], [batch, context_dim] -> the first."""
        return tf.cast(self.network(x, self._condition(time, context)), self.precision)

    def _condition(self, time, context):
        """What the network sees besides x: times [batch, 1], and the context."""
        return tf.concat([time, tf.cast(context, self.precision)], axis=1) if self.context_dim else time

    def _velocity_and_trace(self, x, time, context, direction):
        time = tf.reshape(time, [1, 1])
        condition = self._condition(tf.repeat(time, tf.shape(x)[0], 0) if self.context_dim else time, context)
        if direction is None:
            velocity, trace = self.network.with_trace(x, condition)
        else:
            velocity, product = self.network.linearized(x, condition)
            trace = tf.reduce_sum(tf.cast(product(direction), self.precision) * direction, axis=1)
        return tf.cast(velocity, self.precision), tf.cast(trace, self.precision)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "features": self.features,
            "hidden": self.network.hidden,
            "activation": self.network.activation,
            "steps": self.steps,
            "trace": self.trace,
            "context_dim": self.context_dim,
        }
