"""The kernel distance between samples.

Binkowski, Sutherland, Arbel and Gretton, "Demystifying MMD GANs" (2018), https://arxiv.org/abs/1801.01401, where the
features are an Inception network's ("KID").
"""

import numpy as np
from sklearn.utils import gen_batches

from .feature_pairs import check_pair

_ROWS = 1000  # of the kernel matrix at a time


def kernel_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """The unbiased estimate of the squared maximum mean discrepancy under the kernel (x . y / d + 1)^3.

    All pairs are used, none twice, so that nothing is drawn. The expected value is 0 when both come from the same
    distribution, however many there are; an estimate can be negative. It is clean-fid's of one subset of all
    rows, to rounding; KID is usually the mean over random subsets of 1000.

    Args:
        real, fake: features, [n, d] and [m, d]; n, m >= 2.

    Returns:
        float.

    Raises:
        InputError: shapes that do not go together, too few rows, NaN or infinity.

    Example:
        >>> kernel_distance([[0.0], [0.0]], [[1.0], [1.0]])  # k(0, 0) = 1, k(1, 1) = 8, k(0, 1) = 1
        7.0
    """
    real, fake = check_pair(real, fake, least=2)
    within = _mean_of_different_pairs(real) + _mean_of_different_pairs(fake)
    return float(within - 2 * _total(real, fake) / (len(real) * len(fake)))


def _kernel(inner_products, dimension):
    return (inner_products / dimension + 1) ** 3


def _total(x, y):
    """The sum of the kernel over all pairs."""
    return sum(_kernel(x[rows] @ y.T, x.shape[1]).sum() for rows in gen_batches(len(x), _ROWS))


def _mean_of_different_pairs(x):
    """The mean of the kernel over all pairs of two different rows."""
    same = _kernel(np.square(x).sum(axis=1), x.shape[1]).sum()
    return (_total(x, x) - same) / (len(x) * (len(x) - 1))
