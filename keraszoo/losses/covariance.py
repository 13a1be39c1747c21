"""Penalties on the covariance of codes: DIP-VAE.

Kumar, Sattigeri and Balakrishnan, "Variational Inference of Disentangled Latent Concepts from Unlabeled Observations"
(2018), https://arxiv.org/abs/1711.00848.
"""

import tensorflow as tf

from ..core.replicas import global_mean
from ..core.types import Array


def code_covariance(mean: Array, log_var: Array | None = None) -> tf.Tensor:
    """The covariance of the codes of the global batch: the same [d, d] on every replica, differentiable on all.

    With `mean` alone it is Cov(E[z|x]), which DIP-VAE-I takes. With `log_var` it is Cov(z) = Cov(E[z|x]) + E[Var(z|x)],
    which DIP-VAE-II takes.

    Args:
        mean: [batch, d], of this replica's examples.
        log_var: [batch, d], the logarithms of the posteriors' variances, or None.

    Returns:
        [d, d] float32; the sum over the examples is divided by their number.

    Example:
        >>> code_covariance(tf.constant([[1.0, 2.0], [-1.0, -2.0]])).numpy()
        array([[1., 2.],
               [2., 4.]], dtype=float32)
    """
    mean = tf.cast(mean, tf.float32)
    centred = mean - global_mean(mean)
    covariance = global_mean(centred[:, :, None] * centred[:, None, :])
    if log_var is None:
        return covariance
    return covariance + tf.linalg.diag(global_mean(tf.exp(tf.cast(log_var, tf.float32))))


def identity_penalty(covariance: Array, off_diagonal: float, diagonal: float) -> tf.Tensor:
    """How far a covariance is from the identity: off_diagonal sum_{i != j} C_ij^2 + diagonal sum_i (C_ii - 1)^2.

    DIP-VAE adds it to the loss. The paper weighs the diagonal 10 times (I) or once (II) as much as the rest.

    Args:
        covariance: [d, d], what `code_covariance` returns.
        off_diagonal, diagonal: the weights.

    Returns:
        A scalar, float32.

    Example:
        >>> float(identity_penalty(tf.constant([[3.0, 2.0], [2.0, 1.0]]), off_diagonal=1.0, diagonal=10.0))
        48.0
    """
    covariance = tf.cast(covariance, tf.float32)
    variances = tf.linalg.diag_part(covariance)
    others = tf.reduce_sum(tf.square(covariance - tf.linalg.diag(variances)))
    return off_diagonal * others + diagonal * tf.reduce_sum(tf.square(variances - 1.0))
