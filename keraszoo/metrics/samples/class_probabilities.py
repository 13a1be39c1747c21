"""What the measures of class probabilities ask of them."""

import numpy as np

from ...core.errors import InputError


def check_probabilities(probabilities):
    """`probabilities` as float64 [n, classes], each row summing to 1.

    Raises:
        InputError: another shape, or numbers that are no probabilities, such as logits.
    """
    probabilities = np.asarray(probabilities, "float64")
    if probabilities.ndim != 2 or 0 in probabilities.shape:
        raise InputError(f"Class probabilities are [n, classes]. Received: {list(probabilities.shape)}.")
    totals = probabilities.sum(axis=1)
    if not (probabilities >= 0).all() or not np.allclose(totals, 1, atol=1e-3):
        raise InputError(
            "Class probabilities are not negative and sum to 1 in each row; logits need a softmax first. Received: "
            f"values from {probabilities.min():.4g} to {probabilities.max():.4g}, sums from {totals.min():.4g} to "
            f"{totals.max():.4g}."
        )
    return probabilities / totals[:, None]
