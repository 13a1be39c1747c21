"""Layers whose weights have a length of their own.

Salimans and Kingma, "Weight Normalization: A Simple Reparameterization to Accelerate Training of Deep Neural Networks"
(2016), https://arxiv.org/abs/1602.07868.
"""

from typing import Any

import keras
import tensorflow as tf

from ...core.types import Array


@keras.saving.register_keras_serializable("keraszoo")
class WeightNormalization(keras.layers.Wrapper):
    """Gives a layer the kernel g v / |v|, with a learned length g for each output and the layer's own kernel as v.

    The norm is over the inputs of an output. The lengths start as those of v, so that the layer starts as it would have
    without; the paper's start by the data of a first batch is not made.

    Args:
        layer: one with a `kernel`: Dense or a convolution.

    Example:
        >>> layer = WeightNormalization(keras.layers.Dense(3))
        >>> layer.build((None, 4))
        >>> _ = layer.gain.assign([1.0, 2.0, 3.0])
        >>> tf.norm(layer.normalized_kernel(), axis=0).numpy().round(5)
        array([1., 2., 3.], dtype=float32)
    """

    def __init__(self, layer: keras.Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.gain = self.add_weight(
            name="gain", shape=(self.layer.kernel.shape[-1],), dtype="float32", initializer="ones", autocast=False
        )
        self.gain.assign(self._norm())

    def normalized_kernel(self) -> tf.Tensor:
        """The kernel that the layer is called with, float32."""
        kernel = tf.cast(tf.convert_to_tensor(self.layer.kernel), tf.float32)
        return tf.convert_to_tensor(self.gain) * kernel / self._norm()

    def call(self, x: Array) -> tf.Tensor:
        kernel = tf.cast(self.normalized_kernel(), self.layer.kernel.dtype)
        with keras.StatelessScope([(self.layer.kernel, kernel)]):
            return self.layer(x)

    def _norm(self):
        kernel = tf.cast(tf.convert_to_tensor(self.layer.kernel), tf.float32)
        return tf.sqrt(tf.reduce_sum(kernel**2, axis=range(len(kernel.shape) - 1)))
