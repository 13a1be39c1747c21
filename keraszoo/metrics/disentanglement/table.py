"""Codes beside the known factors of the same examples: what every measure of disentanglement looks up."""

import numpy as np
from sklearn.model_selection import train_test_split

from ...core.errors import InputError

TRAIN, TEST = 10_000, 5_000  # rows, or drawn batches, that a classifier is trained on and tested on


def check_table(codes, factors, compared=False):
    """`codes` as floats [n, units] and `factors` as integers [n, factors], a row an example.

    Args:
        codes, factors: anything that NumPy takes for arrays.
        compared: whether the measure tells factors apart, so that it needs two.

    Raises:
        InputError: other shapes, codes that are NaN or infinite, factors that are no integers or have one value only,
            a single factor where they are compared.
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
    if compared and factors.shape[1] == 1:
        raise InputError("This measure tells factors apart and needs two or more. Received: one.")
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


def distinct_rows(codes, factors):
    """Each different row once, and its share of the table: copies of a table say nothing that it does not.

    Returns:
        codes [m, units], factors [m, factors], shares [m] that sum to 1.

    Example:
        >>> codes, factors, shares = distinct_rows(np.array([[0.5], [0.1], [0.5]]), np.array([[1], [0], [1]]))
        >>> codes[:, 0], shares.round(3)
        (array([0.1, 0.5]), array([0.333, 0.667]))
    """
    rows, counts = np.unique(np.concatenate([codes, factors], axis=1), axis=0, return_counts=True)
    return rows[:, : codes.shape[1]], rows[:, codes.shape[1] :].astype(factors.dtype), counts / counts.sum()


def train_and_test_rows(count, seed):
    """Two disjoint sets of rows drawn at random: TRAIN and TEST of them, or of fewer two thirds and one third."""
    test = min(TEST, count // 3)
    return train_test_split(np.arange(count), train_size=min(TRAIN, count - test), test_size=test, random_state=seed)
