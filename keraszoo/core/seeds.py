"""Numbers that follow from seeds."""

import numpy as np
import tensorflow as tf

from .errors import InputError


def seed_pair(seed=None):
    """The seed of TensorFlow's stateless functions: the same for the same integer; None draws a new one in each call.

    It makes no variable, so it can be called inside a `tf.function`.

    Returns:
        [2] int64.

    Raises:
        InputError: for what is no integer of 64 bits.
    """
    if seed is None:
        return tf.random.uniform([2], 0, 2**31, tf.int64)
    if not (tf.is_tensor(seed) or np.ndim(seed) == 0 and np.asarray(seed).dtype.kind in "iu"):
        raise InputError(f"A seed is an integer of 64 bits, or None. Received: {seed!r}.")
    return tf.stack([tf.cast(seed, tf.int64), tf.zeros([], tf.int64)])


def normal_rows(seed, size):
    """Draws from N(0, I), one per row, each from its row's seed alone: a server may batch requests together.

    Args:
        seed: [batch] int64.
        size: length of each draw.

    Returns:
        [batch, size] float32.
    """

    def draw(row):
        return tf.random.stateless_normal([size], [row, 0], alg="philox")

    return tf.map_fn(draw, seed, fn_output_signature=tf.TensorSpec([size], tf.float32))


def uniform_rows(seed, size):
    """Draws from [0, 1), one row of `size` for each seed, from it alone: [batch] int64 -> [batch, size] float32."""

    def draw(row):
        return tf.random.stateless_uniform([size], [row, 0], alg="philox")

    return tf.map_fn(draw, seed, fn_output_signature=tf.TensorSpec([size], tf.float32))


def spread(size, count, seed=0):
    """Rows of `size`, in order, one drawn from each of `count` equal parts; all of them where there are no more.

    A sorted table is seen from its first row to its last, and one that repeats itself is not seen in step.

    Returns:
        [min(size, count)] int64.

    Example:
        >>> spread(3, 5).tolist(), len(spread(1000, 10)), bool((spread(1000, 10) // 100 == range(10)).all())
        ([0, 1, 2], 10, True)
    """
    if size <= count:
        return np.arange(size)
    places = (np.arange(count) + np.random.default_rng(seed).random(count)) * (size / count)
    return np.minimum(places.astype("int64"), size - 1)
