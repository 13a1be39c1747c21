"""The likelihood of latent variable models by importance sampling.

Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders" (2016), https://arxiv.org/abs/1509.00519:
log p(x) is at least, and for many draws close to, log 1/K sum_k p(x, z_k) / q(z_k|x) with z_k from q(z|x).
"""

import math
import typing
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ..core.checks import positive_integers
from ..core.errors import InputError
from ..core.types import Array


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
    samples, rows = positive_integers("samples", [samples])[0], positive_integers("rows", [rows])[0]
    examples = len(tf.nest.flatten(x)[0])
    if not examples:
        raise InputError("A likelihood needs one example at least. Received: none.")
    images = min(examples, rows, max(16, rows // samples))
    images = -(-examples // -(-examples // images))  # parts of one size
    count = min(samples, max(1, rows // images))

    @tf.function(autograph=False)
    def sums(part, start):
        """log sum_k w_k and log sum_k w_k^2 of some examples: two [m] vectors."""
        size = tf.shape(tf.nest.flatten(part)[0])[0]

        def add(first, total, squares):
            own_seed = tf.random.experimental.stateless_fold_in([seed, start], first)
            noise = tf.random.stateless_normal([size, count, latent_dim], own_seed)
            weights = tf.where(first + tf.range(count) < samples, log_weights(part, noise), -math.inf)
            return first + count, _log_add(total, weights), _log_add(squares, 2.0 * weights)

        none = tf.fill([size], -math.inf)
        return tf.while_loop(lambda first, *_: first < samples, add, (0, none, none))[1:]

    nll, variance = [], []
    for start in range(0, examples, images):
        here = slice(start, start + images)
        part = tf.nest.map_structure(lambda values, here=here: tf.convert_to_tensor(values[here]), x)
        total, squares = (values.numpy().astype("float64") for values in sums(part, tf.constant(start)))
        nll.append(math.log(samples) - total)
        variance.append(np.maximum(samples * np.exp(squares - 2 * total) - 1, 0.0))  # of w / (mean w), over the draws
    nll, variance = np.concatenate(nll), np.concatenate(variance)
    error = np.sqrt(variance / (samples - 1)).astype("float32") if samples > 1 else None
    return Likelihoods(nll.astype("float32"), error)


def _log_add(total, log_values):
    """log(exp(total) + the sum over the last axis of exp(log_values))."""
    return tf.reduce_logsumexp(tf.concat([total[:, None], log_values], axis=1), axis=1)
