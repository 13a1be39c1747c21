"""Arrays as they are given, as tensors, and their shapes in words."""

import numpy as np
import tensorflow as tf

from ...system.tables import as_array
from ..errors import InputError


def tensor_of(value, who, what):
    """One array, perhaps in a list of its own, as a tensor."""
    if isinstance(value, (list, tuple)) and value and hasattr(value[0], "shape") and len(value[0].shape):
        if len(value) > 1:
            raise InputError(f"{who} takes one array as {what}. Received: {len(value)} of them.")
        value = value[0]
    if isinstance(value, tf.Tensor):
        return value
    value = as_array(value, who, what)
    try:
        array = value if isinstance(value, tf.Variable) else np.asarray(value)
        if isinstance(array, np.ndarray) and array.dtype.kind not in "biuf":
            raise TypeError(array.dtype)
        return tf.convert_to_tensor(array)
    except (ValueError, TypeError) as error:
        raise InputError(f"{who} takes an array of numbers as {what}. Received: {type(value).__name__}.") from error


def pixels(values):
    """Without a last axis of one channel."""
    return values[..., 0] if values.shape.rank == 4 and values.shape[-1] == 1 else values


def any_rows(shape):
    """A shape with None for the size of the batch, which is another in every form of the same data."""
    return (None, *shape[1:]) if shape.rank else tuple(shape)
