"""Local response normalisation: maps of like number inhibit each other at a pixel.

Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks" (2012), section 3.3.
"""

from typing import Any

import keras
import tensorflow as tf

from ...core.types import Array


@keras.saving.register_keras_serializable("keraszoo")
class LocalResponseNormalization(keras.layers.Layer):
    """x / (bias + alpha * sum over the `size` nearest maps of x^2)^beta, as the paper has it.

    (PyTorch's layer of this name divides alpha by `size`.)

    Args:
        size: how many maps, the map itself in the middle; odd.
        alpha, beta, bias: the paper's, chosen on ImageNet.

    Shapes:
        [batch, height, width, channels] -> the same.

    Example:
        >>> layer = LocalResponseNormalization(size=3, alpha=1.0, beta=1.0, bias=0.0)
        >>> layer(tf.constant([1.0, 2.0, 3.0])[None, None, None])[0, 0, 0].numpy().round(4)
        array([0.2   , 0.1429, 0.2308], dtype=float32)
    """

    def __init__(
        self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, bias: float = 2.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta, self.bias = int(size), float(alpha), float(beta), float(bias)

    def call(self, x: Array) -> tf.Tensor:
        values = tf.cast(x, tf.float32)  # TensorFlow's kernel has no float64
        normalised = tf.nn.local_response_normalization(values, self.size // 2, self.bias, self.alpha, self.beta)
        return tf.cast(normalised, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        names = ("size", "alpha", "beta", "bias")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
