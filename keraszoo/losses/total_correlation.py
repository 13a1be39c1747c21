"""The total correlation of codes, estimated from the posteriors of one batch.

Chen, Li, Grosse and Duvenaud, "Isolating Sources of Disentanglement in Variational Autoencoders" (2018),
https://arxiv.org/abs/1802.04942, appendix C.
"""

import math
from typing import Any

import tensorflow as tf

from ..core.errors import InputError, closest
from ..core.types import Array

ESTIMATORS = ("stratified", "weighted")


def total_correlation(
    z: Array, mean: Array, log_var: Array, size: int, *, first: Any = 0, estimator: str = "stratified"
) -> tf.Tensor:
    """log q(z) - sum_j log q(z_j) of each draw, q the mean of the posteriors of all `size` training examples, in nats.

    Its mean over draws is KL(q(z) || prod_j q(z_j)), the total correlation of the code; beta-TC-VAE multiplies it by
    beta. An estimate can be negative.

    Both logarithms depend on the other examples of the batch. On several replicas each passes its own draws and the
    posteriors of all of them, and gets the terms that one replica would:

        all_means, first = global_rows(mean)
        all_log_vars, _ = global_rows(log_var)
        terms = total_correlation(z, all_means, all_log_vars, size, first=first)

    with `keraszoo.core.replicas.global_rows`, through which gradients flow to all replicas.

    Args:
        z: [rows, d], one draw from each of the posteriors `first` to `first + rows - 1`.
        mean, log_var: [batch, d], the posteriors of the whole batch, of at least 2 different examples.
        size: number of training examples, at least `batch`.
        first: integer; which posterior is that of z[0].
        estimator: see `aggregate_log_weights`.

    Returns:
        [rows] float32.

    Raises:
        InputError: unknown estimator, or more posteriors than training examples.

    Example:
        >>> z = tf.constant([[0.0, 0.0], [1.0, 1.0]])
        >>> narrow = tf.fill([2, 2], -8.0)  # two examples in all, whose two units are equal
        >>> total_correlation(z, z, narrow, size=2).numpy().round(4)  # log 2
        array([0.6931, 0.6931], dtype=float32)
    """
    together, apart = aggregate_log_densities(z, mean, log_var, size, first=first, estimator=estimator)
    return together - tf.reduce_sum(apart, axis=1)


def aggregate_log_densities(
    z: Array, mean: Array, log_var: Array, size: int, *, first: Any = 0, estimator: str = "stratified"
) -> tuple[tf.Tensor, tf.Tensor]:
    """log q(z) and each log q(z_j) of each draw, q the mean of the posteriors of all `size` training examples, in nats.

    Args:
        z, mean, log_var, size, first, estimator: as for `total_correlation`, with the same errors.

    Returns:
        [rows] and [rows, d], float32.

    Example:
        >>> z = tf.constant([[0.0], [0.0]])  # two examples, whose posterior is the prior
        >>> aggregate_log_densities(z, z, z, size=2)[0].numpy().round(4)  # -log(2 pi) / 2
        array([-0.9189, -0.9189], dtype=float32)
    """
    z, mean, log_var = (tf.cast(values, tf.float32) for values in (z, mean, log_var))
    weights = aggregate_log_weights(tf.shape(z)[0], tf.shape(mean)[0], size, first=first, estimator=estimator)
    if mean.shape[0] is not None and mean.shape[0] > size:
        raise InputError(f"The batch is a part of the training examples. Received: {mean.shape[0]} of size={size}.")
    squares = tf.square(z[:, None] - mean) * tf.exp(-log_var)
    log_q = -0.5 * (squares + log_var + math.log(2 * math.pi))  # [rows, batch, d]
    together = tf.reduce_logsumexp(weights + tf.reduce_sum(log_q, axis=2), axis=1)
    return together, tf.reduce_logsumexp(weights[..., None] + log_q, axis=1)


def aggregate_log_weights(
    rows: Any, batch: Any, size: int, *, first: Any = 0, estimator: str = "stratified"
) -> tf.Tensor:
    """The logarithms of the weights with which posteriors of a batch stand for those of all training examples.

    q(z) = 1/size sum_n q(z|x_n) is estimated by sum_j weight_ij q(z_i|x_j), where z_i comes from posterior first + i.
    With M = batch - 1:

    - "stratified" (minibatch-stratified sampling, Chen et al., C.2): 1 / size for its own posterior, on the diagonal,
      (size - M) / (size M) for one other, here the next one of the batch, and 1 / M for the rest. The weights of a draw
      sum to 1, and the estimate has the expected value q(z).
    - "weighted" (minibatch-weighted sampling, C.1): 1 / (size batch) for all of them. Its expected value is less.

    Args:
        rows, batch, size, first, estimator: as for `total_correlation`.

    Returns:
        [rows, batch] float32.

    Raises:
        InputError: unknown estimator.

    Example:
        >>> tf.exp(aggregate_log_weights(3, 3, 10)).numpy().round(3)
        array([[0.1, 0.4, 0.5],
               [0.5, 0.1, 0.4],
               [0.4, 0.5, 0.1]], dtype=float32)
    """
    if estimator not in ESTIMATORS:
        raise InputError(f"Unknown estimator. Received: {estimator!r}. {closest(str(estimator), ESTIMATORS)}")
    size, count = tf.cast(size, tf.float32), tf.cast(batch, tf.float32)
    if estimator == "weighted":
        return tf.fill([rows, batch], -tf.math.log(size * count))
    others = tf.maximum(count - 1.0, 1.0)
    own = first + tf.range(rows)
    next_one = (own + 1) % batch
    weights = tf.fill([rows, batch], 1.0 / others)
    weights = _put(weights, next_one, (size - others) / (size * others))
    return tf.math.log(_put(weights, own, 1.0 / size))


def _put(weights, columns, value):
    """`weights` with `value` at one column of each row."""
    here = tf.one_hot(columns, tf.shape(weights)[1])
    return weights * (1.0 - here) + value * here
