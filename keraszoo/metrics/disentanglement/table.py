"""Codes beside the known factors of the same examples: what every measure of disentanglement looks up."""

import numpy as np
from sklearn.model_selection import train_test_split

from ...core.errors import InputError

TRAIN, TEST = 10_000, 5_000  # rows, or drawn batches, that a classifier is trained on and tested on


def check_table(codes, factors):
    """`codes` as floats [n, units] and `factors` as integers [n, factors], a row an example.

    Raises:
        InputError: other shapes, codes that are NaN or infinite, factors that are no integers or have one value only.
    """
    codes, factors = np.asarray(codes), np.asarray(factors)
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors) or 0 in codes.shape + factors.shape:
        raise InputError(
            "Codes are [n, units] and factors [n, factors], a row an example. "
            f"Received: {list(codes.shape)} and {list(factors.shape)}."
        )
    if factors.dtype.kind not in "iu":
        raise InputError(f"Factors are integers, the number of each value. Received: {factors.dtype}.")
    if not np.isfinite(codes).all():
        raise InputError("Codes must be finite. Received: NaN or infinite values.")
    constant = np.flatnonzero((factors == factors[0]).all(axis=0))
    if len(constant):
        raise InputError(f"Every factor needs two values or more. Received: factor {constant[0]} with one.")
    return codes, factors


def rows_sharing(factor, rows, random):
    """For each of `rows`, a random row with the same value of a factor; it may be the same row.

    Args:
        factor: its values, [n] integers.
        rows: integers of any shape.
        random: a `numpy.random.Generator`.

    Returns:
        Integers of the shape of `rows`.

    Example:
        >>> rows_sharing(np.array([7, 5, 7, 5]), np.array([1, 3]), np.random.default_rng(0)) % 2
        array([1, 1])
    """
    order = np.argsort(factor, kind="stable")
    _, value, count = np.unique(factor, return_inverse=True, return_counts=True)
    first = np.cumsum(count) - count
    return order[first[value[rows]] + random.integers(count[value[rows]])]


def train_and_test_rows(count, seed):
    """Two disjoint sets of rows drawn at random: TRAIN and TEST of them, or of fewer two thirds and one third."""
    test = min(TEST, count // 3)
    return train_test_split(np.arange(count), train_size=min(TRAIN, count - test), test_size=test, random_state=seed)
