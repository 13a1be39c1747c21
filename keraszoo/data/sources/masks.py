"""Masks as they are stored, and as classes."""

import numpy as np
import tensorflow as tf

from ...core.errors import InputError
from ..pipeline.transforms import fit

WHITE = 255


def are_black_and_white(where, values):
    """Whether masks of these values are of two classes, written 0 and 255. Else the values are the classes.

    Args:
        where: what the masks belong to, for the error message.
        values: set of all values that are in one dataset's masks.

    Raises:
        InputError: white beside other values.

    Example:
        >>> are_black_and_white("cells", {0, 255}), are_black_and_white("streets", {0, 1, 2})
        (True, False)
    """
    if WHITE not in values:
        return False
    if not values <= {0, WHITE}:
        received = ", ".join(map(str, sorted(values)[:8])) + ", ..." * (len(values) > 8)
        raise InputError(
            f"{where}: a mask's values are classes, 0, 1, 2 and so on, or 0 and 255 for two. Received: {received}."
        )
    return True


def classes_of(where, masks):
    """The masks, a list of integer arrays of one dataset, as classes: black and white ones as 0 and 1.

    Raises:
        InputError: as `are_black_and_white`.
    """
    white = any((mask == WHITE).any() for mask in masks)
    if not white or not are_black_and_white(where, set().union(*(np.unique(mask).tolist() for mask in masks))):
        return masks
    return [(mask == WHITE).astype(mask.dtype) for mask in masks]


def resized(masks, size):
    """Masks [n, height, width] brought to `size` as their images are, their labels unmixed."""
    if masks.shape[1:3] == tuple(size):
        return masks
    return fit(tf.constant(masks[..., None]), size, nearest=True).numpy()[..., 0]
