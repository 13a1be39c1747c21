"""How close restored images are to the clean ones: PSNR, SSIM, and PSNR inside a hole.

Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE
Transactions on Image Processing 13 (2004).
"""

import math

import tensorflow as tf

from ...core.errors import InputError
from ...core.types import Array

#: side of SSIM's Gaussian window, as in the paper
SSIM_WINDOW = 11


def psnr(clean: Array, restored: Array, max_val: float = 1.0) -> tf.Tensor:
    """Peak signal-to-noise ratio in dB, 10 log10(max_val^2 / mean squared error), of each example.

    Args:
        clean, restored: [batch, ...] of the same shape, values in [0, max_val].
        max_val: the largest value that a pixel can have.

    Returns:
        [batch] float32; infinite where both are equal.

    Raises:
        InputError: the shapes differ.

    Example:
        >>> import numpy as np
        >>> psnr(np.zeros([2, 4, 4, 1]), np.full([2, 4, 4, 1], 0.1)).numpy().round(3)
        array([20., 20.], dtype=float32)
    """
    clean, restored = _pair(clean, restored)
    error = tf.reduce_mean(_rows(tf.square(clean - restored)), axis=1)
    return 20 * math.log10(max_val) - _decibel(error)


def ssim(clean: Array, restored: Array) -> tf.Tensor:
    """Structural similarity of each image, at most 1.

    The window is the paper's Gaussian, 11 x 11 with standard deviation 1.5. An image with a side below 11 gets a window
    as large as its shorter side, so values for such images compare only with one another. Of larger ones it is
    scikit-image's with the paper's options (`gaussian_weights`, `sigma=1.5`, no sample covariance), in float32.

    Args:
        clean, restored: [batch, height, width, channels] of the same shape, values in [0, 1].

    Returns:
        [batch] float32, averaged over the channels.

    Raises:
        InputError: the shapes differ, or they are no images.

    Example:
        >>> import numpy as np
        >>> images = np.random.default_rng(0).random([2, 8, 8, 1])
        >>> ssim(images, images).numpy()
        array([1., 1.], dtype=float32)
    """
    clean, restored = _pair(clean, restored)
    if clean.shape.rank != 4:
        raise InputError(f"ssim takes images, [batch, height, width, channels]. Received: {list(clean.shape)}.")
    window = min(SSIM_WINDOW, *clean.shape[1:3])
    return tf.image.ssim(clean, restored, max_val=1.0, filter_size=window)


def hole_psnr(clean: Array, restored: Array, mask: Array) -> tf.Tensor:
    """PSNR in dB of each image over its missing pixels only, for values in [0, 1].

    Args:
        clean, restored: [batch, height, width, channels] of the same shape.
        mask: [batch or 1, height, width, 1], 1 where a pixel is known, 0 in the hole.

    Returns:
        [batch] float32; infinite where both are equal in the hole, NaN where there is no hole.

    Raises:
        InputError: the shapes do not go together.

    Example:
        >>> import numpy as np
        >>> mask = np.ones([1, 4, 4, 1])
        >>> mask[:, 1:3, 1:3] = 0
        >>> hole_psnr(np.zeros([1, 4, 4, 1]), 0.1 + mask, mask).numpy().round(3)
        array([20.], dtype=float32)
    """
    clean, restored = _pair(clean, restored)
    hole = 1 - tf.cast(mask, tf.float32)
    if clean.shape.rank != 4 or hole.shape.rank != 4 or hole.shape[1:] != (*clean.shape[1:3], 1):
        raise InputError(
            "hole_psnr takes images [batch, height, width, channels] and a mask [batch, height, width, 1]. "
            f"Received: {list(clean.shape)} and {list(hole.shape)}."
        )
    squares = _rows(tf.square(clean - restored) * hole)
    pixels = tf.reduce_sum(_rows(hole), axis=1) * clean.shape[-1]
    return -_decibel(tf.reduce_sum(squares, axis=1) / pixels)


def _pair(clean, restored):
    clean, restored = tf.cast(clean, tf.float32), tf.cast(restored, tf.float32)
    if clean.shape != restored.shape or clean.shape.rank < 2:
        raise InputError(
            "clean and restored must be batches of the same shape. "
            f"Received: {list(clean.shape)} and {list(restored.shape)}."
        )
    return clean, restored


def _rows(values):
    return tf.reshape(values, [tf.shape(values)[0], -1])


def _decibel(power):
    return 10 / math.log(10) * tf.math.log(power)
