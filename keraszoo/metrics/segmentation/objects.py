"""How many objects are found: average precision at an overlap.

Caicedo et al., "Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl", Nature Methods 16 (2019),
https://doi.org/10.1038/s41592-019-0612-7.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics.cluster import contingency_matrix

from ...core.errors import InputError
from .overlap import check_masks


def average_precision(truth: np.ndarray, predicted: np.ndarray, iou: float = 0.5) -> float:
    """Right objects over right, missed and made up ones, TP / (TP + FN + FP), in [0, 1].

    An object is right if its intersection over union with a true one is at least `iou`; each true one counts once.
    That is the measure of the Data Science Bowl, of StarDist and of Cellpose. (The area below a curve of precision
    over recall, which detectors are ranked by, needs a confidence for each object.)

    Args:
        truth, predicted: the number of each pixel's object, [height, width] integers, 0 in none.
        iou: in (0, 1].

    Returns:
        The score; 1 where there is no object in either.

    Raises:
        InputError: differing shapes, numbers that are no integers, an overlap that cannot be.

    Example:
        >>> average_precision([[1, 1, 0, 2, 2]], [[1, 1, 0, 0, 2]])
        1.0
        >>> average_precision([[1, 1, 0, 2, 2]], [[1, 1, 1, 1, 1]])  # one object made up of two, both missed
        0.0
    """
    truth, predicted = check_masks(truth, predicted)
    if not 0 < iou <= 1:
        raise InputError(f"An overlap of objects is in (0, 1]. Received: iou={iou!r}.")
    overlap = object_overlap(truth, predicted)
    rows, columns = linear_sum_assignment(overlap >= iou, maximize=True)
    right = int((overlap[rows, columns] >= iou).sum())
    either = sum(overlap.shape) - right
    return right / either if either else 1.0


def object_overlap(truth, predicted) -> np.ndarray:
    """Intersection over union of each true object with each predicted one: [true objects, predicted objects].

    Example:
        >>> object_overlap(np.array([[1, 1, 0, 2]]), np.array([[7, 7, 7, 0]])).round(3)
        array([[0.667],
               [0.   ]])
    """
    truth, predicted = (np.concatenate([[0], np.ravel(numbers)]) for numbers in (truth, predicted))  # 0 comes first
    both = contingency_matrix(truth, predicted)
    either = both.sum(1, keepdims=True) + both.sum(0, keepdims=True) - both
    return (both / either)[1:, 1:]
