"""Log-densities, summed over the latent dimensions."""

import math

import tensorflow as tf


def normal_log_prob(z, mean=0.0, log_var=0.0):
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
