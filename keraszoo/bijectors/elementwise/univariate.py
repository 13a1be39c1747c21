"""Monotone maps of a single number with learned parameters: what couplings and autoregressive flows are made of."""

import math

import numpy as np
import tensorflow as tf

from ...core.errors import InputError, closest
from .spline import RationalQuadraticSpline


class Univariate:
    """Base class: z -> x, monotone, for each feature with parameters of its own.

    Attributes:
        size: number of parameters of a feature; all 0 gives the identity, or nearly.
        angles: whether it maps a circle onto itself; of a map that differs between features a tuple, one for each.
        period: length of the circle, or None.
    """

    size = 1
    angles = False
    period = None

    def forward(self, z, parameters, features=None):
        """z [...], parameters [..., size] -> x [...], log dx/dz [...].

        Args:
            features: which ones the last axis of z has, or the one that all of z is; None: all.
        """
        raise NotImplementedError

    def inverse(self, x, parameters, features=None):
        """x [...], parameters [..., size] -> z [...], log dz/dx [...]."""
        raise NotImplementedError


class Shift(Univariate):
    """x = z + shift, as in NICE (Dinh, Krueger and Bengio, 2015, https://arxiv.org/abs/1410.8516)."""

    def forward(self, z, parameters, features=None):
        return z + parameters[..., 0], tf.zeros_like(z)

    def inverse(self, x, parameters, features=None):
        return x - parameters[..., 0], tf.zeros_like(x)


class Affine(Univariate):
    """x = z exp(s) + shift, as in RealNVP and MAF, with s softly kept within +-2.

    Dinh, Sohl-Dickstein and Bengio (2017), https://arxiv.org/abs/1605.08803. One step then scales by 7.4 at most, and
    several together by as much as the data ask for. Without the bound deep stacks meet infinity at an outlier, and few
    rows are narrowed to points.
    """

    size = 2
    largest = 2.0

    def _shift_and_log_scale(self, parameters):
        shift, s = parameters[..., 0], parameters[..., 1]
        return shift, s / (1.0 + tf.abs(s) / self.largest)

    def forward(self, z, parameters, features=None):
        shift, log_scale = self._shift_and_log_scale(parameters)
        return z * tf.exp(log_scale) + shift, log_scale

    def inverse(self, x, parameters, features=None):
        shift, log_scale = self._shift_and_log_scale(parameters)
        return (x - shift) * tf.exp(-log_scale), -log_scale


class Spline(Univariate):
    """A rational-quadratic spline on [-bound, bound], the identity outside.

    Durkan, Bekasov, Murray and Papamakarios, "Neural Spline Flows" (2019), https://arxiv.org/abs/1906.04032.

    Args:
        bins: number of bins, >= 2.
        bound: half the width of the box, > 0.
    """

    def __init__(self, bins=8, bound=5.0):
        self.bins, self.bound = _checked_box(bins, bound)
        self.spline = RationalQuadraticSpline(self.bins, self.bound)
        self.size = 3 * self.bins - 1

    def _knots(self, parameters):
        widths, heights, slopes = tf.split(parameters, [self.bins, self.bins, self.bins - 1], axis=-1)
        ends = [[0, 0]] * (slopes.shape.rank - 1) + [[1, 1]]
        return widths, heights, tf.pad(slopes, ends)  # 0 stands for slope 1: the tails go on straight

    def forward(self, z, parameters, features=None):
        return self.spline.inverse(z, *self._knots(parameters))

    def inverse(self, x, parameters, features=None):
        return self.spline.forward(x, *self._knots(parameters))


class CircularSpline(Spline):
    """A rational-quadratic spline of the circle [-bound, bound) onto itself, for angles (bound = pi).

    Rezende et al., "Normalizing Flows on Tori and Spheres" (2020), https://arxiv.org/abs/2002.02428.
    """

    def __init__(self, bins=8, bound=math.pi):
        super().__init__(bins, bound)
        self.size, self.angles = 3 * self.bins, True
        self.period = 2 * self.bound

    def _knots(self, parameters):
        widths, heights, slopes = tf.split(parameters, 3, axis=-1)
        return widths, heights, tf.concat([slopes, slopes[..., :1]], axis=-1)

    def _wrapped(self, angle):
        return tf.math.floormod(angle + self.bound, self.period) - self.bound

    def forward(self, z, parameters, features=None):
        return super().forward(self._wrapped(z), parameters)

    def inverse(self, x, parameters, features=None):
        return super().inverse(self._wrapped(x), parameters)


class MixedSpline(Univariate):
    """A `CircularSpline` of the features that are angles in [-pi, pi), a `Spline` of the others.

    Args:
        angles: one truth value for each feature.
        bins: of either, >= 2.
        bound: half the width of the box of the others, > 0.
    """

    def __init__(self, angles, bins=8, bound=5.0):
        self.angles = tuple(bool(angle) for angle in angles)
        self.line, self.circle = Spline(bins, bound), CircularSpline(bins)
        self.size, self.period = self.circle.size, self.circle.period

    def forward(self, z, parameters, features=None):
        return self._chosen(self.circle.forward, self.line.forward, z, parameters, features)

    def inverse(self, x, parameters, features=None):
        return self._chosen(self.circle.inverse, self.line.inverse, x, parameters, features)

    def _chosen(self, circle, line, values, parameters, features):
        angles = tf.constant(self.angles)
        angles = angles if features is None else tf.gather(angles, features)
        of_angles, of_others = circle(values, parameters), line(values, parameters[..., : self.line.size])
        return tuple(tf.where(angles, one, other) for one, other in zip(of_angles, of_others, strict=True))


def angles_of(univariate, features):
    """The places of the features that are angles, of so many."""
    return frozenset(np.flatnonzero(np.broadcast_to(univariate.angles, features)).tolist())


def on_circles(x, angles, period):
    """What a network is shown: cosines of angles in their places, and their sines behind; other features as they are.

    Args:
        x: [..., features].
        angles: a truth value for each feature.
        period: of the angles.
    """
    places = np.flatnonzero(angles)
    if not places.size:
        return x
    turned = x * (2 * np.pi / period)
    shown = tf.cos(turned) if np.all(angles) else tf.where(tf.constant(angles), tf.cos(turned), x)
    return tf.concat([shown, tf.gather(tf.sin(turned), places, axis=-1)], axis=-1)


UNIVARIATES = {
    "shift": Shift,
    "affine": Affine,
    "spline": Spline,
    "circular_spline": CircularSpline,
    "mixed_spline": MixedSpline,
}


def univariate(name, **arguments):
    """The `Univariate` of that name; raises InputError for an unknown one."""
    if name not in UNIVARIATES:
        raise InputError(f"Unknown univariate map. Received: {name!r}. {closest(str(name), UNIVARIATES)}")
    return UNIVARIATES[name](**arguments)


def _checked_box(bins, bound):
    if not isinstance(bins, (int, np.integer)) or bins < 2:
        raise InputError(f"A spline has at least 2 bins. Received: bins={bins!r}.")
    if not bound > 0:
        raise InputError(f"A spline's box reaches from -bound to bound, so bound must be > 0. Received: {bound!r}.")
    return int(bins), float(bound)
