"""Mixtures of Gaussians: data whose density and modes are known."""

import dataclasses

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal


@dataclasses.dataclass(frozen=True, eq=False)
class GaussianMixture:
    """Equally common Gaussians N(mean_i, sd^2 I).

    Attributes:
        means: the modes, [k, d].
        sd: standard deviation of each along each axis.
    """

    means: np.ndarray
    sd: float

    @property
    def num_classes(self):
        """The number of modes."""
        return len(self.means)

    def sample(self, count, random):
        """Draws (x [count, d] float32, component [count]) with a `numpy.random.RandomState`."""
        component = random.randint(len(self.means), size=count)
        x = self.means[component] + self.sd * random.standard_normal((count, self.means.shape[1]))
        return x.astype("float32"), component

    def log_prob(self, x):
        """The log density, in nats: [n, d] -> [n].

        Example:
            >>> GaussianMixture(np.zeros([1, 2]), 1.0).log_prob([[0.0, 0.0]]).round(4)  # -log(2 pi)
            array([-1.8379])
        """
        squares = np.square(np.asarray(x, "float64")[:, None] - self.means).sum(axis=-1)
        modes, dimension = self.means.shape
        normalization = np.log(modes) + dimension * np.log(self.sd * np.sqrt(2 * np.pi))
        return logsumexp(-squares / (2 * self.sd**2), axis=1) - normalization


class Gaussians:
    """Gaussians N(mean_i, covariance_i), each as common as its weight.

    Args:
        weights: [k], > 0, of sum 1.
        means: [k, d].
        covariances: [k, d, d].
    """

    def __init__(self, weights, means, covariances):
        self.weights, self.means, self.covariances = (
            np.array(values, "float64") for values in (weights, means, covariances)
        )

    @property
    def num_classes(self):
        """The number of Gaussians."""
        return len(self.means)

    def sample(self, count, random):
        """Draws (x [count, d] float32, component [count]) with a `numpy.random.RandomState`."""
        component = np.searchsorted(np.cumsum(self.weights)[:-1], random.random_sample(count), side="right")
        noise = random.standard_normal((count, self.means.shape[1]))
        factors = np.linalg.cholesky(self.covariances)
        x = self.means[component] + np.einsum("nab,nb->na", factors[component], noise)
        return x.astype("float32"), component

    def log_prob(self, x):
        """The log density, in nats: [n, d] -> [n].

        Example:
            >>> Gaussians([0.5, 0.5], [[0.0], [0.0]], [[[1.0]], [[1.0]]]).log_prob([[0.0]]).round(4)  # -log(2 pi) / 2
            array([-0.9189])
        """
        x, each = np.asarray(x, "float64"), zip(self.means, self.covariances, strict=True)
        logs = [multivariate_normal.logpdf(x, *moments).reshape(len(x)) for moments in each]
        return logsumexp(np.stack(logs, axis=1), axis=1, b=self.weights)


def ring(modes, radius, sd):
    """`modes` Gaussians at equal distances on a circle around 0, the first at (radius, 0)."""
    angles = 2 * np.pi * np.arange(modes) / modes
    return GaussianMixture(radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), sd)


def grid(coordinates, sd):
    """A Gaussian at each pair of `coordinates`."""
    x, y = np.meshgrid(coordinates, coordinates, indexing="ij")
    return GaussianMixture(np.stack([x.ravel(), y.ravel()], axis=1).astype("float64"), sd)
