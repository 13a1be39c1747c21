"""Numbers brought to mean 0 and standard deviation 1, as measured once on data."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.types import Array

ROUNDING = 1e-7  # of the mean: what float32 makes of a constant


def mean_and_scale(values):
    """Mean and standard deviation of each entry of the last axis; 1 for the deviation of one that is constant.

    Args:
        values: [..., channels].

    Returns:
        [channels] float64 each.

    Example:
        >>> mean_and_scale([[1.0, 5.0], [3.0, 5.0]])
        (array([2., 5.]), array([1., 1.]))
    """
    values = np.asarray(values, "float64")
    values = values.reshape([-1, values.shape[-1]])
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    return mean, np.where(deviation > ROUNDING * np.abs(mean), deviation, 1.0)


@keras.saving.register_keras_serializable("keraszoo")
class Standardization(keras.layers.Layer):
    """z = (x - mean) / scale for each entry of the last axis; the identity until `adapt` has measured both.

    It computes in float32 (float64 under that policy), and learns nothing.

    Args:
        channels: length of the last axis.

    Example:
        >>> layer = Standardization(1)
        >>> layer.adapt([[1.0], [3.0]])
        >>> layer(tf.constant([[5.0]])).numpy(), layer.undo(tf.constant([[3.0]])).numpy()
        (array([[3.]], dtype=float32), array([[5.]], dtype=float32))
    """

    def __init__(self, channels: int, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.channels = channels
        self.precision = "float64" if self.dtype_policy.compute_dtype == "float64" else "float32"
        options = {"shape": (channels,), "trainable": False, "autocast": False}
        self.mean = self.add_weight(name="mean", initializer="zeros", **options)
        self.log_scale = self.add_weight(name="log_scale", initializer="zeros", **options)
        self.adapted = self.add_weight(name="adapted", shape=(), initializer="zeros", trainable=False, autocast=False)
        self.built = True

    def adapt(self, x: Array) -> None:
        """Measures mean and scale on examples [..., channels]."""
        mean, scale = mean_and_scale(x)
        self.mean.assign(mean)
        self.log_scale.assign(np.log(scale))
        self.adapted.assign(1.0)

    def call(self, x: Array) -> tf.Tensor:
        return (tf.cast(x, self.precision) - tf.convert_to_tensor(self.mean)) * tf.exp(-self._log_scale())

    def undo(self, z: Array) -> tf.Tensor:
        """From z back to x: [..., channels] each."""
        return tf.cast(z, self.precision) * tf.exp(self._log_scale()) + tf.convert_to_tensor(self.mean)

    def log_volume(self, sites: int = 1) -> tf.Tensor:
        """How many nats the density of z exceeds that of x by: the sum of log scale over all values of an example.

        Args:
            sites: how many values of an example share a channel: height times width.
        """
        return sites * tf.reduce_sum(self._log_scale())

    def _log_scale(self):
        return tf.convert_to_tensor(self.log_scale)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "channels": self.channels}
