"""Batch normalisation over the batch of all replicas.

Ioffe and Szegedy, "Batch Normalization" (2015), https://arxiv.org/abs/1502.03167.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.errors import InputError
from ...core.replicas import global_moments
from ...core.types import Array


@keras.saving.register_keras_serializable("keraszoo")
class BatchNormalization(keras.layers.Layer):
    """Normalises each channel by the moments of the *global* batch in training, by moving ones at inference.

    Keras' own layer takes the moments of each replica's part unless it is told to synchronise, and then counts a part
    that is smaller than the others as much as them. This one learns on any number of replicas what it learns on one.
    As in Keras, a frozen layer normalises by its moving moments and leaves them as they are.

    Args:
        momentum: of the moving moments, in [0, 1).
        epsilon: added to the variance.

    Shapes:
        [batch, ..., channels] -> the same.

    Example:
        >>> x = tf.constant([[1.0], [3.0]])
        >>> BatchNormalization(epsilon=0.0)(x, training=True).numpy()
        array([[-1.],
               [ 1.]], dtype=float32)
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= momentum < 1:
            raise InputError(f"momentum must lie in [0, 1). Received: momentum={momentum!r}.")
        self.momentum, self.epsilon = float(momentum), float(epsilon)

    def build(self, input_shape: Any) -> None:
        self.add_weights((input_shape[-1],), input_shape[-1])

    def add_weights(self, shape: Sequence[int], channels: int) -> None:
        """Makes gain and bias of this shape, and the moving moments [channels]."""
        learned = {"dtype": "float32", "autocast": False}
        moving = {"shape": (channels,), "trainable": False, **learned}
        self.gamma = self.add_weight(name="gamma", shape=shape, initializer="ones", **learned)
        self.beta = self.add_weight(name="beta", shape=shape, initializer="zeros", **learned)
        self.moving_mean = self.add_weight(name="moving_mean", initializer="zeros", **moving)
        self.moving_variance = self.add_weight(name="moving_variance", initializer="ones", **moving)

    def moments(self, values: Array, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Mean and variance, [channels] each, by which values [batch, ..., channels] are normalised."""
        if not (training and self.trainable):
            return tf.convert_to_tensor(self.moving_mean), tf.convert_to_tensor(self.moving_variance)
        mean, variance = global_moments(values)
        self._move(self.moving_mean, mean)
        self._move(self.moving_variance, variance)
        return mean, variance

    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        values = tf.cast(x, tf.float32)
        mean, variance = self.moments(values, training)
        scale = tf.math.rsqrt(variance + self.epsilon) * tf.convert_to_tensor(self.gamma)
        return tf.cast((values - mean) * scale + tf.convert_to_tensor(self.beta), self.compute_dtype)

    def _move(self, moving, value):
        before = tf.convert_to_tensor(moving)
        moving.assign(self.momentum * before + (1.0 - self.momentum) * tf.stop_gradient(value))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}
