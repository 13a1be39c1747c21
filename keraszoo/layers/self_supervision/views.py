"""Random views of images.

Chen, Kornblith, Norouzi and Hinton, "A Simple Framework for Contrastive Learning of Visual Representations" (2020),
https://arxiv.org/abs/2002.05709, appendix A.
"""

import math

import tensorflow as tf

DRAWS = 11  # numbers that choose a view
JITTERED, GREYED = 0.8, 0.2  # probabilities


def random_view(x, draws, *, smallest_crop=0.08, color=0.5):
    """Each image cropped and resized, perhaps mirrored, in other colours, perhaps without any.

    Args:
        x: [batch, height, width, channels] in [0, 1].
        draws: [batch, DRAWS] from [0, 1).
        smallest_crop: least area of a crop, of the image's.
        color: strength of the changes of colour.

    Returns:
        [batch, height, width, channels] in [0, 1].
    """
    x = resized_crop(x, draws[:, :4], smallest_crop)
    x = tf.where(_each(draws[:, 4] < 0.5), tf.reverse(x, [2]), x)
    x = tf.where(_each(draws[:, 5] < JITTERED), jitter_colors(x, draws[:, 6:10], color), x)
    return tf.where(_each(draws[:, 10] < GREYED), grey(x), x)


def resized_crop(x, draws, smallest):
    """A rectangle of each image at the image's size, bilinear.

    Its area is uniform from `smallest` to 1, of the image's; the logarithm of the aspect ratio is uniform from that of
    3/4 to that of 4/3, cut to what the image can hold; every place within the image is equally likely.

    Args:
        x: [batch, height, width, channels].
        draws: [batch, 4] from [0, 1).
        smallest: area in (0, 1].

    Example:
        >>> x = tf.random.stateless_uniform([2, 4, 4, 3], [0, 0])
        >>> bool(tf.reduce_max(tf.abs(resized_crop(x, tf.fill([2, 4], 0.5), 1.0) - x)) < 1e-6)  # the whole image
        True
    """
    area = smallest + (1 - smallest) * draws[:, 0]
    ratio = tf.exp(math.log(4 / 3) * (2 * draws[:, 1] - 1))
    height, width = tf.minimum(tf.sqrt(area / ratio), 1.0), tf.minimum(tf.sqrt(area * ratio), 1.0)
    rows = _interpolation(draws[:, 2] * (1 - height), height, x.shape[1])
    columns = _interpolation(draws[:, 3] * (1 - width), width, x.shape[2])
    return tf.einsum("bih,bhwc,bjw->bijc", rows, x, columns)


def _interpolation(start, part, size):
    """Weights that read a `part` of a side of `size` pixels from `start` on, both of the side: [batch, size, size]."""
    pixels = tf.range(size, dtype=tf.float32)
    places = size * (start[:, None] + part[:, None] * (pixels + 0.5) / size) - 0.5
    places = tf.clip_by_value(places, 0.0, size - 1.0)
    return tf.nn.relu(1 - tf.abs(places[..., None] - pixels))


def jitter_colors(x, draws, strength):
    """Brightness, contrast and, of three channels, saturation and hue, in this order.

    Factors are uniform in 1 +- 0.8 strength, not below 0; the hue moves by up to 0.2 strength of the colour circle.

    Args:
        x: [batch, height, width, channels] in [0, 1].
        draws: [batch, 4] from [0, 1).
        strength: number >= 0; 0 leaves the images as they are.
    """
    brightness, contrast, saturation = (
        _each(tf.maximum(1 + 0.8 * strength * (2 * draws[:, place] - 1), 0.0)) for place in range(3)
    )
    x = tf.clip_by_value(brightness * x, 0.0, 1.0)
    mean = tf.reduce_mean(grey(x), axis=[1, 2, 3], keepdims=True)
    x = tf.clip_by_value(mean + contrast * (x - mean), 0.0, 1.0)
    if x.shape[-1] != 3:
        return x
    x = tf.clip_by_value(grey(x) + saturation * (x - grey(x)), 0.0, 1.0)
    hue, rest = tf.split(tf.image.rgb_to_hsv(x), [1, 2], axis=-1)
    hue = tf.math.floormod(hue + 0.2 * strength * (2 * _each(draws[:, 3]) - 1), 1.0)
    return tf.image.hsv_to_rgb(tf.concat([hue, rest], axis=-1))


def grey(x):
    """The luminance in each channel, of images of three; others as they are."""
    return tf.repeat(tf.image.rgb_to_grayscale(x), 3, axis=-1) if x.shape[-1] == 3 else x


def _each(draws):
    return draws[:, None, None, None]
