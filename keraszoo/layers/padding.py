"""What a convolution sees beyond the border of the image."""

import numbers
from typing import Any

import keras
import tensorflow as tf

from ..core.checks import sizes
from ..core.errors import InputError, closest
from ..core.types import Array

PADDINGS = ("zero", "mirrored", "periodic")


@keras.saving.register_keras_serializable("keraszoo")
class Pad2D(keras.layers.Layer):
    """Widens images at their borders, to be followed by a convolution with `padding="valid"`.

    Args:
        width: pixels to add: an integer for all sides, or ((top, bottom), (left, right)).
        mode: "zero"; "mirrored", the image reflected at its outermost pixels, which are not repeated (NumPy's
            "reflect"); or "periodic", the image continued on its opposite side (NumPy's "wrap").

    Shapes:
        [batch, height, width, channels] -> [batch, top + height + bottom, left + width + right, channels].

    Raises:
        InputError: when the image is too small: "mirrored" adds at most size - 1 pixels a side, "periodic" size. Where
            a graph learns the size when it runs, running it fails.

    Example:
        >>> row = tf.constant([1.0, 2.0, 3.0])[None, None, :, None]
        >>> for mode in PADDINGS:
        ...     Pad2D(((0, 0), (2, 1)), mode)(row).numpy().ravel().tolist()
        [0.0, 0.0, 1.0, 2.0, 3.0, 0.0]
        [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]
        [2.0, 3.0, 1.0, 2.0, 3.0, 1.0]
    """

    def __init__(self, width: Any, mode: str = "zero", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if mode not in PADDINGS:
            raise InputError(f"Unknown padding. Received: mode={mode!r}. {closest(str(mode), PADDINGS)}")
        self.width, self.mode = _widths(width), mode

    def call(self, x: Array) -> tf.Tensor:
        beyond = {"zero": None, "mirrored": 1, "periodic": 0}[self.mode]
        for size, sides in zip(x.shape[1:3], self.width, strict=True):
            if None not in (size, beyond) and max(sides) > size - beyond:
                raise InputError(
                    f"{self.mode.capitalize()} padding of {size} pixels adds at most {size - beyond} on a side. "
                    f"Received: width={self.width} for an image of {x.shape[1]} x {x.shape[2]}."
                )
        if self.mode == "periodic":
            return _wrap(_wrap(x, 1, *self.width[0]), 2, *self.width[1])
        return tf.pad(x, [(0, 0), *self.width, (0, 0)], "CONSTANT" if self.mode == "zero" else "REFLECT")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "width": self.width, "mode": self.mode}


def mirror_to_multiple(image, factor):
    """Mirrors the lower and the right border until `factor` divides height and width; the border's pixels are repeated.

    Shapes:
        [batch, height, width, channels] -> [batch, height', width', channels].

    Example:
        >>> mirror_to_multiple(tf.constant([1.0, 2.0, 3.0])[None, None, :, None], 4)[0, :, :, 0].numpy().tolist()[0]
        [1.0, 2.0, 3.0, 3.0]
    """

    height, width = sizes(image)[1:3]
    return mirror(image, (0, -height % factor), (0, -width % factor))


def mirror(image, rows, columns):
    """The image continued by its mirror image, as often as it takes; the border's pixels are repeated.

    Args:
        image: [batch, height, width, channels].
        rows: (above, below): how many to add, integers or scalar tensors.
        columns: (left, right).

    Example:
        >>> mirror(tf.constant([1.0, 2.0])[None, None, :, None], (0, 0), (3, 2))[0, 0, :, 0].numpy().tolist()
        [2.0, 2.0, 1.0, 1.0, 2.0, 2.0, 1.0]
    """
    for axis, (before, after) in enumerate((rows, columns), start=1):
        size = sizes(image)[axis]
        there_and_back = tf.range(-before, size + after) % (2 * size)
        image = tf.gather(image, tf.minimum(there_and_back, 2 * size - 1 - there_and_back), axis=axis)
    return image


def _widths(width):
    """((top, bottom), (left, right)) as a tuple of tuples of integers >= 0; else InputError."""
    widths = ((width, width), (width, width)) if isinstance(width, numbers.Integral) else width
    try:
        (top, bottom), (left, right) = widths
    except (TypeError, ValueError):
        top = bottom = left = right = None
    if not all(isinstance(side, numbers.Integral) and side >= 0 for side in (top, bottom, left, right)):
        raise InputError(
            f"width must be an integer >= 0 or ((top, bottom), (left, right)) of such. Received: width={width!r}."
        )
    return (int(top), int(bottom)), (int(left), int(right))


def _wrap(x, axis, before, after):
    """The last `before` slices along the axis, x, and the first `after`; fails where x has fewer."""
    size = tf.shape(x)[axis] if x.shape[axis] is None else x.shape[axis]

    def part(start, count):
        begin, extent = [0] * 4, [-1] * 4
        begin[axis], extent[axis] = start, count
        return tf.slice(x, begin, extent)

    return tf.concat([part(size - before, before), x, part(0, after)], axis)
