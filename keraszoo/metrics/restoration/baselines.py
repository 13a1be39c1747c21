"""The classical restorations, which a learned one must beat, and the loss of resolution that one of them undoes."""

import numpy as np
import tensorflow as tf
from scipy import ndimage, signal

from ...core.errors import InputError
from ...core.types import Array


def median_filter(images: Array, size: int = 3) -> np.ndarray:
    """Each pixel replaced by the median of the size x size pixels around it, mirrored at the border.

    Args:
        images: [batch, height, width, channels]; each channel is filtered on its own.
        size: odd side of the window.

    Returns:
        An array of the same shape and dtype.

    Raises:
        InputError: no images, or a window without a middle.

    Example:
        >>> speck = np.zeros([1, 5, 5, 1])
        >>> speck[0, 2, 2] = 1
        >>> median_filter(speck).max()
        np.float64(0.0)
    """
    images, size = _images(images), _window(size)
    return ndimage.median_filter(images, size=(1, size, size, 1), mode="reflect")


def wiener_filter(images: Array, stddev: float, size: int = 3) -> np.ndarray:
    """Gaussian noise of a known strength removed by the local Wiener filter, mirrored at the border.

    Each pixel moves to the mean m of the size x size pixels around it, the further the less they differ: by s^2 / v
    where v is their variance, and s that of the noise alone; wholly where v is not above s^2. Lee, "Digital Image
    Enhancement and Noise Filtering by Use of Local Statistics", IEEE Transactions on Pattern Analysis and Machine
    Intelligence 2 (1980).

    Args:
        images: [batch, height, width, channels]; each channel is filtered on its own.
        stddev: of the noise, >= 0.
        size: odd side of the window.

    Returns:
        An array of the same shape.

    Raises:
        InputError: no images, or a window without a middle.

    Example:
        >>> wiener_filter(np.full([1, 5, 5, 1], 0.5), 0.1).mean().round(6)
        np.float64(0.5)
    """
    images, border = _images(images), _window(size) // 2
    mirrored = np.pad(images, [(0, 0), (border, border), (border, border), (0, 0)], mode="symmetric")
    with np.errstate(divide="ignore", invalid="ignore"):  # where all pixels are alike
        filtered = signal.wiener(mirrored, (1, size, size, 1), stddev**2)
    height, width = images.shape[1:3]
    return filtered[:, border : border + height, border : border + width]


def downsample(images: Array, factor: int) -> np.ndarray:
    """Smaller images: every pixel the mean of factor x factor pixels, as a coarser sensor would see them.

    Args:
        images: [batch, height, width, channels], height and width divisible by `factor`.
        factor: integer >= 1.

    Returns:
        [batch, height / factor, width / factor, channels] float32.

    Raises:
        InputError: no images, or a size that is not divisible.

    Example:
        >>> downsample(np.arange(4.0).reshape(1, 2, 2, 1), 2)[0, 0, 0]
        array([1.5], dtype=float32)
    """
    images, factor = _images(images), _factor(factor)
    count, height, width, channels = images.shape
    if height % factor or width % factor:
        raise InputError(f"Height and width must be divisible by {factor}. Received: {height}x{width}.")
    blocks = images.reshape(count, height // factor, factor, width // factor, factor, channels)
    return blocks.mean(axis=(2, 4), dtype="float32")


def bicubic(images: Array, factor: int) -> np.ndarray:
    """Larger images by bicubic interpolation (Keys 1981), clipped to [0, 1].

    Args:
        images: [batch, height, width, channels], values in [0, 1].
        factor: integer >= 1.

    Returns:
        [batch, factor * height, factor * width, channels] float32.

    Raises:
        InputError: no images, or another factor.

    Example:
        >>> bicubic(np.full([1, 4, 4, 3], 0.5), 2).shape
        (1, 8, 8, 3)
    """
    images, factor = _images(images), _factor(factor)
    size = (factor * images.shape[1], factor * images.shape[2])
    return np.clip(tf.image.resize(images, size, method="bicubic").numpy(), 0.0, 1.0)


def mean_image_fill(images: Array, mask: Array, mean: Array) -> np.ndarray:
    """The images with each hole filled from the mean image of the training data.

    Args:
        images: [batch, height, width, channels].
        mask: [batch or 1, height, width, 1], 1 where a pixel is known, 0 in the hole.
        mean: [height, width, channels].

    Returns:
        [batch, height, width, channels].

    Raises:
        InputError: shapes that do not go together.

    Example:
        >>> mean_image_fill(np.ones([1, 1, 2, 1]), np.array([1, 0]).reshape(1, 1, 2, 1), np.full([1, 2, 1], 0.25))[0, 0]
        array([[1.  ],
               [0.25]])
    """
    images, mask, mean = _images(images), np.asarray(mask), np.asarray(mean)
    shape = images.shape[1:]
    if mask.ndim != 4 or mask.shape[1:] != (*shape[:2], 1) or mean.shape != shape:
        raise InputError(
            f"Images of shape {list(shape)} need a mask [batch, {shape[0]}, {shape[1]}, 1] and a mean of their shape. "
            f"Received: mask {list(mask.shape)}, mean {list(mean.shape)}."
        )
    return np.where(mask > 0, images, mean)


def _images(images):
    images = np.asarray(images)
    if images.ndim != 4:
        raise InputError(f"Images are [batch, height, width, channels]. Received: {list(images.shape)}.")
    return images


def _window(size):
    if not isinstance(size, int) or size < 1 or size % 2 == 0:
        raise InputError(f"The filter's window must have an odd side of at least 1. Received: size={size!r}.")
    return size


def _factor(factor):
    if not isinstance(factor, int) or factor < 1:
        raise InputError(f"factor must be an integer >= 1. Received: {factor!r}.")
    return factor
