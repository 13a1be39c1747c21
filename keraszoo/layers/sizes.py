"""Heights and widths that can be halved, or cut into windows."""

import numbers

import keras
import tensorflow as tf

from ..errors import InputError


def positive_integers(name, values):
    """`values`, a number or several, as a tuple of integers >= 1; else InputError."""
    values = (values,) if isinstance(values, numbers.Integral) else tuple(values)
    for value in values:
        if not isinstance(value, numbers.Integral) or value < 1:
            raise InputError(f"{name} must be made of integers >= 1. Received: {value!r}.")
    return tuple(map(int, values))


def check_divisible(height, width, factor, what):
    """Raises InputError unless `factor` divides height and width.

    Args:
        height, width, factor: integers >= 1.
        what: who asks for it and why, the beginning of the message.

    Example:
        >>> check_divisible(28, 28, 4, "The network halves the image twice")
        >>> check_divisible(28, 30, 8, "The network halves the image 3 times")
        Traceback (most recent call last):
        keraszoo.errors.InputError: The network halves the image 3 times, so height and width must be divisible by 8.
        Received: (28, 30). Nearest: (32, 32).
    """
    if height % factor or width % factor:
        nearest = tuple(max(factor, round(size / factor) * factor) for size in (height, width))
        raise InputError(
            f"{what}, so height and width must be divisible by {factor}. Received: {(height, width)}. "
            f"Nearest: {nearest}."
        )


def halved(image_shape, hidden):
    """Height and width after halving the image once per hidden layer."""
    if len(image_shape) != 3:
        raise InputError(
            "The convolutional network takes images of shape (height, width, channels); network='dense' takes any "
            f"shape. Received: image_shape={tuple(image_shape)}."
        )
    if not hidden:
        raise InputError("The convolutional network needs at least one number of filters. Received: hidden=().")
    factor = 2 ** len(hidden)
    times = "once" if len(hidden) == 1 else f"{len(hidden)} times"
    check_divisible(*image_shape[:2], factor, f"The convolutional network halves the image {times}")
    return image_shape[0] // factor, image_shape[1] // factor


def sizes(x):
    """The sizes of a tensor's axes: integers where they are known, scalar tensors elsewhere."""
    known = x.shape.as_list()
    return [
        dynamic if static is None else static for static, dynamic in zip(known, tf.unstack(tf.shape(x)), strict=True)
    ]


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

    def __init__(self, factor, what, **kwargs):
        super().__init__(**kwargs)
        self.factor, self.what = factor, what

    def call(self, x):
        if None not in x.shape[1:3]:
            check_divisible(*x.shape[1:3], self.factor, self.what)
            return x
        batch, height, width, channels = sizes(x)
        message = f"{self.what}, so height and width must be divisible by {self.factor}."
        rule = tf.debugging.assert_equal([height % self.factor, width % self.factor], 0, message)
        with tf.control_dependencies([rule] if rule is not None else []):
            # XLA drops assertions but refuses a wrong reshape; without XLA the two idle reshapes may be dropped.
            rows, columns = height // self.factor, width // self.factor
            blocks = tf.reshape(x, [batch, rows, self.factor, columns, self.factor, channels])
            return tf.ensure_shape(tf.reshape(blocks, tf.shape(x)), x.shape)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "what": self.what}
