"""Two moons and two spirals: noise about a curve and about its mirror image, with a density by quadrature."""

import dataclasses

import numpy as np
from scipy.special import log_ndtr, logsumexp
from sklearn.utils import gen_batches

_ROWS = 1000  # of the matrix of points and nodes at a time


class MirroredCurve:
    """Points about a curve and, just as many, about its mirror image in a point.

    A subclass has

    - `centre`, the point [2] in which the two are mirror images of each other;
    - `curve(u)`, [n] -> [n, 2], whose u is uniform in [0, 1];
    - `noise(count, random)` -> [count, 2], and `log_noise(offset)`, [..., 2] -> [...], its log density.
    """

    num_classes = 2
    nodes = 320  # at most 1 sd of the noise apart: an error below 1e-8

    def sample(self, count, random):
        """Draws (x [count, 2] float32, label [count]: 1 for the mirror image) with a `numpy.random.RandomState`."""
        label = random.randint(2, size=count)
        x = self.curve(random.random_sample(count)) + self.noise(count, random)
        return np.where(label[:, None], self._mirrored(x), x).astype("float32"), label

    def log_prob(self, x):
        """The log density, in nats: [n, 2] -> [n].

        The mean over u of the noise's density about curve(u), by the Gauss-Legendre rule in v = sqrt(u): in v a curve
        that starts like sqrt(u) is smooth.
        """
        x = np.asarray(x, "float64")
        points, weights = np.polynomial.legendre.leggauss(self.nodes)
        v = (points + 1) / 2
        curve, log_weights = self.curve(v**2), np.log(weights * v)  # du = 2 v dv, dv = weights / 2
        log_prob = np.empty(len(x))
        for rows in gen_batches(len(x), _ROWS):
            both = np.stack([x[rows], self._mirrored(x[rows])])[:, :, None]
            log_prob[rows] = logsumexp(self.log_noise(both - curve) + log_weights, axis=(0, 2)) - np.log(2)
        return log_prob

    def _mirrored(self, x):
        return 2 * np.array(self.centre) - x


@dataclasses.dataclass(frozen=True)
class Moons(MirroredCurve):
    """Two half circles of radius 1, each reaching into the other, with Gaussian noise: scikit-learn's `make_moons`.

    Attributes:
        sd: standard deviation of the noise.

    Example:
        >>> Moons(0.05).log_prob([[0.0, 1.0]]).round(3)  # about -log(2 pi .05 sqrt(2 pi))
        array([0.239])
    """

    sd: float

    centre = (0.5, 0.25)

    def curve(self, u):
        return np.stack([np.cos(np.pi * u), np.sin(np.pi * u)], axis=-1)

    def noise(self, count, random):
        return self.sd * random.standard_normal((count, 2))

    def log_noise(self, offset):
        return -np.square(offset).sum(axis=-1) / (2 * self.sd**2) - np.log(2 * np.pi * self.sd**2)


@dataclasses.dataclass(frozen=True)
class TwoSpirals(MirroredCurve):
    """Two spirals of one and a half turns: t (-cos t, sin t) / 3 with t = 3 pi sqrt(u), and its mirror image.

    The noise is uniform in [0, width]^2, plus N(0, sd^2 I). With width 1/6 and sd .1 they are those of Grathwohl, Chen,
    Bettencourt, Sutskever and Duvenaud, "FFJORD" (2019), https://arxiv.org/abs/1810.01367.
    """

    width: float
    sd: float

    centre = (0.0, 0.0)

    def curve(self, u):
        t = 3 * np.pi * np.sqrt(u)[..., None]
        return t * np.concatenate([-np.cos(t), np.sin(t)], axis=-1) / 3

    def noise(self, count, random):
        return self.width * random.random_sample((count, 2)) + self.sd * random.standard_normal((count, 2))

    def log_noise(self, offset):
        # A box convolved with a Gaussian, (Phi(d / sd) - Phi((d - width) / sd)) / width along each axis, is symmetric
        # about width / 2. On one side neither Phi is near 1, where their difference would lose its digits.
        distance = np.abs(offset - self.width / 2)
        upper = log_ndtr((self.width / 2 - distance) / self.sd)
        lower = log_ndtr((-self.width / 2 - distance) / self.sd)
        return (upper + np.log(-np.expm1(lower - upper))).sum(axis=-1) - 2 * np.log(self.width)
