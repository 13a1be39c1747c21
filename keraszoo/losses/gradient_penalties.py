"""Penalties on the discriminator's gradient with respect to its input."""

from collections.abc import Callable

import tensorflow as tf

from ..core.types import Array


def squared_gradient_norm(critic: Callable, x: Array) -> tf.Tensor:
    """The squared 2-norm, over all axes but the batch, of each example's d critic(x) / dx: [batch] float32.

    It is itself differentiable.

    Args:
        critic: [batch, ...] -> [batch], each example judged alone.
        x: [batch, ...] float32.

    Example:
        >>> squared_gradient_norm(lambda x: tf.linalg.matvec(x, [3.0, 4.0]), tf.zeros([1, 2])).numpy()
        array([25.], dtype=float32)
    """
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        judged = tf.reduce_sum(tf.cast(critic(x), tf.float32))
    gradient = tf.cast(tape.gradient(judged, x), tf.float32)
    return tf.reduce_sum(tf.square(gradient), axis=list(range(1, gradient.shape.rank)))


def lipschitz_penalty(squared_norm: Array, target: float = 1.0) -> tf.Tensor:
    """(norm - target)^2 of squared gradient norms [batch]: what WGAN-GP takes at points between real and generated.

    Gulrajani et al., "Improved Training of Wasserstein GANs" (2017), https://arxiv.org/abs/1704.00028. A norm of 0
    has a gradient too.
    """
    smallest = 1e-12
    return tf.square(tf.sqrt(squared_norm + smallest) - target)


def between(real, fake, position):
    """Points on the lines between pairs of examples: [batch, ...], `position` [batch] from 0, the fake, to 1."""
    position = tf.reshape(position, [-1] + [1] * (real.shape.rank - 1))
    return fake + position * (real - fake)
