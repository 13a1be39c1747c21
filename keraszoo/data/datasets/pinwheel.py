"""A pinwheel: Gaussians bent into the arms of a spiral.

Johnson, Duvenaud, Wiltschko, Datta and Adams, "Composing graphical models with neural networks for structured
representations and fast inference" (2016), https://arxiv.org/abs/1603.06277.
"""

import dataclasses

import numpy as np
from scipy.stats import norm
from sklearn.utils import gen_batches

_ROWS = 2000  # points at a time
_INTERVALS = 512  # in which roots are looked for
_REACH = 16  # standard deviations of r
_HALVINGS = 45


@dataclasses.dataclass(frozen=True)
class Pinwheel:
    """Equally common arms: (r, t), with r ~ N(1, radial_sd^2) and t ~ N(0, tangential_sd^2), turned by
    2 pi arm / arms + rate exp(r).

    Attributes:
        arms: their number.
        radial_sd: standard deviation along an arm.
        tangential_sd: standard deviation across it.
        rate: how much an arm bends.

    Example:
        >>> pinwheel = Pinwheel(arms=5, radial_sd=0.3, tangential_sd=0.1, rate=0.25)
        >>> pinwheel.log_prob(pinwheel.sample(3, np.random.RandomState(0))[0]).shape
        (3,)
    """

    arms: int
    radial_sd: float
    tangential_sd: float
    rate: float

    @property
    def num_classes(self):
        """The number of arms."""
        return self.arms

    def sample(self, count, random):
        """Draws (x [count, 2] float32, arm [count]) with a `numpy.random.RandomState`."""
        arm = random.randint(self.arms, size=count)
        r = 1 + self.radial_sd * random.standard_normal(count)
        t = self.tangential_sd * random.standard_normal(count)
        x, y = _turned(r, t, 2 * np.pi * arm / self.arms + self.rate * np.exp(r))
        return np.stack([x, y], axis=1).astype("float32"), arm

    def log_prob(self, x):
        """The log density, in nats: [n, 2] -> [n].

        Change of variables: arm k takes (r, t) to x, with the Jacobian determinant 1 - rate exp(r) t, so

            p(x) = 1/arms sum over k and over all (r, t) that arm k takes to x of
                   N(r; 1, radial_sd^2) N(t; 0, tangential_sd^2) / |1 - rate exp(r) t|.

        An arm folds over itself where t > exp(-r) / rate, so there may be several. Turned back by 2 pi k / arms + rate
        exp(r), x is (r, t): r is a root of r less the first coordinate of x turned back, whose derivative is that
        determinant. Roots are found up to 16 radial_sd from 1, thus all of them where |x| < 16 radial_sd - 1, but for
        pairs less than 1/16 radial_sd apart, at a fold; further out the answer may be too low, or -inf.
        """
        x = np.asarray(x, "float64")
        log_prob = np.empty(len(x))
        for rows in gen_batches(len(x), _ROWS):
            log_prob[rows] = self._log_prob(x[rows])
        return log_prob

    def _log_prob(self, x):
        count, turns = len(x), 2 * np.pi * np.arange(self.arms)[:, None] / self.arms
        x, y = (values.ravel() for values in _turned(*x.T, -turns))  # [arms * n], as if each arm were arm 0

        def excess(r, x, y):
            angle = self.rate * np.exp(r)
            return r - np.cos(angle) * x - np.sin(angle) * y

        edges = 1 + self.radial_sd * np.linspace(-_REACH, _REACH, _INTERVALS + 1)
        positive = excess(edges, x[:, None], y[:, None]) > 0
        row, interval = np.nonzero(positive[:, 1:] != positive[:, :-1])
        x, y, positive = x[row], y[row], positive[row, interval]
        low, high = edges[interval], edges[interval + 1]
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            before = (excess(middle, x, y) > 0) == positive
            low, high = np.where(before, middle, low), np.where(before, high, middle)
        r = (low + high) / 2
        t = _turned(x, y, -self.rate * np.exp(r))[1]
        terms = norm.logpdf(r, 1, self.radial_sd) + norm.logpdf(t, 0, self.tangential_sd)
        terms -= np.log(np.abs(1 - self.rate * np.exp(r) * t))
        log_prob = np.full(count, -np.inf)
        np.logaddexp.at(log_prob, row % count, terms - np.log(self.arms))
        return log_prob


def _turned(x, y, angle):
    """(x, y) turned by `angle` about 0."""
    return np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y
