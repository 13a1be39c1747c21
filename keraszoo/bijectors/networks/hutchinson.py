"""Probes that estimate the trace of a matrix from its products with them.

Hutchinson, "A Stochastic Estimator of the Trace of the Influence Matrix for Laplacian Smoothing Splines" (1990),
https://doi.org/10.1080/03610919008812866.
"""

import keras
import tensorflow as tf


def probes(x, seed):
    """Vectors v of random signs, for which the mean of v^T A v is tr A, of x's shape [batch, features] and type.

    Args:
        seed: a `keras.random.SeedGenerator`.
    """
    return tf.where(keras.random.uniform(tf.shape(x), dtype=x.dtype, seed=seed) < 0.5, -tf.ones_like(x), 1.0)
