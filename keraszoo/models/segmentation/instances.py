"""Instances: a number for each object, from probabilities, by a watershed from markers.

Beucher and Meyer, "The morphological approach to segmentation: the watershed transformation" (1993); the algorithm is
scikit-image's, https://scikit-image.org/docs/stable/api/skimage.segmentation.html.
"""

import numpy as np
from scipy.ndimage import binary_erosion
from skimage.measure import label as connected
from skimage.segmentation import watershed

from ...core.errors import InputError


def instances(probabilities, marker=0.5, level=0.5, *, line=False) -> np.ndarray:
    """Objects of the foreground, each with its number: a threshold would join those between which a border is faint.

    The connected parts of what is at least `marker` are one object each; they grow, the most probable pixels first,
    as far as the probability is at least `level`, and stop where they meet. A part that nowhere reaches `marker` is no
    object. With `marker` = `level` the objects are the connected parts. Pixels are connected that share an edge.

    Args:
        probabilities: of the foreground, [height, width] floating point, or of all classes, [height, width, classes].
            Of more than two classes each has its own objects, which stay where it is the most probable; they are
            numbered class by class.
        marker: probability, `level` at least.
        level: probability from which on a pixel is foreground.
        line: whether a line of background, one pixel wide, parts two objects that meet.

    Returns:
        [height, width] int32: 0 in the background, the objects from 1 on.

    Raises:
        InputError: another shape, or levels that are no probabilities or in the wrong order.

    Example:
        >>> row = np.array([[0.9, 0.8, 0.6, 0.7, 0.9, 0.1, 0.6]])
        >>> instances(row)
        array([[1, 1, 1, 1, 1, 0, 2]], dtype=int32)
        >>> instances(row, marker=0.8)
        array([[1, 1, 1, 2, 2, 0, 0]], dtype=int32)
        >>> instances(row, marker=0.8, line=True)
        array([[1, 1, 0, 2, 2, 0, 0]], dtype=int32)
    """
    probabilities = np.asarray(probabilities)
    if probabilities.ndim not in (2, 3) or probabilities.dtype.kind != "f" or not probabilities.shape[-1] > 1:
        raise InputError(
            "Instances are found in probabilities [height, width] or [height, width, classes] of floating point. "
            f"Received: {probabilities.dtype} {list(probabilities.shape)}."
        )
    check_levels(marker, level)
    if probabilities.ndim == 2 or probabilities.shape[-1] == 2:
        foreground = probabilities if probabilities.ndim == 2 else probabilities[..., 1]
        return _grown(foreground, foreground >= level, marker, line)
    found, likeliest = np.zeros(probabilities.shape[:2], "int32"), probabilities.argmax(-1)
    for number in range(1, probabilities.shape[-1]):
        foreground = np.where(likeliest == number, probabilities[..., number], 0)
        objects = _grown(foreground, (likeliest == number) & (foreground >= level), marker, line)
        found += np.where(objects > 0, objects + found.max(), 0).astype("int32")
    return found


def check_levels(marker, level):
    """Raises InputError unless 0 <= level <= marker <= 1."""
    for name, value in (("threshold", level), ("marker", marker)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise InputError(f"{name} is a probability, a number in [0, 1]. Received: {name}={value!r}.")
    if marker < level:
        raise InputError(
            "Objects grow from marker down to the threshold, so marker is no less. "
            f"Received: marker={marker!r}, threshold={level!r}."
        )


def _grown(foreground, inside, marker, line):
    markers = connected(inside & (foreground >= marker), connectivity=1).astype("int32")
    # from within a marker nothing grows: left out, the queue is several times shorter, and the result the same
    within = binary_erosion(markers > 0, border_value=1)
    grown = watershed(-foreground, np.where(within, 0, markers), mask=inside & ~within, watershed_line=line)
    return np.where(within, markers, grown).astype("int32", copy=False)
