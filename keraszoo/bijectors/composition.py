"""Transforms one after the other: the log-determinants add up."""

import tensorflow as tf


def inverse_through(transforms, x, context=None, training=False):
    """From data to latent through the list: z and log |det dz/dx| [batch]."""
    log_det = tf.zeros(tf.shape(x)[:1], x.dtype)
    for transform in transforms:
        x, change = transform.inverse_and_log_det(x, context, training)
        log_det += change
    return x, log_det


def forward_through(transforms, z, context=None, training=False):
    """From latent to data through the list, its last transform first: x and log |det dx/dz| [batch]."""
    log_det = tf.zeros(tf.shape(z)[:1], z.dtype)
    for transform in reversed(transforms):
        z, change = transform.forward_and_log_det(z, context, training)
        log_det += change
    return z, log_det


def adapt_through(transforms, x, context=None):
    """Starts each transform on what the adapted ones before it give; returns what the last one gives."""
    for transform in transforms:
        transform.adapt(x, context)
        x, _ = transform.inverse_and_log_det(x, context)
    return x
