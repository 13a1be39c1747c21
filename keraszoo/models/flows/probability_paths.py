"""Paths from noise to data, along which a velocity is learned.

Lipman, Chen, Ben-Hamu, Nickel and Le, "Flow Matching for Generative Modeling" (2023), https://arxiv.org/abs/2210.02747;
Albergo and Vanden-Eijnden, "Building Normalizing Flows with Stochastic Interpolants" (2023),
https://arxiv.org/abs/2209.15571.
"""

import math

import tensorflow as tf


def optimal_transport(noise, x, time):
    """The straight line at constant speed, Lipman et al.'s path with sigma_min = 0.

    It is the optimal transport from the noise to one example; their mixture over all examples is not.

    Args:
        noise, x: [batch, features].
        time: [batch, 1] in [0, 1].

    Returns:
        Where the path is at that time, and its velocity there: [batch, features] each.

    Example:
        >>> place, velocity = optimal_transport(tf.zeros([1, 1]), tf.fill([1, 1], 4.0), tf.constant([[0.25]]))
        >>> float(place[0, 0]), float(velocity[0, 0])
        (1.0, 4.0)
    """
    return noise + time * (x - noise), x - noise


def variance_preserving(noise, x, time):
    """The quarter circle cos(pi t / 2) noise + sin(pi t / 2) x: of noise and data of variance 1 it keeps the variance.

    Albergo and Vanden-Eijnden's; unlike the path of a diffusion its speed is bounded, and it begins in pure noise.

    Args:
        noise, x, time: as for `optimal_transport`.

    Example:
        >>> place, velocity = variance_preserving(tf.zeros([1, 1]), tf.ones([1, 1]), tf.ones([1, 1]))
        >>> float(place[0, 0]), abs(float(velocity[0, 0])) < 1e-6
        (1.0, True)
    """
    angle = math.pi / 2 * time
    cosine, sine = tf.cos(angle), tf.sin(angle)
    return cosine * noise + sine * x, math.pi / 2 * (cosine * x - sine * noise)


PATHS = {"optimal_transport": optimal_transport, "variance_preserving": variance_preserving}
