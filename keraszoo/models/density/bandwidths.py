"""How wide kernels should be: rules for kernel density estimation.

Scott, "Multivariate Density Estimation" (1992); Silverman, "Density Estimation for Statistics and Data Analysis"
(1986); Botev, Grotowski and Kroese, "Kernel Density Estimation via Diffusion" (2010), https://arxiv.org/abs/1011.2602.
"""

import math

import numpy as np
from scipy import fft, optimize

GRID = 2**12  # cells of the binned data of `improved_sheather_jones`
STAGES = 7


def scott(count, dimensions):
    """In standard deviations: count^(-1 / (dimensions + 4))."""
    return count ** (-1.0 / (dimensions + 4))


def silverman(count, dimensions):
    """In standard deviations: (count (dimensions + 2) / 4)^(-1 / (dimensions + 4))."""
    return (count * (dimensions + 2) / 4.0) ** (-1.0 / (dimensions + 4))


def effective_count(weights):
    """How many equal weights say as much as these [n] (Kish): (sum w)^2 / sum w^2."""
    return weights.sum() ** 2 / np.square(weights).sum()


def improved_sheather_jones(column, weights):
    """The bandwidth of Gaussian kernels that is a fixed point of plug-in estimates, for one feature.

    The data are binned, and their cosine transform gives the norms of the density's derivatives; no normal density is
    assumed, so that the modes of a mixture are not smoothed away.

    Args:
        column: [n] numbers, not all equal.
        weights: [n], > 0.

    Returns:
        The standard deviation of the kernels, in units of the column. None where there is no fixed point: too few data.
    """
    low, high = column.min(), column.max()
    margin = 0.5 * (high - low)
    low, span = low - margin, 2.0 * (high - low)
    share, _ = np.histogram(column, GRID, (low, low + span), weights=weights / weights.sum())
    squares = np.square(0.5 * fft.dct(share)[1:])
    orders, count = np.square(np.arange(1.0, GRID)), len(np.unique(column))

    def norm(order, time):
        """The squared norm of the derivative of that order of the density after the time."""
        return 2.0 * math.pi ** (2 * order) * np.sum(orders**order * squares * np.exp(-orders * math.pi**2 * time))

    def away(time):
        found = norm(STAGES, time)
        for stage in range(STAGES - 1, 1, -1):
            constant = (1.0 + 0.5 ** (stage + 0.5)) / 3.0 * math.prod(range(1, 2 * stage, 2)) / math.sqrt(math.pi / 2.0)
            found = norm(stage, (constant / (count * found)) ** (2.0 / (3.0 + 2.0 * stage)))
        return time - (2.0 * count * math.sqrt(math.pi) * found) ** -0.4

    times = np.geomspace(1e-9, 0.1, 60)
    with np.errstate(all="ignore"):
        values = np.array([away(time) for time in times])
    crossing = np.flatnonzero((values[:-1] < 0) & (values[1:] >= 0))
    if not len(crossing):
        return None
    first = crossing[0]
    return math.sqrt(optimize.brentq(away, times[first], times[first + 1])) * span
