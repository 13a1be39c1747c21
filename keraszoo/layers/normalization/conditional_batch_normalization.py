"""Batch normalisation whose gain and bias depend on the class.

Dumoulin, Shlens and Kudlur, "A Learned Representation for Artistic Style" (2017), https://arxiv.org/abs/1610.07629;
in generators: Miyato and Koyama, "cGANs with Projection Discriminator" (2018), https://arxiv.org/abs/1802.05637.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.types import Array
from .batch_normalization import BatchNormalization


@keras.saving.register_keras_serializable("keraszoo")
class ConditionalBatchNormalization(BatchNormalization):
    """`BatchNormalization` whose gain and bias are linear in a code: for one-hot codes, those of the class.

    Args:
        momentum, epsilon: as for `BatchNormalization`; the moments are those of all classes together.

    Shapes:
        (x [batch, ..., channels], codes [batch, classes]) -> that of x.

    Example:
        >>> x, classes = tf.constant([[1.0], [3.0]]), tf.constant([[1.0, 0.0], [0.0, 1.0]])
        >>> layer = ConditionalBatchNormalization(epsilon=0.0)
        >>> layer.build([x.shape, classes.shape])
        >>> _ = layer.beta.assign([[0.0], [5.0]])  # of the two classes
        >>> layer([x, classes], training=True).numpy()
        array([[-1.],
               [ 6.]], dtype=float32)
    """

    def build(self, input_shape: Any) -> None:
        of_values, of_codes = input_shape
        self.add_weights((of_codes[-1], of_values[-1]), of_values[-1])

    def call(self, inputs: Sequence[Array], training: bool = False) -> tf.Tensor:
        x, codes = inputs
        values, codes = tf.cast(x, tf.float32), tf.cast(codes, tf.float32)
        mean, variance = self.moments(values, training)
        shape = [-1, *[1] * (values.shape.rank - 2), values.shape[-1]]
        gain = tf.reshape(codes @ tf.convert_to_tensor(self.gamma), shape)
        bias = tf.reshape(codes @ tf.convert_to_tensor(self.beta), shape)
        scale = tf.math.rsqrt(variance + self.epsilon) * gain
        return tf.cast((values - mean) * scale + bias, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]
