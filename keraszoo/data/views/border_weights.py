"""The weight map that makes a network learn the thin borders between touching cells.

Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation" (2015),
https://arxiv.org/abs/1505.04597, equation 2.
"""

import math

import numpy as np
from scipy import ndimage

from ...core.errors import InputError

REACH = 6  # sigmas: beyond, what a pair of cells adds is below float32's resolution


def border_weights(label, class_weights=None, instances=None, w0=10.0, sigma=5.0, midline=None):
    """How much each pixel counts: w = w_c + w0 exp(-(d1 + d2)^2 / (2 sigma^2)).

    w_c is the weight of the pixel's class; d1 and d2 are the distances in pixels to the nearest cell and to the second
    nearest one. The second term is for pixels outside of cells: that is where borders are. With fewer than two cells
    there is nothing to keep apart, and w is w_c.

    Args:
        label: [height, width], the class of each pixel; 0 lies between the cells. Pixels that do not count, -1, weigh
            0, and are between the cells.
        class_weights: weight of each class, one number each; None: 1.
        instances: [height, width], the number of each pixel's cell, 0 outside; None: cells are the connected parts of
            what is not class 0 (pixels that share an edge).
        w0: what a border of no width adds.
        sigma: in pixels; how far apart cells may be to have a border between them.
        midline: in pixels; multiplies the second term by exp(-(d2 - d1)^2 / (2 midline^2)), so that of a thick border
            only the line halfway counts more, where a gap would join the cells. None: all of it, as published.

    Returns:
        [height, width] float32.

    Raises:
        InputError: labels without a weight, instances of another size, sigma or a weight that is not positive.

    Example:
        >>> label = np.zeros([1, 21], "int64")
        >>> label[0, [5, 15]] = 1
        >>> border_weights(label)[0, 10].round(3)  # 5 pixels from both: 1 + 10 exp(-2)
        np.float32(2.353)
    """
    label = np.asarray(label)
    if label.ndim != 2 or label.dtype.kind not in "biu":
        raise InputError(
            f"A weight map is made of classes [height, width]. Received: {label.dtype} {list(label.shape)}."
        )
    check_border(w0, sigma, midline)
    if instances is not None and np.shape(instances) != label.shape:
        raise InputError(
            f"instances must have the label's size. Received: {list(np.shape(instances))} and {list(label.shape)}."
        )
    counts = label >= 0
    label = np.where(counts, label, 0)
    weights = np.ones(label.shape, "float32")
    if class_weights is not None:
        weights = np.asarray(check_class_weights(class_weights, int(label.max(initial=0)) + 1), "float32")[label]
    cells = ndimage.label(label)[0] if instances is None else np.asarray(instances)
    nearest, second = _two_distances(cells, math.ceil(REACH * sigma))
    border = w0 * np.exp(-np.square(nearest + second) / (2 * sigma**2))
    if midline is not None:
        apart = np.where(np.isfinite(second), second, 0) - np.where(np.isfinite(second), nearest, 0)
        border *= np.exp(-np.square(apart) / (2 * midline**2))
    return np.where(counts, weights + np.where(cells == 0, border, 0).astype("float32"), np.float32(0))


def balanced_class_weights(counts):
    """Weights by which every class counts alike, 1 on average over the pixels: [classes] float64.

    Args:
        counts: number of pixels of each class. A class without pixels weighs 1; there is nothing that it could weigh.

    Example:
        >>> balanced_class_weights([30, 10])
        array([0.66666667, 2.        ])
    """
    counts = np.asarray(counts, "float64")
    present = np.count_nonzero(counts)
    return np.divide(counts.sum(), present * counts, out=np.ones_like(counts), where=counts > 0)


def check_border(w0, sigma, midline=None):
    """Raises InputError unless w0 >= 0, sigma > 0, and midline > 0 or None."""
    for name, number, least in (("w0", w0, ">= 0"), ("sigma", sigma, "> 0"), ("midline", midline, "> 0")):
        if name == "midline" and number is None:
            continue
        fits = isinstance(number, (int, float)) and not isinstance(number, bool)
        if not fits or number < 0 or (number == 0 and least == "> 0"):
            raise InputError(f"{name} must be a number {least}. Received: {number!r}.")


def check_class_weights(class_weights, classes):
    """The weights [classes], once they are known to be positive and enough."""
    weights = np.asarray(class_weights)
    if weights.ndim != 1 or weights.dtype.kind not in "iuf" or len(weights) < classes or not (weights > 0).all():
        raise InputError(
            f"class_weights holds a positive number for each of the {classes} classes. Received: {class_weights!r}."
        )
    return weights


def _two_distances(cells, reach):
    """Distances [height, width] to the nearest cell and the second nearest; infinite from `reach` on."""
    nearest, second = np.full(cells.shape, np.inf), np.full(cells.shape, np.inf)
    numbers, numbered = np.unique(cells, return_inverse=True)  # find_objects goes through all up to the highest
    numbered = numbered.reshape(cells.shape) + (numbers[0] != 0)
    for number, place in enumerate(ndimage.find_objects(numbered), start=1):
        box = tuple(slice(max(0, side.start - reach), side.stop + reach) for side in place)
        distance = ndimage.distance_transform_edt(numbered[box] != number)
        second[box] = np.minimum(second[box], np.maximum(nearest[box], distance))
        nearest[box] = np.minimum(nearest[box], distance)
    return nearest, second
