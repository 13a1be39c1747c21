"""Noise under control: what TensorFlow's random functions are replaced with where results are compared."""

import functools

import tensorflow as tf

from keraszoo.core import replicas

BATCH = 16  # examples of the global batch in the laws about replicas


def uniform(shape, *args, dtype=tf.float32, minval=0, maxval=1, by_row=False, **kwargs):
    """Numbers that follow from their place alone: within a row, and with `by_row` in the global batch."""
    dtype, shape = tf.as_dtype(dtype), tf.convert_to_tensor(shape, tf.int32)
    of_one = tf.concat([[1], shape[1:]], 0) if shape.shape[0] else shape
    places = tf.range(tf.reduce_prod(of_one), dtype=tf.int64)
    places = 30011 * tf.reshape(places, of_one)
    if by_row and shape.shape[0]:
        row = tf.cast(_first_row(shape), tf.int64) + tf.range(tf.cast(shape[0], tf.int64))
        places += 1009 * tf.reshape(row, tf.concat([shape[:1], tf.ones_like(shape[1:])], 0))
    states = 1 + places
    for _ in range(3):  # Park and Miller's generator, once a number
        states = 48271 * (states % 2147483647) % 2147483647
    # Of 23 bits, so that a half stays exact: never 0 nor 1, where a normal draw is infinite.
    numbers = (tf.cast(states // 256, tf.float32) + 0.5) / 2**23
    numbers = tf.cast(numbers, dtype if dtype.is_floating else tf.float32)
    return tf.broadcast_to(tf.cast(minval + (maxval - minval) * numbers, dtype), shape)


def normal(shape, *args, mean=0.0, stddev=1.0, dtype=tf.float32, by_row=False, **kwargs):
    return mean + stddev * tf.math.ndtri(uniform(shape, dtype=dtype, by_row=by_row))


def dropout(x, rate, *args, by_row=False, **kwargs):
    return tf.where(uniform(tf.shape(x), by_row=by_row) >= rate, x / (1 - rate), tf.zeros_like(x))


def _first_row(shape):
    """The place in the global batch of the first row of a draw on this replica.

    A draw whose number of rows is known when the graph is made is none of examples, and the same on all replicas.
    """
    context = tf.distribute.get_replica_context()
    weights = getattr(replicas._step, "weights", None)  # of the examples of this replica, where shares can differ
    if context is None or weights is None or tf.zeros(shape).shape[0] is not None:
        return 0
    first = context.replica_id_in_sync_group * (BATCH // context.num_replicas_in_sync)
    return first * shape[0] // tf.shape(weights)[0]  # an example can have several rows, or share one


def control_noise(replace=setattr, by_row=False):
    """Every random draw follows from the places of its numbers: at each step, on every replica and under XLA.

    Args:
        replace: function (module, name, value).
        by_row: whether the rows of the global batch differ. Otherwise each row of a draw is the same.
    """
    random = {"stateless_uniform": uniform, "stateless_normal": normal, "stateless_truncated_normal": normal}
    for name, function in random.items():
        replace(tf.random, name, functools.partial(function, by_row=by_row))
    replace(tf.nn.experimental, "stateless_dropout", functools.partial(dropout, by_row=by_row))
