"""A classifier's answers and the truth, as the measures take them."""

import numpy as np

from ...core.errors import InputError

SLACK = 1e-3  # by which a row of probabilities may miss 1


def checked_answers(probabilities, labels):
    """(probabilities [n, classes] float64, labels [n] int64).

    Raises:
        InputError: shapes that do not go together, no probabilities, labels outside the classes.
    """
    probabilities, labels = np.asarray(probabilities, "float64"), np.asarray(labels)
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1] or not len(labels):
        raise InputError(
            "Probabilities are [n, classes] and labels [n], n >= 1. "
            f"Received: {list(probabilities.shape)} and {list(labels.shape)}."
        )
    sums = probabilities.sum(axis=1)
    if not (probabilities >= 0).all() or not (np.abs(sums - 1.0) < SLACK).all():
        raise InputError(
            "Probabilities are >= 0, and those of an example sum up to 1. "
            f"Received: the least is {probabilities.min():g}, sums are from {sums.min():g} to {sums.max():g}."
        )
    if labels.dtype.kind not in "iu":
        raise InputError(f"Labels are integers. Received: {labels.dtype.name}.")
    classes = probabilities.shape[1]
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(f"Labels are from 0 to {classes - 1}. Received: from {labels.min()} to {labels.max()}.")
    return probabilities, labels.astype("int64")
