"""Concentric circles with Gaussian noise."""

import dataclasses

import numpy as np
from scipy.special import i0e, logsumexp


@dataclasses.dataclass(frozen=True)
class Circles:
    """Equally common circles around 0, with noise N(0, sd^2 I).

    Attributes:
        radii: of the circles, each >= 0.
        sd: standard deviation of the noise.
    """

    radii: tuple
    sd: float

    @property
    def num_classes(self):
        """The number of circles."""
        return len(self.radii)

    def sample(self, count, random):
        """Draws (x [count, 2] float32, circle [count]) with a `numpy.random.RandomState`."""
        circle = random.randint(len(self.radii), size=count)
        angle = 2 * np.pi * random.random_sample(count)
        x = np.array(self.radii)[circle, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return (x + self.sd * random.standard_normal((count, 2))).astype("float32"), circle

    def log_prob(self, x):
        """The log density, in nats: [n, 2] -> [n].

        The mean of N(x; R (cos a, sin a), sd^2 I) over the angle a is exp(-(|x|^2 + R^2) / (2 sd^2))
        I_0(|x| R / sd^2) / (2 pi sd^2), with the modified Bessel function I_0. `i0e` is exp(-z) I_0(z).

        Example:
            >>> Circles(radii=(0.0,), sd=1.0).log_prob([[0.0, 0.0]]).round(4)  # -log(2 pi)
            array([-1.8379])
        """
        norm = np.linalg.norm(np.asarray(x, "float64"), axis=1, keepdims=True)
        radii, variance = np.array(self.radii), self.sd**2
        log_densities = np.log(i0e(norm * radii / variance)) - np.square(norm - radii) / (2 * variance)
        return logsumexp(log_densities, axis=1) - np.log(len(radii) * 2 * np.pi * variance)
