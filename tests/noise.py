"""Noise under control: what TensorFlow's random functions are replaced with where results are compared."""

import tensorflow as tf


def uniform(shape, *args, dtype=tf.float32, minval=0, maxval=1, **kwargs):
    shape = tf.convert_to_tensor(shape, tf.int32)
    if shape.shape == [0]:  # a scalar
        return tf.cast(0.5 * (minval + maxval), dtype)
    states = tf.range(1, 1 + tf.reduce_prod(shape[1:]), dtype=tf.int64)
    for _ in range(3):  # Park and Miller's generator, once a pixel
        states = 48271 * states % 2147483647
    row = tf.reshape(tf.cast(states / 2147483647, dtype), tf.concat([[1], shape[1:]], 0))
    return tf.broadcast_to(minval + (maxval - minval) * row, shape)


def normal(shape, *args, mean=0.0, stddev=1.0, dtype=tf.float32, **kwargs):
    return mean + stddev * tf.math.ndtri(uniform(shape, dtype=dtype))


def dropout(x, rate, *args, **kwargs):
    return tf.where(uniform(tf.shape(x)) >= rate, x / (1 - rate), tf.zeros_like(x))


def make_noise_the_same(replace=setattr):
    """Every random draw is the same for each row of a batch, at each step, on every replica and under XLA."""
    replace(tf.random, "stateless_uniform", uniform)
    replace(tf.random, "stateless_normal", normal)
    replace(tf.random, "stateless_truncated_normal", normal)
    replace(tf.nn.experimental, "stateless_dropout", dropout)
