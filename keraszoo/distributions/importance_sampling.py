"""The likelihood of latent variable models by importance sampling.

Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders" (2016), https://arxiv.org/abs/1509.00519:
log p(x) is at least, and for many draws close to, log 1/K sum_k p(x, z_k) / q(z_k|x) with z_k from q(z|x).
"""

import functools
import math
import typing
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ..core.checks import positive_integers
from ..core.errors import InputError
from ..core.types import Array

PRECISIONS = ("float32", "bfloat16")
SHARE = 0.25  # of the sampling error: with it the whole error is 3 % more
MANY = 8  # blocks of draws, of which two more tell whether bfloat16 is enough


class Likelihoods(typing.NamedTuple):
    """What importance sampling finds for each example.

    Attributes:
        nll: [n] float32, -log 1/K sum_k w_k in nats: an upper bound of -log p(x), on average.
        error: [n] float32, its standard error over the draws of z in nats, by the delta method; large where a few draws
            carry the whole sum. None for one draw, whose error nobody knows.
    """

    nll: np.ndarray
    error: np.ndarray | None


def importance_sampled(
    log_weights: Callable, x: Array, latent_dim: int, samples: Array, seed: int = 0, rows: int = 4096
) -> Likelihoods:
    """-log p(x) of each example, from `samples` draws of its posterior.

    Args:
        log_weights: function of examples [m, ...] and noise from N(0, I) [m, count, latent_dim] that gives
            log p(x, z) - log q(z|x) of the draws z that the noise stands for, [m, count]. x may be a nested structure.
        x: [n, ...].
        latent_dim: length of one draw.
        samples: K, draws per example.
        seed: integer; the same seed gives the same values.
        rows: draws that are decoded at once, which bounds the memory.

    Returns:
        `Likelihoods`.

    Raises:
        InputError: no examples, or a count below 1.
    """
    return ImportanceSampler(log_weights, latent_dim)(x, samples, seed, rows)


class ImportanceSampler:
    """`importance_sampled` for several calls: its graphs are made when they are first needed.

    Args:
        log_weights, latent_dim: as for `importance_sampled`.
        coarse: None, or such a function as `log_weights` that computes faster, in bfloat16.
    """

    def __init__(self, log_weights: Callable, latent_dim: int, coarse: Callable | None = None) -> None:
        self.latent_dim = latent_dim
        self.sums = {
            name: self._graph(each) for name, each in zip(PRECISIONS, (log_weights, coarse), strict=True) if each
        }

    def __call__(
        self, x: Array, samples: Array, seed: int = 0, rows: int = 4096, precision: str | None = None
    ) -> Likelihoods:
        """`Likelihoods`, as `importance_sampled` gives them.

        Args:
            precision: "float32" or "bfloat16"; None: bfloat16 where there is a coarse function and its error, measured
                on the first draws, is below a `SHARE` of the sampling error; few draws are taken in float32.
        """
        samples, rows = positive_integers("samples", [samples])[0], positive_integers("rows", [rows])[0]
        x = tf.nest.map_structure(tf.convert_to_tensor, x)
        examples = len(tf.nest.flatten(x)[0])
        if not examples:
            raise InputError("A likelihood needs one example at least. Received: none.")
        images = min(examples, rows, max(16, rows // samples))
        images = -(-examples // -(-examples // images))  # parts of one size
        count = min(samples, max(1, rows // images))
        if precision is None:
            blocks = -(-samples // count) * -(-examples // images)
            coarse = blocks >= MANY and self._coarse_is_enough(x, images, count, samples, seed)
            precision = "bfloat16" if coarse else "float32"
        parts = [
            self._log_sums(precision, x, start, images, count, samples, seed) for start in range(0, examples, images)
        ]
        total, squares = np.concatenate(parts, axis=1)
        error = np.sqrt(_variance(total, squares, samples)).astype("float32") if samples > 1 else None
        return Likelihoods((math.log(samples) - total).astype("float32"), error)

    def _coarse_is_enough(self, x, images, count, samples, seed):
        """Whether one block of draws differs by little in bfloat16, beside the error that all draws will have."""
        if "bfloat16" not in self.sums or count == 1:
            return False
        (exact, squares), (coarse, _) = (self._log_sums(name, x, 0, images, count, count, seed) for name in PRECISIONS)
        sampling = _variance(exact, squares, count) * (count / samples)
        return bool(np.mean(np.square(coarse - exact)) <= SHARE**2 * np.mean(sampling))

    def _log_sums(self, precision, x, start, images, count, samples, seed):
        """log sum_k w_k and log sum_k w_k^2 of the examples from `start` on: [2, m] float64."""
        numbers = (tf.constant(number) for number in (start, start + images, count, samples, seed))
        return self.sums[precision](x, *numbers).numpy().astype("float64")

    def _graph(self, log_weights):
        def sums(x, start, end, count, samples, seed):
            x = tf.nest.map_structure(lambda values: values[start:end], x)
            size = tf.shape(tf.nest.flatten(x)[0])[0]

            def add(first, total, squares):
                own_seed = tf.random.experimental.stateless_fold_in([seed, start], first)
                noise = tf.random.stateless_normal([size, count, self.latent_dim], own_seed)
                weights = tf.where(first + tf.range(count) < samples, log_weights(x, noise), -math.inf)
                return first + count, _log_add(total, weights), _log_add(squares, 2.0 * weights)

            none = tf.fill([size], -math.inf)
            return tf.stack(tf.while_loop(lambda first, *_: first < samples, add, (0, none, none))[1:])

        # A partial, as TensorFlow takes these of all samplers for one function and warns that it is traced often.
        return tf.function(functools.partial(sums), reduce_retracing=True, autograph=False)


def _variance(total, squares, samples):
    """The squared standard error of log sum_k w_k: that of w / (mean w) over the draws, over their number."""
    return np.maximum(samples * np.exp(squares - 2 * total) - 1, 0.0) / (samples - 1)


def _log_add(total, log_values):
    """log(exp(total) + the sum over the last axis of exp(log_values))."""
    return tf.reduce_logsumexp(tf.concat([total[:, None], log_values], axis=1), axis=1)
