"""What hides a lens's chromatic aberration: it tells where in a photograph a patch was, whatever the patch shows.

Doersch, Gupta and Efros, "Unsupervised Visual Representation Learning by Context Prediction" (2015), section 3.1,
https://arxiv.org/abs/1505.05192.
"""

import numpy as np
import tensorflow as tf

NOISE = 0.01  # standard deviation of a dropped channel, of that of the one that is kept
GREEN_MAGENTA = np.array([-1.0, 2.0, -1.0])
#: subtracts a colour's part along the axis from green to magenta: I - a'a / aa'
PROJECTION = np.eye(3) - np.outer(GREEN_MAGENTA, GREEN_MAGENTA) / np.sum(GREEN_MAGENTA**2)


def keep_one_channel(x, draws, noise, middle=0.5):
    """All channels but one replaced by faint noise.

    Args:
        x: [batch, height, width, channels].
        draws: [batch] from [0, 1), which channel is kept.
        noise: as x, from N(0, 1); times a hundredth of the kept channel's standard deviation.
        middle: mean of the noise.

    Example:
        >>> x = tf.reshape(tf.range(12.0), [1, 2, 2, 3])
        >>> keep_one_channel(x, tf.constant([0.5]), tf.zeros_like(x)).numpy()[0, 0]
        array([[0.5, 1. , 0.5],
               [0.5, 4. , 0.5]], dtype=float32)
    """
    channels = x.shape[-1]
    kept = tf.one_hot(tf.cast(draws * channels, tf.int32), channels)[:, None, None]
    sd = tf.math.reduce_std(tf.reduce_sum(x * kept, axis=-1), axis=[1, 2])[:, None, None, None]
    return kept * x + (1 - kept) * (middle + NOISE * sd * noise)


def project_green_magenta(x):
    """Colours without their part along the axis from green to magenta: [..., 3] -> [..., 3].

    Example:
        >>> project_green_magenta(tf.constant([[0.5, 0.5, 0.5], [0.0, 1.0, 0.0]])).numpy().round(3)
        array([[0.5  , 0.5  , 0.5  ],
               [0.333, 0.333, 0.333]], dtype=float32)
    """
    return tf.tensordot(x, tf.constant(PROJECTION, x.dtype), 1)
