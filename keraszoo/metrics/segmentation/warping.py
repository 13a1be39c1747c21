"""The warping error: what is left of the disagreement when borders may move but not appear, vanish, open or close.

Jain et al., "Boundary Learning by Optimization with Topological Constraints" (CVPR 2010).
"""

import numpy as np
from scipy import ndimage

from .overlap import check_masks

#: (row, column) from the upper left neighbour of a pixel, in the order of the bits of a neighbourhood's number
_NEIGHBOURS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2))


def warp(mask, towards):
    """The mask changed pixel by pixel towards another, as far as its topology stays the same.

    Only simple points change: pixels whose change neither joins nor parts, makes nor fills anything. Segments are
    connected by edges, the background by corners too, and outside the image is background. The end is a mask that no
    further change brings nearer; it need not be the nearest of all.

    Args:
        mask, towards: [height, width], 0 and 1.

    Returns:
        [height, width] bool.

    Raises:
        InputError: differing shapes, or numbers that are no integers.

    Example:
        >>> warp([[0, 1, 1, 0, 0, 1]], [[1, 1, 1, 1, 1, 1]]).sum()  # two segments stay two
        np.int64(5)
    """
    mask, towards = check_masks(mask, towards)
    height, width = mask.shape
    goal = towards.astype(bool)
    now = np.pad(mask.astype(bool), 1)
    inner = now[1:-1, 1:-1]
    # Whether a point is simple depends on its eight neighbours. In each of these four quarters of the pixels no two
    # are neighbours, so all of its simple points change at once.
    quarters = [(slice(i, None, 2), slice(j, None, 2)) for i in (0, 1) for j in (0, 1)]
    unchanged = 0
    while unchanged < len(quarters):
        for quarter in quarters:
            rows, columns = np.nonzero(inner[quarter] != goal[quarter])
            rows, columns = 2 * rows + quarter[0].start, 2 * columns + quarter[1].start
            number = sum(now[rows + i, columns + j].astype(int) << bit for bit, (i, j) in enumerate(_NEIGHBOURS))
            simple = _SIMPLE[number] if len(rows) else np.zeros(0, bool)
            inner[rows[simple], columns[simple]] ^= True
            unchanged = 0 if simple.any() else unchanged + 1
    return inner.copy()


def warping_error(label: np.ndarray, predicted: np.ndarray) -> float:
    """The share of pixels in which the prediction differs from the label when that is warped towards it.

    Borders in other places cost nothing; segments that are split, merged, missed or made up, holes and bridges do.

    Args:
        label, predicted: [height, width], 0 and 1.

    Raises:
        InputError: as `warp`.

    Example:
        >>> warping_error([[1, 1, 0, 1, 1]], [[1, 0, 1, 1, 1]])
        0.0
        >>> warping_error([[1, 1, 0, 1, 1]], [[1, 1, 1, 1, 1]])
        0.2
    """
    return float(np.mean(warp(label, predicted) != np.asarray(predicted).astype(bool)))


def _is_simple(number):
    """Whether a pixel with these neighbours may change: beside it is one piece of a segment, and one of background."""
    around = np.zeros([3, 3], bool)
    for bit, place in enumerate(_NEIGHBOURS):
        around[place] = number >> bit & 1
    background = ~around
    background[1, 1] = False
    pieces = ndimage.label(around)[0]
    beside = {pieces[place] for place in ((0, 1), (1, 0), (1, 2), (2, 1))} - {0}
    return len(beside) == 1 and ndimage.label(background, np.ones([3, 3]))[1] == 1


_SIMPLE = np.array([_is_simple(number) for number in range(256)])
