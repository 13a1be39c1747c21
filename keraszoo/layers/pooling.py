"""Max pooling that remembers where each maximum was, and the unpooling that puts values back there.

Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2014), https://arxiv.org/abs/1311.2901.
Badrinarayanan, Kendall and Cipolla, "SegNet" (2017), https://arxiv.org/abs/1511.00561.

`tf.nn.max_pool_with_argmax` is not compiled by XLA; these layers are.
"""

import numbers
from collections.abc import Sequence

import keras
import tensorflow as tf

from ..core.checks import check_divisible, sizes
from ..core.errors import InputError
from ..core.types import Array


class _Windows(keras.layers.Layer):
    """Base class: images cut into windows of `pool_size` x `pool_size` pixels that do not overlap."""

    def __init__(self, pool_size=2, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(pool_size, numbers.Integral) or pool_size < 1:
            raise InputError(f"pool_size must be an integer >= 1. Received: pool_size={pool_size!r}.")
        self.pool_size = int(pool_size)

    def get_config(self):
        return {**super().get_config(), "pool_size": self.pool_size}


@keras.saving.register_keras_serializable("keraszoo")
class MaxPoolWithArgmax(_Windows):
    """The maximum of each window and its position; of equal values the first one, row by row.

    Args:
        pool_size: side of the windows, which do not overlap.

    Shapes:
        [batch, height, width, channels] -> (maxima, positions), both
        [batch, height / pool_size, width / pool_size, channels]. The positions are int32:
        (row * width + column) * channels + channel within the image, the batch not counted.

    Raises:
        InputError: when pool_size does not divide height and width.

    Example:
        >>> pooled, positions = MaxPoolWithArgmax()(tf.constant([[0.1, 0.8], [0.4, 0.3]])[None, :, :, None])
        >>> float(pooled[0, 0, 0, 0]), int(positions[0, 0, 0, 0])
        (0.8..., 1)
    """

    def call(self, x: Array) -> tuple[tf.Tensor, tf.Tensor]:
        side = self.pool_size
        if None not in x.shape[1:3]:
            height, width = x.shape[1:3]
            check_divisible(height, width, side, f"MaxPoolWithArgmax pools windows of {side} x {side}")
        batch, height, width, channels = sizes(x)
        rows, columns = height // side, width // side
        windows = tf.reshape(x, [batch, rows, side, columns, side, channels])
        windows = tf.reshape(tf.transpose(windows, [0, 1, 3, 5, 2, 4]), [batch, rows, columns, channels, side**2])
        inside = tf.argmax(windows, axis=-1, output_type=tf.int32)
        chosen = tf.one_hot(inside, side**2, on_value=True, off_value=False, dtype=tf.bool)
        pooled = tf.reduce_sum(tf.where(chosen, windows, tf.zeros_like(windows)), axis=-1)
        row = side * tf.range(rows)[:, None, None] + inside // side
        column = side * tf.range(columns)[:, None] + inside % side
        return pooled, (row * width + column) * channels + tf.range(channels)


@keras.saving.register_keras_serializable("keraszoo")
class MaxUnpool2D(_Windows):
    """Puts each value where `MaxPoolWithArgmax` found the maximum of its window, zeros elsewhere.

    Args:
        pool_size: that of the pooling whose positions are passed.

    Shapes:
        (values, positions), both [batch, height, width, channels] ->
        [batch, height * pool_size, width * pool_size, channels], of the dtype of the values.

    Raises:
        InputError: when values and positions differ in shape.

    Example:
        >>> image = tf.constant([[0.1, 0.8], [0.4, 0.3]])[None, :, :, None]
        >>> MaxUnpool2D()(MaxPoolWithArgmax()(image))[0, :, :, 0].numpy().tolist()
        [[0.0, 0.8...], [0.0, 0.0]]
    """

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        values, positions = inputs
        if not values.shape.is_compatible_with(positions.shape):
            raise InputError(
                f"MaxUnpool2D takes a position for each value. Received: values of shape {tuple(values.shape)} and "
                f"positions of shape {tuple(positions.shape)}."
            )
        side = self.pool_size
        batch, rows, columns, channels = sizes(values)
        pixel = positions // channels
        row, column = pixel // (columns * side), pixel % (columns * side)
        chosen = tf.one_hot(row % side * side + column % side, side**2, on_value=True, off_value=False, dtype=tf.bool)
        windows = tf.where(chosen, values[..., None], tf.zeros([], values.dtype))
        windows = tf.reshape(windows, [batch, rows, columns, channels, side, side])
        return tf.reshape(tf.transpose(windows, [0, 1, 4, 2, 5, 3]), [batch, rows * side, columns * side, channels])
