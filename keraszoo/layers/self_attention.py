"""Self-attention between the places of an image.

Zhang, Goodfellow, Metaxas and Odena, "Self-Attention Generative Adversarial Networks" (2019),
https://arxiv.org/abs/1805.08318.
"""

from typing import Any

import keras
import tensorflow as tf

from ..core.checks import sizes
from ..core.types import Array
from .normalization.spectral_normalization import SpectralNormalization

REDUCTION = 8  # how many channels share one of the keys, queries and values


@keras.saving.register_keras_serializable("keraszoo")
class SelfAttention(keras.layers.Layer):
    """Adds to each pixel gamma times a mean over all pixels, weighted by how well their keys fit its query.

    With f, g, h the pixels' keys, queries and values, 1x1 convolutions to an eighth of the channels, and v one back:
    y_j = x_j + gamma v(sum_i softmax_i(f_i . g_j) h_i). It starts as the identity, at gamma = 0.

    Args:
        spectral: whether the four convolutions are normalised spectrally.

    Shapes:
        [batch, height, width, channels] -> the same.

    Example:
        >>> x = tf.random.normal([2, 4, 4, 16])
        >>> bool(tf.reduce_all(SelfAttention()(x) == x))
        True
    """

    def __init__(self, spectral: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spectral = bool(spectral)

    def build(self, input_shape: Any) -> None:
        channels = input_shape[-1]
        self.few = max(1, channels // REDUCTION)
        self.keys, self.queries, self.values = (self._convolution(n, self.few, input_shape) for n in ("f", "g", "h"))
        self.result = self._convolution("v", channels, (*input_shape[:-1], self.few))
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")

    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        batch, height, width, _ = sizes(x)
        keys, queries, values = (
            tf.reshape(self._convolved(layer, x, training), [batch, height * width, self.few])
            for layer in (self.keys, self.queries, self.values)
        )
        weights = tf.nn.softmax(tf.matmul(queries, keys, transpose_b=True), axis=-1)  # of query j, over the keys
        attended = tf.reshape(tf.matmul(weights, values), [batch, height, width, self.few])
        return x + tf.cast(self.gamma, x.dtype) * self._convolved(self.result, attended, training)

    def _convolution(self, name, filters, input_shape):
        layer = keras.layers.Conv2D(filters, 1, dtype=self.dtype_policy, name=name)
        if self.spectral:
            layer = SpectralNormalization(layer, dtype=self.dtype_policy, name=f"{name}_normalised")
        layer.build(input_shape)
        return layer

    def _convolved(self, layer, x, training):
        return layer(x, training=training) if self.spectral else layer(x)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "spectral": self.spectral}
