"""Masks as they are stored, and as classes."""

import numpy as np
import tensorflow as tf

from ..errors import InputError
from .transforms import fit

WHITE = 255


def classes_of(where, masks):
    """The masks as classes from 0 on: black and white pictures, of 0 and 255 alone, are those of two classes.

    Args:
        where: what they belong to, for the error message.
        masks: list of integer or boolean arrays of one dataset.

    Raises:
        InputError: white in masks of other values too.

    Example:
        >>> classes_of("cells", [np.array([0, 255, 255], "uint8"), np.array([0, 0], "uint8")])
        [array([0, 1, 1], dtype=uint8), array([0, 0], dtype=uint8)]
    """
    highest = max((int(mask.max()) for mask in masks if mask.size), default=0)
    if highest != WHITE:
        return masks
    values = sorted(set().union(*(np.unique(mask).tolist() for mask in masks)))
    if not set(values) <= {0, WHITE}:
        received = ", ".join(str(value) for value in values[:8]) + ", ..." * (len(values) > 8)
        raise InputError(
            f"{where}: a mask's values are classes, 0, 1, 2 and so on, or 0 and 255 for two. Received: {received}."
        )
    return [np.minimum(mask, 1).astype(mask.dtype) for mask in masks]


def resized(masks, size):
    """Masks [n, height, width] brought to `size` as their images are, their labels unmixed."""
    if masks.shape[1:3] == tuple(size):
        return masks
    return fit(tf.constant(masks[..., None]), size, nearest=True).numpy()[..., 0]
