"""Which stored values of images a model sees as 0 and as 1."""

import typing

import numpy as np
import tensorflow as tf

from .core.errors import InputError

#: what images are stored as, in words
DEPTHS = {"uint8": "8 bits", "uint16": "16 bits", "float32": "floating point"}


class Scaling(typing.NamedTuple):
    """A window of stored values. What lies outside is clipped.

    Attributes:
        dtype: of the stored images: "uint8", "uint16", or "float32" for all other numbers.
        low: the stored value that becomes 0.
        high: the stored value that becomes 1.

    Example:
        >>> twelve_bits = Scaling("uint16", 0.0, 4095.0)
        >>> twelve_bits(np.uint16([0, 819, 4095, 5000])).numpy()
        array([0.       , 0.2000..., 1.       , 1.       ], dtype=float32)
        >>> twelve_bits.stored([0.2])
        array([819], dtype=uint16)
    """

    dtype: str
    low: float
    high: float

    @classmethod
    def of(cls, values):
        """The scaling of plain values (dtype, low, high), checked; None stays None."""
        if values is None:
            return None
        fits = isinstance(values, (tuple, list)) and len(values) == 3 and values[0] in DEPTHS
        if not fits or not all(isinstance(value, (int, float)) for value in values[1:]) or not values[1] < values[2]:
            raise InputError(
                f"A scaling is (dtype, low, high), a dtype of {', '.join(DEPTHS)} and low < high. Received: {values!r}."
            )
        return cls(values[0], float(values[1]), float(values[2]))

    def __call__(self, values):
        """Stored values as the model sees them, float32 from 0 to 1: a tensor of the same shape."""
        shifted = tf.cast(values, tf.float32) - self.low
        return tf.clip_by_value(shifted * (1.0 / (self.high - self.low)), 0.0, 1.0)

    def stored(self, values):
        """Values from 0 to 1 as they would be stored: an array of the same shape and of `dtype`."""
        stored = self.low + np.clip(values, 0.0, 1.0).astype("float64") * (self.high - self.low)
        return stored.astype("float32") if self.dtype == "float32" else np.rint(stored).astype(self.dtype)

    def __str__(self):
        return f"{DEPTHS[self.dtype]}, of which {self.low:g} becomes 0 and {self.high:g} becomes 1"
