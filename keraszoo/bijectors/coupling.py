"""Couplings: some features change as told by the others, which stay as they are.

Dinh, Krueger and Bengio, "NICE" (2015), https://arxiv.org/abs/1410.8516; Dinh, Sohl-Dickstein and Bengio, "Density
estimation using Real NVP" (2017), https://arxiv.org/abs/1605.08803.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..core.errors import InputError
from ..core.types import Array
from ..networks.by_size import check_network
from .elementwise.univariate import angles_of, on_circles, univariate
from .networks.conditioner import dense_conditioner
from .transform import Transform


@keras.saving.register_keras_serializable("keraszoo")
class Coupling(Transform):
    """Features where `mask` is true stay as they are and tell the others, through a network, how to change.

    Args:
        features: number of features, >= 2.
        kind: "shift" (NICE), "affine" (RealNVP), "spline", "circular_spline" or "mixed_spline" (NSF): the map of each
            feature.
        mask: one truth value for each feature, or "even" or "odd": the features that stay.
        hidden: units of the network's hidden layers.
        activation: of the network.
        options: arguments of the map, such as {"bins": 8, "bound": 5.0}.
        context_dim: length of the context; 0 for none.
        conditioner: a network of your own, [batch, staying + context_dim] -> [batch, changing * parameters]. Angles
            reach it as cosines in their places and sines behind, before the context.

    Shapes:
        [batch, features] -> the same, and the log-determinant [batch].

    Example:
        >>> coupling = Coupling(4, "spline", hidden=(32,))
        >>> x = tf.random.stateless_normal([5, 4], (0, 0))
        >>> z, log_det = coupling.inverse_and_log_det(x)
        >>> bool(tf.reduce_max(tf.abs(coupling.forward_and_log_det(z)[0] - x)) < 1e-5)
        True
    """

    def __init__(
        self,
        features: int,
        kind: str = "affine",
        *,
        mask: str | Sequence[int] | np.ndarray = "even",
        hidden: Sequence[int] = (64, 64),
        activation: str | Callable = "relu",
        options: dict[str, Any] | None = None,
        context_dim: int = 0,
        conditioner: keras.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__([features], context_dim=context_dim, **kwargs)
        self.features, self.kind, self.options = self.event_shape[0], kind, dict(options or {})
        self.map = univariate(kind, **self.options)
        self.angles = angles_of(self.map, self.features)
        self.mask = _checked_mask(mask, self.features)
        self.hidden, self.activation = tuple(hidden), activation
        self._staying, self._changing = np.flatnonzero(self.mask), np.flatnonzero(np.logical_not(self.mask))
        self._back = np.argsort(np.concatenate([self._staying, self._changing]))
        self._passed = conditioner
        self._staying_angles = np.isin(self._staying, sorted(self.angles))
        inputs = len(self._staying) + self._staying_angles.sum() + self.context_dim
        outputs = len(self._changing) * self.map.size
        if conditioner is None:
            conditioner = dense_conditioner(inputs, outputs, self.hidden, activation, self.dtype_policy)
        self.conditioner = conditioner
        check_network(conditioner, "conditioner", (inputs,), (outputs,))

    def _parameters(self, staying, context, training):
        staying = on_circles(staying, self._staying_angles, self.map.period)
        if self.context_dim:
            staying = tf.concat([staying, tf.cast(context, staying.dtype)], axis=-1)
        outputs = tf.cast(self.conditioner(staying, training=training), self.precision)
        return tf.reshape(outputs, [-1, len(self._changing), self.map.size])

    def _apply(self, direction, values, context, training):
        staying, changing = tf.gather(values, self._staying, axis=1), tf.gather(values, self._changing, axis=1)
        changed, log_slopes = direction(changing, self._parameters(staying, context, training), self._changing)
        result = tf.gather(tf.concat([staying, changed], axis=1), self._back, axis=1)
        return result, tf.reduce_sum(log_slopes, axis=1)

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self._apply(self.map.forward, z, context, training)

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self._apply(self.map.inverse, x, context, training)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "features": self.features,
            "kind": self.kind,
            "mask": self.mask,
            "hidden": self.hidden,
            "activation": self.activation,
            "options": self.options,
            "context_dim": self.context_dim,
            "conditioner": keras.saving.serialize_keras_object(self._passed),
        }


def _checked_mask(mask, features):
    if features < 2:
        raise InputError(f"A coupling needs at least two features. Received: {features}. Nearest: Autoregressive.")
    if isinstance(mask, str) and mask in ("even", "odd"):
        mask = [feature % 2 == (mask == "odd") for feature in range(features)]
    mask = tuple(bool(staying) for staying in mask)
    if len(mask) != features or len(set(mask)) < 2:
        raise InputError(
            f"mask says for each of the {features} features whether it stays, and some must stay and some change. "
            f"Received: mask={mask}. Known names: even, odd."
        )
    return mask
