"""Normal distributions of codes: the standard one as a prior, and diagonal ones as posteriors."""

import math
from typing import Self

import keras
import tensorflow as tf

from ..core.seeds import normal_rows, seed_pair
from ..core.types import Array
from .prior import Prior


def normal_log_prob(z: Array, mean: Array | float = 0.0, log_var: Array | float = 0.0) -> tf.Tensor:
    """log N(z; mean, exp(log_var)) of a diagonal Gaussian, in nats; of the standard normal by default.

    Args:
        z: [..., d].
        mean, log_var: broadcastable to it; log_var is the logarithm of the *variance*.

    Returns:
        [...]: the sum over the last axis.

    Example:
        >>> float(normal_log_prob(tf.zeros([1, 2]))[0])  # -log 2 pi
        -1.837877...
    """
    squares = tf.square(z - mean) * tf.exp(-tf.convert_to_tensor(log_var, tf.float32))
    return -0.5 * tf.reduce_sum(squares + log_var + math.log(2 * math.pi), axis=-1)


class StandardNormal(Prior):
    """N(0, I), the prior of codes.

    Args:
        size: number of units, >= 1.

    Example:
        >>> prior = StandardNormal(2)
        >>> prior.log_prob(prior.sample(4, seed=0)).shape
        TensorShape([4])
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def of_normal(self, normal: Array) -> tf.Tensor:
        """Draws of this distribution from draws of N(0, I), [..., size]."""
        return normal

    def sample(self, count: int, seed: int | None = None, temperature: float = 1.0) -> tf.Tensor:
        """Draws [count, size] float32.

        Args:
            count: how many.
            seed: integer; the same seed gives the same draws. None: new ones each time.
            temperature: how many times as far from 0.
        """
        return self.of_normal(temperature * tf.random.stateless_normal([count, self.size], seed_pair(seed)))

    def sample_rows(self, seed: Array, temperature: Array) -> tf.Tensor:
        """A draw for each seed, from its own alone: [batch] int64, [batch] -> [batch, size] float32."""
        return self.of_normal(temperature[:, None] * normal_rows(seed, self.size))

    def log_prob(self, z: Array) -> tf.Tensor:
        """In nats: [..., size] -> [...] float32."""
        return normal_log_prob(z)


class StandardUniform(StandardNormal):
    """The uniform distribution on [-1, 1]^size, made of normal draws."""

    def of_normal(self, normal: Array) -> tf.Tensor:
        return tf.math.erf(normal / math.sqrt(2.0))

    def log_prob(self, z: Array) -> tf.Tensor:
        inside = tf.reduce_all(tf.abs(tf.cast(z, tf.float32)) <= 1.0, axis=-1)
        return tf.where(inside, -self.size * math.log(2.0), -math.inf)


class DiagonalNormal:
    """N(mean, diag exp(log_var)) for each row of a batch, such as a VAE's posterior q(z|x).

    Args:
        loc: means, [batch, d].
        log_var: logarithms of the variances, [batch, d].

    Example:
        >>> q = DiagonalNormal(tf.zeros([3, 2]), tf.zeros([3, 2]))
        >>> q.sample(5, seed=0).shape, q.log_prob(q.mean()).shape
        (TensorShape([5, 3, 2]), TensorShape([3]))
    """

    def __init__(self, loc: Array, log_var: Array) -> None:
        self.loc, self.log_var = loc, log_var

    @classmethod
    def of_output(cls, output: Array) -> Self:
        """From an encoder's output, [batch, 2 d]: means, then log-variances."""
        return cls(*tf.split(tf.cast(output, tf.float32), 2, axis=-1))

    def mean(self) -> tf.Tensor:
        """[batch, d]."""
        return self.loc

    def variance(self) -> tf.Tensor:
        """[batch, d]."""
        return tf.exp(self.log_var)

    def stddev(self) -> tf.Tensor:
        """[batch, d]."""
        return tf.exp(0.5 * self.log_var)

    def center(self) -> tf.Tensor:
        """The code that stands for all others, the mean: [batch, d]."""
        return self.loc

    def log_prob(self, z: Array) -> tf.Tensor:
        """In nats: [..., batch, d] -> [..., batch] float32."""
        return normal_log_prob(z, self.loc, self.log_var)

    def sample(self, count: int | None = None, seed: int | None = None) -> tf.Tensor:
        """Draws: [count, batch, d], or [batch, d] for no count."""
        lead = [] if count is None else [count]
        noise = tf.random.stateless_normal(tf.concat([lead, tf.shape(self.loc)], 0), seed_pair(seed))
        return self.loc + self.stddev() * noise

    def draw(self, noise: keras.random.SeedGenerator) -> tuple[tf.Tensor, tf.Tensor]:
        """A reparameterised draw for each row, from a SeedGenerator, and its log-density: [batch, d], [batch]."""
        normal = keras.random.normal(tf.shape(self.loc), dtype="float32", seed=noise)
        z = self.loc + self.stddev() * normal
        return z, self.log_prob(z)

    def draws(self, normal: Array) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws from noise of N(0, I), [batch, count, d], and their log-densities, [batch, count]."""
        loc, log_var = self.loc[:, None], self.log_var[:, None]
        z = loc + tf.exp(0.5 * log_var) * normal
        return z, normal_log_prob(z, loc, log_var)
