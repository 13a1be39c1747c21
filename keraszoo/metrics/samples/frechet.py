"""The Frechet distance between samples.

Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local
Nash Equilibrium" (2017), https://arxiv.org/abs/1706.08500, where the features are an Inception network's ("FID").
"""

import numpy as np

from .feature_pairs import check_pair


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """The squared Wasserstein-2 distance between Gaussians of the samples' means and covariances.

    |m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)). It is biased: fewer samples give larger values, also when both come from
    the same distribution, so compare only values from equally many. Of the same features it is that of
    pytorch-fid and clean-fid to rounding.

    Args:
        real, fake: features, [n, d] and [m, d]; n, m >= 2.

    Returns:
        float >= 0, in squared units of the features.

    Raises:
        InputError: shapes that do not go together, too few rows, NaN or infinity.

    Example:
        >>> real = np.random.default_rng(0).normal(size=[1000, 2])
        >>> round(frechet_distance(real, real + [3.0, 4.0]), 6)
        25.0
    """
    real, fake = check_pair(real, fake, least=2)
    difference = real.mean(axis=0) - fake.mean(axis=0)
    covariance, other = np.atleast_2d(np.cov(real, rowvar=False)), np.atleast_2d(np.cov(fake, rowvar=False))
    # C C' has the eigenvalues of the symmetric C^(1/2) C' C^(1/2), which rounding cannot make complex.
    root = _symmetric_root(covariance)
    eigenvalues = np.linalg.eigvalsh(root @ other @ root)
    trace = np.trace(covariance) + np.trace(other) - 2 * np.sqrt(np.maximum(eigenvalues, 0)).sum()
    return float(difference @ difference + max(trace, 0))


def _symmetric_root(covariance):
    eigenvalues, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(eigenvalues, 0))) @ vectors.T
