"""A layer that refuses images which a network cannot halve."""

from typing import Any

import keras
import tensorflow as tf

from ..core.checks import check_divisible, sizes
from ..core.types import Array


@keras.saving.register_keras_serializable("keraszoo")
class RequireDivisible(keras.layers.Layer):
    """The identity on images whose height and width `factor` divides; any other image is refused.

    Args:
        factor: integer >= 1.
        what: who asks for it and why, the beginning of the message.

    Shapes:
        [batch, height, width, channels] -> the same.

    Raises:
        InputError: where height and width are known when the layer is called, as they are in eager mode; where a graph
            learns them when it runs, running it (or compiling it by XLA) fails with TensorFlow's InvalidArgumentError.
    """

    def __init__(self, factor: int, what: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor, self.what = factor, what

    def call(self, x: Array) -> tf.Tensor:
        if None not in x.shape[1:3]:
            height, width = x.shape[1:3]
            check_divisible(height, width, self.factor, self.what)
            return x
        batch, height, width, channels = sizes(x)
        message = f"{self.what}, so height and width must be divisible by {self.factor}."
        rule = tf.debugging.assert_equal([height % self.factor, width % self.factor], 0, message)
        with tf.control_dependencies([rule] if rule is not None else []):
            # XLA drops assertions but refuses a wrong reshape; without XLA the two idle reshapes may be dropped.
            rows, columns = height // self.factor, width // self.factor
            blocks = tf.reshape(x, [batch, rows, self.factor, columns, self.factor, channels])
            return tf.ensure_shape(tf.reshape(blocks, tf.shape(x)), x.shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor, "what": self.what}
