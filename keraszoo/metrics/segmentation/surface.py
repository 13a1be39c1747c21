"""How far boundaries lie from one another.

Huttenlocher, Klanderman and Rucklidge, "Comparing images using the Hausdorff distance" (1993); Heimann et al.,
"Comparison and evaluation of methods for liver segmentation from CT datasets" (2009), for the average.
"""

import math

import numpy as np
from scipy import ndimage

from .boundary import boundary
from .overlap import check_masks


def hausdorff(label: np.ndarray, predicted: np.ndarray, percentile: float = 95.0) -> float:
    """The distance in pixels below which that share of either boundary lies from the other; the larger of both ways.

    Args:
        label, predicted: [height, width], 0 and 1. The image's frame ends an object too.
        percentile: 95 leaves out single stray pixels; 100 is the Hausdorff distance itself.

    Returns:
        The distance; 0 where both are empty, and the image's diagonal where only one is.

    Raises:
        InputError: differing shapes, numbers that are no integers.

    Example:
        >>> hausdorff([[0, 1, 1, 0, 0]], [[0, 1, 1, 1, 1]], percentile=100)
        2.0
    """
    one, other = surface_distances(label, predicted)
    return float(max(np.percentile(one, percentile), np.percentile(other, percentile)))


def surface_distance(label: np.ndarray, predicted: np.ndarray) -> float:
    """The mean distance in pixels from a boundary pixel of either to the other's boundary; as `hausdorff` takes them.

    Example:
        >>> surface_distance([[1, 0, 0, 0]], [[0, 0, 1, 0]])
        2.0
    """
    return float(np.mean(np.concatenate(surface_distances(label, predicted))))


def surface_distances(label, predicted):
    """Distances from each boundary pixel of the one to the other's boundary, and back: two arrays."""
    label, predicted = check_masks(label, predicted)
    edges = [boundary(np.pad(mask, 1))[1:-1, 1:-1] for mask in (label, predicted)]
    if not all(edge.any() for edge in edges):
        none = 0.0 if not any(edge.any() for edge in edges) else math.hypot(*label.shape)
        return np.array([none]), np.array([none])
    one, other = edges
    return ndimage.distance_transform_edt(~other)[one], ndimage.distance_transform_edt(~one)[other]
