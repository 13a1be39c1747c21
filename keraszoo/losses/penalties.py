"""Penalties on a code: sparsity and contraction."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from ..core.types import Array


def kl_sparsity(mean_activation: Array, target: float) -> tf.Tensor:
    """KL(Bernoulli(target) || Bernoulli(mean activation)), summed over the units: [units] -> scalar float32.

    Ng, "Sparse autoencoder", CS294A lecture notes (2011). The mean over the batch is taken *before*: the units are to
    be active in a share `target` of the examples, not each of them a little.

    Args:
        mean_activation: [units] in [0, 1]; finite at both ends.
        target: the wished share, 0 < target < 1.

    Example:
        >>> round(float(kl_sparsity(tf.constant([0.5]), 0.05)), 4)
        0.4946
    """
    smallest = 1e-7
    q = tf.clip_by_value(tf.cast(mean_activation, tf.float32), smallest, 1.0 - smallest)
    on = tf.math.xlogy(target, target / q)
    off = tf.math.xlogy(1.0 - target, (1.0 - target) / (1.0 - q))
    return tf.reduce_sum(on + off)


def l1(code: Array) -> tf.Tensor:
    """The sum of absolute values of each example's code: [batch, ...] -> [batch] float32."""
    code = tf.cast(code, tf.float32)
    return tf.reduce_sum(tf.abs(code), axis=tf.range(1, tf.rank(code)))


def squared_jacobian_norm(function: Callable, x: Array, probes: int | None = None, seed: Any = None) -> tf.Tensor:
    """The squared Frobenius norm of d function(x) / dx of each example: [batch] float32, itself differentiable.

    Rifai et al., "Contractive Auto-Encoders: Explicit Invariance During Feature Extraction", ICML 2011. It sums over
    units and inputs the squares of single derivatives; the gradient of the summed units would mix them.

    Args:
        function: [batch, ...] -> [batch, ...], each row of its own alone, of any depth.
        x: [batch, ...] float.
        probes: None for the exact norm, which costs a backward pass per unit; or how many random signs v to draw, of
            which each costs one: E |v J|^2 is the norm (Hutchinson's estimator).
        seed: a `keras.random.SeedGenerator` for the probes.

    Example:
        >>> x = tf.ones([1, 2])
        >>> squared_jacobian_norm(lambda x: tf.linalg.matmul(x, [[1.0, 2.0], [3.0, 4.0]]), x).numpy()
        array([30.], dtype=float32)
    """
    x = tf.convert_to_tensor(x)
    with tf.GradientTape(persistent=probes is not None) as tape:
        tape.watch(x)
        code = tf.cast(function(x), tf.float32)
        products = []
        for _ in range(probes or 0):
            signs = tf.sign(keras.random.uniform(tf.shape(code), -1.0, 1.0, dtype="float32", seed=seed))
            products.append(tf.reduce_sum(signs * code))
    if probes is None:
        return _sum_of_squares(tape.batch_jacobian(code, x))
    return tf.add_n([_sum_of_squares(tape.gradient(product, x)) for product in products]) / probes


def _sum_of_squares(values):
    values = tf.cast(values, tf.float32)
    return tf.reduce_sum(tf.square(values), axis=tf.range(1, tf.rank(values)))
