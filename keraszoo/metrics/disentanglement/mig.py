"""The mutual information gap (MIG).

Chen, Li, Grosse and Duvenaud, "Isolating Sources of Disentanglement in Variational Autoencoders" (2018),
https://arxiv.org/abs/1802.04942.
"""

import numpy as np

from .information import BINS, factor_entropies, gap, mutual_information
from .table import check_table


def mutual_information_gap(codes: np.ndarray, factors: np.ndarray, bins: int = BINS) -> float:
    """How much more the best unit knows of a factor than the second best, as a share of what there is to know.

    The mean over the factors of (I(best unit; factor) - I(second best; factor)) / H(factor). Factors twice in the code
    score 0. With 20 bins not even the factors themselves reach 1 where one has more values: those of dSprites .90.
    On the same rows it is disentanglement_lib's to rounding; that takes 10,000 drawn rows where this takes all.

    Args:
        codes: [n, units].
        factors: [n, factors] integers.
        bins: into which the range of each unit is cut.

    Returns:
        A number in [0, 1].

    Raises:
        InputError: as `check_table` says.

    Example:
        >>> factors = np.stack(np.meshgrid(range(4), range(5), indexing="ij"), axis=-1).reshape(-1, 2)
        >>> round(mutual_information_gap(factors.astype(float), factors), 6)
        1.0
    """
    codes, factors = check_table(codes, factors)
    return float(np.mean(gap(mutual_information(codes, factors, bins)) / factor_entropies(factors)))
