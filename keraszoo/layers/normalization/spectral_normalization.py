"""Layers whose largest singular value is one.

Miyato, Kataoka, Koyama and Yoshida, "Spectral Normalization for Generative Adversarial Networks" (2018),
https://arxiv.org/abs/1802.05957.
"""

from typing import Any

import keras
import tensorflow as tf

from ...core.types import Array

POWER_ITERATIONS_AT_START = 15


@keras.saving.register_keras_serializable("keraszoo")
class SpectralNormalization(keras.layers.Wrapper):
    """Divides the kernel W [..., outputs] of a layer by its largest singular value as a matrix [-1, outputs].

    The singular vector is kept and improved by one power iteration in each training step; the gradient goes through the
    division, as in the paper. (Keras' layer of this name overwrites the kernel in the forward pass instead, which
    leaves the division out of the gradient.)

    Args:
        layer: one with a `kernel`: Dense or a convolution.

    Example:
        >>> import numpy as np
        >>> layer = SpectralNormalization(keras.layers.Dense(3, use_bias=False))
        >>> normalised = layer(np.eye(4, dtype="float32"))  # the kernel
        >>> bool(abs(np.linalg.norm(normalised, 2) - 1) < 0.05)
        True
    """

    def __init__(self, layer: keras.Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        outputs = self.layer.kernel.shape[-1]
        self.vector = self.add_weight(
            name="vector", shape=(outputs,), initializer="random_normal", dtype="float32", trainable=False,
            autocast=False,
        )  # fmt: skip
        vector = tf.convert_to_tensor(self.vector)
        for _ in range(POWER_ITERATIONS_AT_START):
            vector = _power_iteration(self._matrix(), vector)[0]
        self.vector.assign(vector)

    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        matrix = self._matrix()
        vector = tf.convert_to_tensor(self.vector)
        following, other = _power_iteration(tf.stop_gradient(matrix), vector)
        if training:
            self.vector.assign(following)
            vector = following
        norm = tf.tensordot(other, tf.linalg.matvec(matrix, vector), 1)
        kernel = tf.convert_to_tensor(self.layer.kernel)
        normalised = tf.cast(tf.cast(kernel, tf.float32) / norm, self.layer.kernel.dtype)
        with keras.StatelessScope([(self.layer.kernel, normalised)]):
            return self.layer(x)

    def _matrix(self):
        kernel = tf.cast(tf.convert_to_tensor(self.layer.kernel), tf.float32)
        return tf.reshape(kernel, [-1, kernel.shape[-1]])


def _power_iteration(matrix, vector):
    """The improved right singular vector, and the left one that goes with the old."""
    left = tf.math.l2_normalize(tf.linalg.matvec(matrix, vector))
    return tf.math.l2_normalize(tf.linalg.matvec(matrix, left, transpose_a=True)), left
