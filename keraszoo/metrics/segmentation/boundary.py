"""Whether boundaries are where they should be.

Csurka, Larlus and Perronnin, "What is a good evaluation measure for semantic segmentation?" (BMVC 2013).
"""

import math

import numpy as np
from scipy import ndimage

from ...core.errors import InputError
from .overlap import check_masks

TOLERANCE = 0.0075  # of the image's diagonal, as in the paper


def boundary_f1(label: np.ndarray, predicted: np.ndarray, tolerance: float | None = None) -> float:
    """The F1 score of boundary pixels, in [0, 1].

    A boundary pixel is one of the foreground that shares an edge with the background; the image's frame is none.
    Precision is the share of predicted boundary pixels that have a true one within the tolerance, recall the share of
    true ones that have a predicted one.

    Args:
        label, predicted: [height, width], 0 and 1.
        tolerance: Euclidean distance in pixels; None: 0.75 % of the image's diagonal.

    Returns:
        The score: 1 where neither has a boundary, 0 where only one of them has.

    Raises:
        InputError: differing shapes, numbers that are no integers, or a negative tolerance.

    Example:
        >>> boundary_f1([[0, 0, 1, 1, 1]], [[0, 0, 0, 1, 1]], tolerance=1)
        1.0
        >>> boundary_f1([[0, 0, 1, 1, 1]], [[0, 0, 0, 1, 1]], tolerance=0.5)
        0.0
    """
    label, predicted = check_masks(label, predicted)
    if tolerance is None:
        tolerance = TOLERANCE * math.hypot(*label.shape)
    if not tolerance >= 0:
        raise InputError(f"A tolerance is a distance in pixels, >= 0. Received: {tolerance!r}.")
    true, found = boundary(label), boundary(predicted)
    if not true.any() or not found.any():
        return float(true.any() == found.any())
    precision, recall = _share_near(found, true, tolerance), _share_near(true, found, tolerance)
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def boundary(mask):
    """Pixels of the foreground that share an edge with the background: [height, width] bool.

    Example:
        >>> boundary(np.ones([3, 3], int)).any()
        np.False_
    """
    mask = np.asarray(mask).astype(bool)
    return mask & ~ndimage.binary_erosion(mask, border_value=1)


def _share_near(boundary, other, tolerance):
    return np.mean(ndimage.distance_transform_edt(~other)[boundary] <= tolerance)
