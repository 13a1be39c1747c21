"""Divergences between distributions, summed over the latent dimensions."""

import tensorflow as tf

from ..core.types import Array


def normal_kl(
    mean: Array, log_var: Array, prior_mean: Array | float = 0.0, prior_log_var: Array | float = 0.0
) -> tf.Tensor:
    """KL(N(mean, exp(log_var)) || N(prior_mean, exp(prior_log_var))) of diagonal Gaussians, in nats.

    Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), appendix B.

    Args:
        mean, log_var: [..., d]; log_var is the logarithm of the *variance*.
        prior_mean, prior_log_var: broadcastable to them; the standard normal by default.

    Returns:
        [...]: the sum over the last axis.

    Example:
        >>> import numpy as np
        >>> float(normal_kl(np.zeros([1, 1]), np.zeros([1, 1]), prior_log_var=2 * np.log(2.0))[0])  # sd 1 against sd 2
        0.318147...
    """
    mean, log_var = tf.cast(mean, tf.float32), tf.cast(log_var, tf.float32)
    prior_mean, prior_log_var = tf.cast(prior_mean, tf.float32), tf.cast(prior_log_var, tf.float32)
    difference = log_var - prior_log_var
    return 0.5 * tf.reduce_sum(
        tf.exp(difference) + tf.square(mean - prior_mean) * tf.exp(-prior_log_var) - 1.0 - difference, axis=-1
    )
