"""Mixtures of isotropic Gaussians: data whose density and modes are known."""

import dataclasses

import numpy as np
from scipy.special import logsumexp


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


def ring(modes, radius, sd):
    """`modes` Gaussians at equal distances on a circle around 0, the first at (radius, 0)."""
    angles = 2 * np.pi * np.arange(modes) / modes
    return GaussianMixture(radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), sd)


def grid(coordinates, sd):
    """A Gaussian at each pair of `coordinates`."""
    x, y = np.meshgrid(coordinates, coordinates, indexing="ij")
    return GaussianMixture(np.stack([x.ravel(), y.ravel()], axis=1).astype("float64"), sd)
