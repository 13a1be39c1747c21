"""Whether a classifier is right as often as it says.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks" (2017), https://arxiv.org/abs/1706.04599.
"""

import typing

import numpy as np

from ...core.errors import InputError
from .answers import checked_answers

BINS = 15  # as in the paper


class Reliability(typing.NamedTuple):
    """What `reliability` returns; of bins without examples confidence and accuracy are NaN.

    Attributes:
        edges: of the bins, [bins + 1], from 0 to 1.
        counts: examples in each bin, [bins].
        confidence: mean probability of the class that is answered, [bins].
        accuracy: share of right answers, [bins].
    """

    edges: np.ndarray
    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


def reliability(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> Reliability:
    """Confidence and accuracy of a classifier's answers, by their confidence in bins of equal width.

    A bin holds its upper edge and not its lower one, as in the paper.

    Args:
        probabilities: [n, classes], rows that sum up to 1.
        labels: [n] integers from 0 to classes - 1.
        bins: how many, >= 1.

    Returns:
        A `Reliability`.

    Raises:
        InputError: shapes that do not go together, no probabilities, labels outside the classes, impossible bins.

    Example:
        >>> answers = reliability([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]], [0, 0, 0], bins=2)
        >>> answers.counts, answers.accuracy.round(2), answers.confidence.round(2)
        (array([0, 3]), array([ nan, 0.67]), array([ nan, 0.73]))
    """
    probabilities, labels = checked_answers(probabilities, labels)
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise InputError(f"bins must be an integer >= 1. Received: {bins!r}.")
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.linspace(0.0, 1.0, bins + 1)
    places = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    counts = np.bincount(places, minlength=bins)
    with np.errstate(invalid="ignore"):
        confidences = np.bincount(places, confidence, bins) / counts
        accuracies = np.bincount(places, right, bins) / counts
    return Reliability(edges, counts, confidences, accuracies)


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """The mean over all examples of |accuracy - confidence| of their bins, in [0, 1].

    It grows with the number of bins where few examples lie in each: compare like with like.

    Args:
        probabilities, labels, bins: as for `reliability`.

    Example:
        >>> round(expected_calibration_error([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]], [0, 0, 0], bins=2), 4)
        0.0667
    """
    found = reliability(probabilities, labels, bins)
    gaps = np.nan_to_num(np.abs(found.accuracy - found.confidence))
    return float(np.sum(gaps * found.counts) / found.counts.sum())
