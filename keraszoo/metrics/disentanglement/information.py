"""The mutual information of units and factors, which several measures of disentanglement are made of."""

import numpy as np
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from .table import check_table

BINS = 20


def mutual_information(codes: np.ndarray, factors: np.ndarray, bins: int = BINS) -> np.ndarray:
    """I(unit; factor) in nats, of the examples themselves: each unit's range is cut into equal bins, each value counts.

    It never exceeds log(bins): a factor of 32 equally common values has an entropy of 3.47 nats, of which 20 bins keep
    2.95. Of few examples independent ones have some too, about (bins - 1)(values - 1) / (2 n).

    Args:
        codes: [n, units].
        factors: [n, factors] integers.
        bins: how many, for each unit.

    Returns:
        [units, factors] float64.

    Raises:
        InputError: as `check_table` says.

    Example:
        >>> mutual_information([[0.0], [0.3], [1.0], [0.9]], np.array([[0], [0], [1], [1]]), bins=2).round(4)  # log 2
        array([[0.6931]])
    """
    codes, factors = check_table(codes, factors)
    values = np.stack([np.unique(factor, return_inverse=True)[1] for factor in factors.T])
    information = np.empty([codes.shape[1], factors.shape[1]])
    for unit, code in enumerate(codes.T):
        inner = np.histogram_bin_edges(code, bins)[1:-1]
        bin = np.digitize(code, inner)
        for factor, value in enumerate(values):
            counts = np.bincount(bin * (value.max() + 1) + value, minlength=bins * (value.max() + 1))
            information[unit, factor] = mutual_info_score(None, None, contingency=counts.reshape(bins, -1))
    return np.maximum(information, 0.0)  # rounding leaves -1e-17


def factor_entropies(factors):
    """The entropy of each factor in nats: [n, factors] integers -> [factors]."""
    return np.array([entropy(np.unique(factor, return_counts=True)[1]) for factor in np.asarray(factors).T])


def gap(scores):
    """The highest of each column less the second highest, of which there is none (0) in a single row: [r, c] -> [c]."""
    scores = np.sort(np.concatenate([np.zeros([1, scores.shape[1]]), scores]), axis=0)
    return scores[-1] - scores[-2]
