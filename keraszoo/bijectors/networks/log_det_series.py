"""The log-determinant of I + J, estimated from products with J.

Chen, Behrmann, Duvenaud and Jacobsen, "Residual Flows for Invertible Generative Modeling" (2019),
https://arxiv.org/abs/1906.02735.
"""

import keras
import numpy as np
import tensorflow as tf

from .hutchinson import probes

ALWAYS = 4  # terms
FURTHER = 40  # at most; more would follow with a probability of 2^-40


def log_det_series(product, x, seed):
    """An unbiased estimate of log det(I + J) for each example's J, whose norm is below 1: [batch].

    log det(I + J) = tr J - tr J^2 / 2 + tr J^3 / 3 - ..., and Hutchinson's estimate of all these traces takes one
    vector of random signs. The first terms are always there. After each, a coin decides whether another follows, for
    the whole batch alike; the k-th of those is there with probability 2^-k and counts 2^k times ("Russian roulette").

    Args:
        product: function v -> J v of a vector for each example [batch, features].
        x: [batch, features], for its shape and type.
        seed: a `keras.random.SeedGenerator`.
    """
    signs, lot = probes(x, seed), keras.random.uniform((), dtype=x.dtype, seed=seed)
    followers = tf.reduce_sum(tf.cast(lot < tf.constant(0.5 ** np.arange(1, FURTHER + 1), x.dtype), tf.int32))
    orders = np.arange(1, ALWAYS + FURTHER + 1)
    factors = tf.constant((-1.0) ** (orders + 1) / orders * 2.0 ** np.maximum(orders - ALWAYS, 0), x.dtype)

    def add_term(index, vector, total):
        vector = product(vector)
        return index + 1, vector, total + factors[index] * tf.reduce_sum(signs * vector, axis=1)

    terms = ALWAYS + followers
    values = (0, signs, tf.zeros_like(x[:, 0]))
    return tf.while_loop(lambda index, *_: index < terms, add_term, values, maximum_iterations=len(orders))[2]
