"""Packing: a discriminator that judges several examples at once sees when they are all alike.

Lin, Khetan, Fanti and Oh, "PacGAN: The power of two samples in generative adversarial networks" (2018),
https://arxiv.org/abs/1712.04086.
"""

import tensorflow as tf


def pack(x, size):
    """Consecutive examples joined along the last axis: [batch, ..., channels] -> [packs, ..., size * channels].

    The last example fills up an incomplete pack.

    Example:
        >>> pack(tf.constant([[1], [2], [3]]), 2).numpy().tolist()
        [[1, 2], [3, 3]]
    """
    if size == 1:
        return x
    rows = tf.shape(x)[0]
    packs = None if x.shape[0] is None else -(-x.shape[0] // size)
    places = tf.minimum(tf.range(-(-rows // size) * size), rows - 1)
    parts = [tf.ensure_shape(tf.gather(x, places[first::size]), [packs, *x.shape[1:]]) for first in range(size)]
    return tf.concat(parts, axis=-1)


def unpack(values, size, rows):
    """What each of the `rows` examples gets of its pack's values: [packs, ...] -> [rows, ...].

    Example:
        >>> unpack(tf.constant([1.0, 2.0]), 2, 3).numpy().tolist()
        [1.0, 1.0, 2.0]
    """
    return values if size == 1 else tf.repeat(values, size, axis=0)[:rows]
