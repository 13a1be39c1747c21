"""Segments: the connected parts of a mask, and how they are split and merged in another segmentation of the same image.

Arganda-Carreras et al., "Crowdsourcing the creation of image segmentation algorithms for connectomics", Frontiers in
Neuroanatomy 9 (2015), https://doi.org/10.3389/fnana.2015.00142: the scores by which ISBI's challenge of 2012 ranks.
"""

import numpy as np
from scipy import ndimage
from skimage.measure import label as connected
from sklearn.metrics.cluster import contingency_matrix

from .overlap import check_masks


def segments(mask: np.ndarray) -> np.ndarray:
    """The connected parts of each class of a mask, [height, width] numbered from 1; 0 is the background.

    Pixels are connected that share an edge, so that a diagonal line of background parts two segments.

    Example:
        >>> segments([[1, 0, 1], [1, 0, 1], [0, 1, 0]])
        array([[1, 0, 2],
               [1, 0, 2],
               [0, 3, 0]], dtype=int32)
    """
    return connected(np.asarray(mask), connectivity=1).astype("int32")


def thin_borders(segmented: np.ndarray) -> np.ndarray:
    """Segments [height, width] that have grown until they meet: each pixel of a border goes to its nearest segment.

    So a border's thickness does not count, only whom it parts. Without any segment the image is one.

    Example:
        >>> thin_borders(np.array([[1, 0, 0, 0, 0, 2]]))
        array([[1, 1, 1, 2, 2, 2]])
    """
    segmented = np.asarray(segmented)
    if not segmented.any():
        return np.ones_like(segmented)
    nearest = ndimage.distance_transform_edt(segmented == 0, return_distances=False, return_indices=True)
    return segmented[tuple(nearest)]


def v_rand(truth: np.ndarray, predicted: np.ndarray) -> float:
    """The foreground-restricted Rand score after border thinning, in [0, 1]: falls with splits and with mergers.

    With p_ij the share of the pixels that is in predicted segment i and true segment j, s_i and t_j the shares of the
    segments: sum p_ij^2 / (sum s_i^2 / 2 + sum t_j^2 / 2). It is the F-score of "these two pixels are in one segment",
    where each pixel makes a pair with itself too; scikit-image's `adapted_rand_error` leaves these pairs out.

    Args:
        truth: segments [height, width]; pixels of number 0, the borders, do not count.
        predicted: segments [height, width]; its borders, 0, are thinned.

    Returns:
        The score; 1 where there is no true segment, for nothing can be split or merged.

    Raises:
        InputError: differing shapes, or numbers that are no integers.

    Example:
        >>> cell = np.ones([4, 4], int)
        >>> halves = np.repeat([[1, 1, 2, 2]], 4, axis=0)
        >>> v_rand(cell, halves)  # 2 / 4 / ((2 / 4 + 1) / 2)
        0.6666666666666666
    """
    return rand_and_information(truth, predicted)[0]


def v_info(truth: np.ndarray, predicted: np.ndarray) -> float:
    """The foreground-restricted information score after border thinning, in [0, 1].

    The mutual information of both segmentations over the mean of their entropies, I(S, T) / (H(S) / 2 + H(T) / 2):
    scikit-learn's `normalized_mutual_info_score` of the pixels inside true segments.

    Args:
        truth, predicted: as `v_rand` takes them.

    Returns:
        The score; 1 where both have one segment only, or the truth none.

    Raises:
        InputError: as `v_rand`.

    Example:
        >>> quarters = np.kron([[1, 2], [3, 4]], np.ones([2, 2], int))
        >>> halves = np.kron([[1, 1], [2, 2]], np.ones([2, 2], int))
        >>> v_info(quarters, halves)  # log 2 / ((log 2 + log 4) / 2)
        0.6666666666666666
    """
    return rand_and_information(truth, predicted)[1]


def rand_and_information(truth, predicted):
    """(`v_rand`, `v_info`), for which borders are thinned once."""
    truth, predicted = check_masks(truth, predicted)
    inside = truth != 0
    truth, predicted = truth[inside], thin_borders(predicted)[inside]
    sizes = _table(predicted, truth), _sizes(predicted), _sizes(truth)
    shares = [part / max(len(truth), 1) for part in sizes]
    joint, of_predicted, of_truth = map(_entropy, shares)
    mean = (of_predicted + of_truth) / 2
    information = max(0.0, of_predicted + of_truth - joint) / mean if mean > 0 else 1.0
    return _f_score(*map(_squares, shares)), information


def rand_error(truth: np.ndarray, predicted: np.ndarray) -> float:
    """1 - the foreground-restricted Rand F-score without border thinning: the "adapted Rand error", in [0, 1].

    As `v_rand`, but a pixel that is predicted as border is a segment of its own, so thick borders cost. The challenge
    ranked by it before it was revised, and the U-Net's paper gives it. (The classical Rand error, the share of pairs of
    pixels on which two segmentations disagree, is `1 - sklearn.metrics.rand_score`; with many segments nearly all pairs
    agree.)

    Args:
        truth, predicted: segments [height, width]; pixels with truth 0 do not count.

    Returns:
        The error; 0 where there is no true segment.

    Raises:
        InputError: as `v_rand`.

    Example:
        >>> cell = np.ones([1, 4], int)
        >>> rand_error(cell, np.array([[1, 1, 1, 0]]))  # 1 - (9 + 1) / ((9 + 1) / 2 + 16 / 2)
        0.23076923076923073
    """
    truth, predicted = check_masks(truth, predicted)
    inside = truth != 0
    found = inside & (predicted != 0)
    alone = np.count_nonzero(inside) - np.count_nonzero(found)
    of_predicted, of_truth = _sizes(predicted[found]), _sizes(truth[inside])
    together = _table(predicted[found], truth[found])
    return 1 - _f_score(_squares(together) + alone, _squares(of_predicted) + alone, _squares(of_truth))


def _table(predicted, truth):
    """Numbers of pixels for each pair of segments that meet."""
    return contingency_matrix(predicted, truth, sparse=True).data if len(truth) else np.zeros(0)


def _sizes(segmented):
    return np.unique(segmented, return_counts=True)[1]


def _squares(sizes):
    return float(np.square(sizes, dtype="float64").sum())


def _f_score(together, of_predicted, of_truth):
    return float(together / ((of_predicted + of_truth) / 2)) if of_truth else 1.0


def _entropy(shares):
    return float(-(shares * np.log(shares)).sum())
