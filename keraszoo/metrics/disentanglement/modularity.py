"""Modularity: whether each unit knows of one factor only.

Ridgeway and Mozer, "Learning Deep Disentangled Embeddings with the F-Statistic Loss" (2018),
https://arxiv.org/abs/1802.05312.
"""

import numpy as np

from .information import BINS, mutual_information
from .table import check_table


def modularity_score(codes: np.ndarray, factors: np.ndarray, bins: int = BINS) -> float:
    """The mean over the units of 1 - (what a unit knows of other factors) / (what it could): 1 if of one factor only.

    With I its largest mutual information, a unit's score is 1 - (sum of the squares of the others) / (I^2 (factors -
    1)). Each factor may be in many units. Units that know nothing count 0. On the same rows it is
    disentanglement_lib's to rounding.

    Args:
        codes: [n, units].
        factors: [n, factors] integers, two factors or more.
        bins: into which the range of each unit is cut.

    Returns:
        A number in [0, 1].

    Raises:
        InputError: as `check_table` says, or one factor only.

    Example:
        >>> factors = np.stack(np.meshgrid(range(4), range(5), indexing="ij"), axis=-1).reshape(-1, 2)
        >>> modularity_score(factors.astype(float), factors)
        1.0
    """
    codes, factors = check_table(codes, factors, compared=True)
    squares = np.square(mutual_information(codes, factors, bins))
    best = squares.max(axis=1)
    others = squares.sum(axis=1) - best
    most = best * max(factors.shape[1] - 1, 1)
    return float(np.mean(np.where(best > 0, 1 - others / np.where(best > 0, most, 1), 0.0)))
