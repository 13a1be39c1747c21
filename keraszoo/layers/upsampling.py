"""Larger images without a stride: nearest pixel, bilinear interpolation and pixel shuffle."""

from typing import Any

import keras
import tensorflow as tf

from ..core.checks import sizes
from ..core.errors import InputError
from ..core.types import Array


@keras.saving.register_keras_serializable("keraszoo")
class NearestUpsampling2D(keras.layers.Layer):
    """Doubles the image: two by two pixels of each.

    The graph of Keras' `UpSampling2D` forgets the number of channels where it does not know the size of its images, and
    LiteRT has no convolution of that.

    Shapes:
        [batch, height, width, channels] -> [batch, 2 height, 2 width, channels].

    Example:
        >>> NearestUpsampling2D()(tf.constant([1.0, 2.0])[None, None, :, None])[0, :, :, 0].numpy().tolist()
        [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]
    """

    def call(self, x: Array) -> tf.Tensor:
        batch, height, width, channels = sizes(x)
        columns = tf.concat([x, x], 3)
        rows = tf.stack([columns, columns], 2)
        return tf.reshape(rows, [batch, 2 * height, 2 * width, channels])


@keras.saving.register_keras_serializable("keraszoo")
class BilinearUpsampling2D(keras.layers.Layer):
    """Doubles the image by bilinear interpolation, as `tf.image.resize` does, which repeats the border's pixels.

    Keras' `UpSampling2D(interpolation="bilinear")` does not work in a graph that does not know the size of its images.

    Shapes:
        [batch, height, width, channels] -> [batch, 2 height, 2 width, channels].

    Example:
        >>> BilinearUpsampling2D()(tf.constant([0.0, 4.0])[None, None, :, None])[0, 0, :, 0].numpy().tolist()
        [0.0, 1.0, 3.0, 4.0]
    """

    def call(self, x: Array) -> tf.Tensor:
        return _double(_double(x, 1), 2)


@keras.saving.register_keras_serializable("keraszoo")
class PixelShuffle(keras.layers.Layer):
    """Makes `factor` x `factor` pixels of each pixel, out of its channels.

    Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural
    Network" (2016), https://arxiv.org/abs/1609.05158.

    Args:
        factor: integer >= 2.

    Shapes:
        [batch, height, width, factor^2 channels] -> [batch, factor * height, factor * width, channels].

    Raises:
        InputError: when factor^2 does not divide the channels.

    Example:
        >>> PixelShuffle(2)(tf.constant([1.0, 2.0, 3.0, 4.0])[None, None, None])[0, :, :, 0].numpy().tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """

    def __init__(self, factor: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(factor, int) or factor < 2:
            raise InputError(f"factor must be an integer >= 2. Received: factor={factor!r}.")
        self.factor = factor

    def call(self, x: Array) -> tf.Tensor:
        if x.shape[3] % self.factor**2:
            raise InputError(
                f"PixelShuffle makes {self.factor**2} pixels of the channels of one, so their number must be divisible "
                f"by {self.factor**2}. Received: {x.shape[3]} channels."
            )
        return tf.nn.depth_to_space(x, self.factor)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


def _double(x, axis):
    """Twice as many rows (axis 1) or columns (axis 2), a quarter before and a quarter behind each old one."""
    every = (slice(None),) * axis
    before = tf.concat([x[(*every, slice(0, 1))], x[(*every, slice(0, -1))]], axis)
    behind = tf.concat([x[(*every, slice(1, None))], x[(*every, slice(-1, None))]], axis)
    pairs = tf.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * behind], axis + 1)
    doubled = sizes(x)
    doubled[axis] *= 2
    return tf.reshape(pairs, doubled)
