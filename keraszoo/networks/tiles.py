"""Prediction tile by tile, for images of any size in bounded memory: the overlap-tile strategy.

Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation" (2015),
https://arxiv.org/abs/1505.04597. TensorFlow alone, so that it also works inside an exported graph.
"""

import math
from collections.abc import Callable

import tensorflow as tf

from ..core.checks import sizes
from ..core.errors import InputError
from ..core.types import Array


def predict_tiled(
    function: Callable, image: Array, channels: int, tile: int, *, overlap: int, margin: int = 0, lost: int = 0
) -> tf.Tensor:
    """What `function` answers for the whole image, put together from its answers for square parts of it.

    The parts lie on a regular grid; the last of each row and column is moved back so that it ends where the image
    does. An image that is smaller than a part is one part. Where parts overlap, they are blended by weights that rise
    smoothly (as a squared sine) from the part's border inwards; there is no such border where the image ends.

    The answer equals that for the whole image where `function` computes each pixel from others at most `margin` away
    (or from within the part, where it gives `lost` pixels less), in a way that does not depend on where the part lies.
    A network that halves the image n times is such a function if 2^n divides the image, `tile`, and the step from part
    to part, tile - lost - overlap.

    Args:
        function: [batch, h, w, any] -> [batch, h - lost, w - lost, channels] float.
        image: [batch, height, width, any] float.
        channels: of the answer.
        tile: height and width of a part, in pixels.
        overlap: by how many pixels neighbouring answers overlap.
        margin: pixels at the border of an answer that do not count, as the function does not see far enough there; at
            most half of `overlap`.
        lost: by how many pixels the function's answer is smaller than its part, an even number.

    Returns:
        [batch, height - lost, width - lost, channels] float32.

    Raises:
        InputError: for numbers that do not fit together.

    Example:
        >>> image = tf.random.stateless_uniform([1, 9, 14, 3], [0, 0])
        >>> predicted = predict_tiled(lambda part: 2.0 * part, image, 3, tile=6, overlap=2)
        >>> bool(tf.reduce_max(tf.abs(predicted - 2.0 * image)) < 1e-6)
        True
    """
    if not 0 <= 2 * margin <= overlap < tile - lost:
        raise InputError(
            "Tiles must overlap by at least twice the margin and by less than their answer is wide, tile - lost. "
            f"Received: tile={tile}, overlap={overlap}, margin={margin}, lost={lost}."
        )
    grid = (channels, tile, overlap, margin, lost)

    def in_columns(row):
        return _put_together(function, row, 2, *grid)

    return _put_together(in_columns, image, 1, *grid)


def _put_together(function, image, axis, channels, tile, overlap, margin, lost):
    """As `predict_tiled`, in parts along one axis, 1 or 2."""
    batch, size, other = sizes(image)[0], sizes(image)[axis], sizes(image)[3 - axis]
    part = min(tile, size) if isinstance(size, int) else tf.minimum(tile, size)
    step = tile - lost - overlap
    count = 1 + -(-(size - part) // step)
    rest = (other - lost, batch) if axis == 2 else (batch, other - lost)  # the other axes, without the channels

    def add(index, total, weight):
        first = tf.minimum(index * step, size - part)
        answer = function(tf.gather(image, first + tf.range(part), axis=axis))
        answer = tf.transpose(tf.cast(answer, tf.float32), [axis, 3 - axis, 0, 3] if axis == 2 else [1, 0, 2, 3])
        places = (first + tf.range(part - lost))[:, None]
        weights = _weights(part - lost, overlap, margin, begins=first > 0, ends=first < size - part)
        return (
            index + 1,
            tf.tensor_scatter_nd_add(total, places, answer * weights[:, None, None, None]),
            tf.tensor_scatter_nd_add(weight, places, weights),
        )

    start = 0, tf.zeros([size - lost, *rest, channels]), tf.zeros([size - lost])
    _, total, weight = tf.while_loop(lambda index, *_: index < count, add, start, parallel_iterations=1)
    answer = total / weight[:, None, None, None]
    return tf.transpose(answer, [2, 1, 0, 3] if axis == 2 else [1, 0, 2, 3])


def _weights(size, overlap, margin, begins, ends):
    """[size] weights of an answer's pixels, which fall to 0 at the beginning and the end where these are true."""
    place = tf.range(size, dtype=tf.float32) + 0.5

    def rising(distance):
        share = tf.clip_by_value((distance - margin) / max(1, overlap - 2 * margin), 0.0, 1.0)
        return tf.sin(share * math.pi / 2) ** 2

    before = tf.where(begins, rising(place), 1.0)
    behind = tf.where(ends, rising(tf.cast(size, tf.float32) - place), 1.0)
    return before * behind
