"""Features that cannot leave an interval or a half-line, brought to the whole line."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.checks import real_numbers
from ...core.errors import InputError
from ...core.types import Array
from ..transform import Transform

MARGIN = 1e-6  # of an interval: how close to its ends a value counts
LEAST = 1e-30  # from the end of a half-line


def checked_bounds(bounds, features):
    """`{feature: (lowest, highest)}` with None for no bound, sorted; InputError for anything else."""
    try:
        bounds = {int(feature): (low, high) for feature, (low, high) in dict(bounds).items()}
    except (TypeError, ValueError) as error:
        raise InputError(
            f"bounds is a dictionary {{feature: (lowest, highest)}}, None for no bound. Received: {bounds!r}. "
            "Nearest: {0: (0.0, None)} where feature 0 is positive."
        ) from error
    for feature, (low, high) in bounds.items():
        if not 0 <= feature < features:
            raise InputError(f"Bounds are those of features from 0 to {features - 1}. Received: {feature}.")
        ends = real_numbers("bounds", [end for end in (low, high) if end is not None])
        if not len(ends) or not np.isfinite(ends).all() or len(ends) == 2 and not low < high:
            raise InputError(
                f"A feature has bounds (lowest, highest). Received: {(low, high)} of feature {feature}. Nearest: "
                "(0.0, None) for positive values."
            )
    return {
        feature: tuple(None if end is None else float(end) for end in pair) for feature, pair in sorted(bounds.items())
    }


@keras.saving.register_keras_serializable("keraszoo")
class Bounds(Transform):
    """z = logit of the place in an interval, or log of the distance from the end of a half-line; the rest stays.

    Beyond the bounds the density is 0. What lies on them counts as just inside: 1e-6 of the interval, or 1e-30.

    Args:
        features: number of features.
        bounds: {feature: (lowest, highest)}, None for no bound on that side.

    Shapes:
        [batch, features] -> the same, and the log-determinant [batch].

    Example:
        >>> positive = Bounds(2, {1: (0.0, None)})
        >>> z, log_det = positive.inverse_and_log_det(tf.constant([[-5.0, 1.0], [0.0, -1.0]]))
        >>> z[0].numpy(), log_det.numpy()
        (array([-5.,  0.], dtype=float32), array([  0., -inf], dtype=float32))
    """

    def __init__(self, features: int, bounds: Any, **kwargs: Any) -> None:
        super().__init__([features], **kwargs)
        self.features = self.event_shape[0]
        # JSON makes texts of numbers that are keys
        self.bounds = checked_bounds({int(feature): pair for feature, pair in dict(bounds).items()}, self.features)

    def _columns(self, values, of_column):
        """Each bounded column through `of_column(column, low, high)`, and the sum of their log slopes."""
        columns, total = tf.unstack(values, self.features, axis=1), tf.zeros_like(values[:, 0])
        for feature, (low, high) in self.bounds.items():
            columns[feature], log_slope = of_column(columns[feature], low, high)
            total += log_slope
        return tf.stack(columns, axis=1), total

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self._columns(x, self._inverse)

    def _inverse(self, x, low, high):
        if None in (low, high):
            distance = high - x if low is None else x - low
            log = tf.math.log(tf.maximum(distance, LEAST))
            z, log_slope = log if high is None else -log, -log
        else:
            distance = tf.minimum(x - low, high - x)
            below, above = (tf.clip_by_value(part / (high - low), MARGIN, 1.0 - MARGIN) for part in (x - low, high - x))
            z = tf.math.log(below) - tf.math.log(above)
            log_slope = -tf.math.log(below) - tf.math.log(above) - math.log(high - low)
        return z, tf.where(distance < 0.0, tf.constant(-np.inf, x.dtype), log_slope)

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self._columns(z, self._forward)

    def _forward(self, z, low, high):
        if high is None:
            return low + tf.exp(z), z
        if low is None:
            return high - tf.exp(-z), -z
        log_slope = math.log(high - low) - tf.math.softplus(z) - tf.math.softplus(-z)
        return tf.clip_by_value(low + (high - low) * tf.sigmoid(z), low, high), log_slope

    def keeps_angles(self, angles: set[int]) -> bool:
        return angles.isdisjoint(self.bounds)

    def get_config(self) -> dict[str, Any]:
        bounds = {str(feature): pair for feature, pair in self.bounds.items()}
        return {**super().get_config(), "features": self.features, "bounds": bounds}
