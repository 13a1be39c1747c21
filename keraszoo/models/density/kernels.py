"""Kernels of kernel density estimation: densities that fall with the distance, of the names that scikit-learn has."""

import math
from typing import Any

import numpy as np
import tensorflow as tf
from scipy import integrate, special
from tensorflow_probability.python.math import interp_regular_1d_grid

TABLE = 4096  # quantiles by which distances are drawn


class Gaussian:
    """exp(-r^2 / 2).

    Attributes:
        reach: bandwidths on one side beyond which there is no more than about a thousandth of a kernel.
    """

    reach = 3.0

    def log_profile(self, squares):
        """log of the kernel, up to a constant, at squared distances in units of the bandwidth."""
        return -0.5 * squares

    def log_constant(self, size):
        """What is added for an integral of 1 over vectors of that size."""
        return -0.5 * size * math.log(2.0 * math.pi)

    def draws(self, normal, uniform):
        """Draws [n, size] from as many of N(0, 1) and of [0, 1]."""
        return normal


class Exponential:
    """exp(-r)."""

    reach = 6.0

    def log_profile(self, squares):
        return -tf.sqrt(squares)

    def log_constant(self, size):
        return -_log_sphere(size) - float(special.gammaln(size))

    def draws(self, normal, uniform):
        uniform = tf.maximum(uniform, np.finfo(uniform.dtype.as_numpy_dtype).tiny)
        return _direction(normal) * -tf.reduce_sum(tf.math.log(uniform), axis=1, keepdims=True)


class Compact:
    """A profile on [0, 1), and 0 beyond.

    Args:
        profile: function of numbers r, of numpy or TensorFlow.
    """

    reach = 1.0

    def __init__(self, profile):
        self.profile = profile

    def log_profile(self, squares):
        inside = squares < 1.0
        return tf.where(inside, tf.math.log(self.profile(tf.sqrt(tf.where(inside, squares, 0.0)))), -math.inf)

    def log_constant(self, size):
        value = integrate.quad(lambda r: r ** (size - 1) * float(self.profile(r)), 0.0, 1.0, epsabs=0.0)[0]
        return -_log_sphere(size) - math.log(value)

    def draws(self, normal, uniform):
        size, r = normal.shape[1], np.linspace(0.0, 1.0, 16 * TABLE)
        density = r ** (size - 1) * np.asarray(self.profile(r))
        below = integrate.cumulative_trapezoid(density, r, initial=0.0)
        table = tf.constant(np.interp(np.linspace(0.0, 1.0, TABLE), below / below[-1], r), uniform.dtype)
        return _direction(normal) * interp_regular_1d_grid(uniform[:, :1], 0.0, 1.0, table)


#: of the cosine, scikit-learn's normalisation is another in 2, 4, ... dimensions: its kernel does not integrate to 1
KERNELS: dict[str, Any] = {
    "gaussian": Gaussian(),
    "exponential": Exponential(),
    "tophat": Compact(lambda r: 1.0 + 0.0 * r),
    "epanechnikov": Compact(lambda r: 1.0 - r**2),
    "linear": Compact(lambda r: 1.0 - r),
    "cosine": Compact(lambda r: tf.cos(0.5 * math.pi * r)),
}


def _log_sphere(size):
    """log of the surface of the unit ball of vectors of that size."""
    return math.log(2.0) + 0.5 * size * math.log(math.pi) - float(special.gammaln(0.5 * size))


def _direction(normal):
    return normal / tf.maximum(tf.norm(normal, axis=1, keepdims=True), 1e-20)
