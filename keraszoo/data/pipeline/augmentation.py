"""Random transforms of a batch, for training only: an example that is drawn, turned or bent is a further example.

Each takes x [batch, height, width, channels] and draws anew for every example. Those that move pixels move a mask's
alike, because a draw depends on its place only and not on what it is for; `nearest` then keeps class labels unmixed.
"""

import math

import numpy as np
import tensorflow as tf
from scipy.interpolate import CubicSpline

from ...core.errors import InputError
from ..sources.image_shape import image_size, shape_of_images
from .resampling import resample

DIRECTIONS = ("horizontal", "vertical", "horizontal_and_vertical")


def random_crop(x, size, *, uniform):
    """A part of each image, [batch, *size, channels], from anywhere in it.

    Args:
        size: an integer or (height, width), at most the image's own.
    """
    height, width = image_size(size)
    rows, columns, _ = shape_of_images(x, "random_crop")
    if height > rows or width > columns:
        raise InputError(
            f"random_crop needs a size of at most the image's, {rows}x{columns}. Received: {height}x{width}."
        )
    draws = uniform([tf.shape(x)[0], 2])
    first = tf.cast(draws * [rows - height + 1.0, columns - width + 1.0], tf.int32)
    x = tf.gather(x, first[:, :1] + tf.range(height), axis=1, batch_dims=1)
    return tf.gather(x, first[:, 1:] + tf.range(width), axis=2, batch_dims=1)


def flip(x, direction="horizontal", *, uniform):
    """Each image or its mirror image, as likely.

    Args:
        direction: horizontal (left and right change places), vertical or horizontal_and_vertical (each on its own).
    """
    shape_of_images(x, "flip")
    if direction not in DIRECTIONS:
        raise InputError(f"flip takes a direction, {', '.join(DIRECTIONS)}. Received: {direction!r}.")
    draws = _each(uniform([tf.shape(x)[0], 2]) < 0.5)
    if "vertical" in direction:
        x = tf.where(draws[0], tf.reverse(x, [1]), x)
    if "horizontal" in direction:
        x = tf.where(draws[1], tf.reverse(x, [2]), x)
    return x


def rotate90(x, *, uniform):
    """Each image turned by 0, 90, 180 or 270 degrees, as likely; images must be square."""
    height, width, _ = shape_of_images(x, "rotate90")
    if height != width:
        raise InputError(f"rotate90 takes square images: the others would change shape. Received: {height}x{width}.")
    draws = uniform([tf.shape(x)[0], 2])
    half, quarter = _each(draws < 0.5)
    x = tf.where(half, tf.reverse(x, [1, 2]), x)
    return tf.where(quarter, tf.reverse(tf.transpose(x, [0, 2, 1, 3]), [1]), x)


def rotate(x, degrees, *, uniform, nearest=False):
    """Each image turned about its centre by a random angle, with mirrored borders.

    Args:
        degrees: the angle is uniform in [-degrees, degrees].
    """
    height, width, _ = shape_of_images(x, "rotate")
    degrees = _not_negative("rotate", "an angle in degrees", degrees)
    angle = math.radians(degrees) * (2 * uniform([tf.shape(x)[0], 1])[..., None] - 1)
    down, across = _places(height) - (height - 1) / 2, _places(width) - (width - 1) / 2
    rows = tf.cos(angle) * down[:, None] + tf.sin(angle) * across + (height - 1) / 2
    columns = tf.cos(angle) * across - tf.sin(angle) * down[:, None] + (width - 1) / 2
    return resample(x, rows, columns, nearest)


def shift(x, pixels, *, uniform, nearest=False):
    """Each image moved by whole pixels, with mirrored borders.

    Args:
        pixels: down and to the right by from -pixels to pixels each, all as likely.
    """
    height, width, _ = shape_of_images(x, "shift")
    if not isinstance(pixels, int) or isinstance(pixels, bool) or pixels < 0:
        raise InputError(f"shift takes a number of pixels, an integer >= 0. Received: {pixels!r}.")
    moves = tf.floor(uniform([tf.shape(x)[0], 2]) * (2 * pixels + 1.0)) - float(pixels)
    rows, columns = (_places(height) - moves[:, :1])[:, :, None], (_places(width) - moves[:, 1:])[:, None]
    return resample(x, rows, columns, nearest)


def elastic(x, sd=10.0, grid=3, *, uniform, nearest=False):
    """Each image bent: displacements drawn on a coarse grid, bicubic splines between its points, mirrored borders.

    The augmentation of Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation"
    (2015), https://arxiv.org/abs/1505.04597: a 3x3 grid, 10 pixels.

    Args:
        sd: standard deviation in pixels of the displacements, down and to the right, at the points of the grid.
        grid: number of points along each side, the outer ones on the image's corners; at least 2.
    """
    height, width, _ = shape_of_images(x, "elastic")
    sd = _not_negative("elastic", "a standard deviation in pixels", sd)
    if not isinstance(grid, int) or isinstance(grid, bool) or grid < 2:
        raise InputError(f"elastic takes a grid of at least 2 points a side. Received: {grid!r}.")
    draws = uniform([tf.shape(x)[0], grid, grid, 2, 2])
    field = displacements(sd * _normal(draws), height, width)
    return resample(x, _places(height)[:, None] + field[..., 0], _places(width) + field[..., 1], nearest)


def displacements(coarse, height, width):
    """The field [batch, height, width, 2] through displacements on a coarse grid [batch, rows, columns, 2].

    Natural cubic splines along each side; the grid's outer points are the image's corners.

    Example:
        >>> coarse = tf.random.stateless_normal([1, 3, 3, 2], [0, 0])
        >>> np.abs(displacements(coarse, 9, 5)[:, ::4, ::2] - coarse).max() < 1e-6  # it passes through them
        np.True_
    """
    down, across = (_spline(points, size) for points, size in zip(coarse.shape[1:3], (height, width), strict=True))
    return tf.einsum("hr,brcd,wc->bhwd", down, coarse, across)


def brightness(x, delta, *, uniform):
    """A number from [-delta, delta] added to each image, clipped to [0, 1]."""
    shape_of_images(x, "brightness")
    delta = _not_negative("brightness", "a difference", delta)
    (more,) = _each(delta * (2 * uniform([tf.shape(x)[0], 1]) - 1))
    return tf.clip_by_value(x + more, 0, 1)


def contrast(x, factor, *, uniform):
    """Each image's distance from its mean times a number from [1 - factor, 1 + factor], clipped to [0, 1]."""
    shape_of_images(x, "contrast")
    factor = _not_negative("contrast", "a factor", factor)
    (times,) = _each(1 + factor * (2 * uniform([tf.shape(x)[0], 1]) - 1))
    mean = tf.reduce_mean(x, axis=[1, 2], keepdims=True)
    return tf.clip_by_value(mean + times * (x - mean), 0, 1)


def noise(x, sd, *, uniform):
    """Gaussian noise added to each pixel, clipped to [0, 1]; its standard deviation is drawn for each image.

    Args:
        sd: the standard deviation is uniform in [0, sd].
    """
    shape = shape_of_images(x, "noise")
    sd = _not_negative("noise", "a standard deviation", sd)
    size = math.prod(shape)
    draws = uniform([tf.shape(x)[0], 1 + 2 * size])  # in one draw, as another one would begin with the same numbers
    (amount,) = _each(sd * draws[:, :1])
    return tf.clip_by_value(x + amount * _normal(tf.reshape(draws[:, 1:], [-1, *shape, 2])), 0, 1)


def _normal(draws):
    """Normal numbers [...] of uniform ones [..., 2], by Box and Muller's method; 1 - u is never 0."""
    return tf.sqrt(-2 * tf.math.log(1 - draws[..., 0])) * tf.cos(2 * math.pi * draws[..., 1])


def _each(draws):
    """The columns of [batch, n] as [batch, 1, 1, 1] each."""
    return [draw[:, None, None, None] for draw in tf.unstack(draws, axis=1)]


def _places(size):
    return tf.range(size, dtype=tf.float32)


def _spline(points, size):
    """The matrix [size, points] that takes values at equally spaced points to a spline's values at the pixels."""
    spline = CubicSpline(
        np.linspace(0, size - 1, points) if size > 1 else np.arange(points), np.eye(points), bc_type="natural"
    )
    return tf.constant(spline(np.arange(size)), tf.float32)


def _not_negative(name, what, number):
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number < math.inf:
        raise InputError(f"{name} takes {what}, a number >= 0. Received: {number!r}.")
    return float(number)
