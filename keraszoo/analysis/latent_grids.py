"""Grids of latent points: one unit after the other, or two of them at once.

Higgins et al., "beta-VAE" (ICLR 2017); Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), appendix A.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm


def traversal(point: np.ndarray, units: Sequence[int], values: Sequence[float] | np.ndarray) -> np.ndarray:
    """The points at which one unit at a time takes each value, the others staying as they are.

    Args:
        point: [dim].
        units: which ones, integers.
        values: [n].

    Returns:
        [len(units), n, dim] float64.

    Example:
        >>> traversal([5.0, 6.0], [1], [-1.0, 1.0]).tolist()
        [[[5.0, -1.0], [5.0, 1.0]]]
    """
    points = np.tile(np.asarray(point, "float64"), (len(units), len(values), 1))
    for row, unit in enumerate(units):
        points[row, :, unit] = values
    return points


def latent_plane(dim: int, side: int, units: Sequence[int] = (0, 1), prior: str = "normal") -> np.ndarray:
    """A square of points in the plane of two units, between which the prior has the same mass; the others are 0.

    Args:
        dim: number of units.
        side: points along each side of the square.
        units: the two: the first grows to the right, the second upwards.
        prior: "normal", or "uniform" on [-1, 1].

    Returns:
        [side, side, dim] float64, rows first.

    Example:
        >>> latent_plane(2, 3)[..., 0].round(3).tolist()[0]  # quantiles 1/6, 1/2 and 5/6
        [-0.967, 0.0, 0.967]
    """
    shares = (np.arange(side) + 0.5) / side
    values = norm.ppf(shares) if prior == "normal" else 2 * shares - 1
    points = np.zeros([side, side, dim])
    points[..., units[0]] = values
    points[..., units[1]] = values[::-1, None]
    return points
