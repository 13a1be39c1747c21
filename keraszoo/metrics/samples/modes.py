"""How many modes of a known mixture samples reach.

Srivastava, Valkov, Russell, Gutmann and Sutton, "VEEGAN" (2017), https://arxiv.org/abs/1705.07761. Lin, Khetan, Fanti
and Oh, "PacGAN" (2018), https://arxiv.org/abs/1712.04086.
"""

import typing

import numpy as np
from scipy.spatial import KDTree
from scipy.stats import entropy

from ...core.errors import InputError

STANDARD_DEVIATIONS = 3  # within which a sample is of high quality


class ModeCoverage(typing.NamedTuple):
    """What `mode_coverage` returns.

    Attributes:
        modes: number of modes with at least one sample of high quality.
        high_quality: share of the samples that are.
        mode_kl: KL, in nats, of how often each mode is the nearest one from how often it should be.
    """

    modes: int
    high_quality: float
    mode_kl: float


def mode_coverage(samples: np.ndarray, means: np.ndarray, sd: float, weights: np.ndarray | None = None) -> ModeCoverage:
    """The modes that samples reach, and how many samples lie at one.

    A sample is of high quality when it is at most 3 sd from the nearest mode, in Euclidean distance. Of true samples
    of an isotropic Gaussian in two dimensions, with that sd along each axis, 1 - exp(-9/2) = .989 are. The histogram
    behind `mode_kl` counts every sample at its nearest mode; for n true samples of k modes its expected value is about
    (k - 1) / (2 n).

    Args:
        samples: [n, d].
        means: the modes, [k, d].
        sd: standard deviation of each mode along each axis, > 0.
        weights: how often each mode should appear, [k]; None: equally often.

    Returns:
        A `ModeCoverage`.

    Raises:
        InputError: shapes that do not go together, NaN or infinity, an sd or weights that are not positive.

    Example:
        >>> mode_coverage([[0.0, 0.0], [0.0, 0.2], [3.0, 5.0], [5.0, 5.0]], means=[[0, 0], [4, 4]], sd=0.1)
        ModeCoverage(modes=1, high_quality=0.5, mode_kl=0.0)
    """
    samples, means = np.asarray(samples, "float64"), np.asarray(means, "float64")
    if samples.ndim != 2 or means.ndim != 2 or samples.shape[1] != means.shape[1] or 0 in samples.shape + means.shape:
        raise InputError(
            f"Samples are [n, d] and modes [k, d]. Received: {list(samples.shape)} and {list(means.shape)}."
        )
    if not np.isfinite(samples).all() or not np.isfinite(means).all():
        raise InputError("Samples and modes must be finite. Received: NaN or infinite values.")
    if not sd > 0:
        raise InputError(f"The modes' standard deviation must be > 0. Received: sd={sd!r}.")
    weights = np.ones(len(means)) if weights is None else np.asarray(weights, "float64")
    if weights.shape != (len(means),) or not (weights > 0).all():
        raise InputError(f"Weights are {len(means)} positive numbers, one a mode. Received: {weights}.")
    distances, nearest = KDTree(means).query(samples)
    good = distances <= STANDARD_DEVIATIONS * sd
    histogram = np.bincount(nearest, minlength=len(means))
    return ModeCoverage(len(np.unique(nearest[good])), float(good.mean()), float(entropy(histogram, weights)))
