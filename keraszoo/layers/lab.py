"""CIE L*a*b* of sRGB images and back, as tensors.

sRGB: IEC 61966-2-1, https://www.w3.org/Graphics/Color/sRGB. L*a*b*: CIE 15, with sRGB's white, D65. Lightness L runs
from 0 to 100; a and b, the axes green-red and blue-yellow, are 0 for greys, and from -108 to 99 for all sRGB colours.
"""

import numpy as np
import tensorflow as tf

#: linear sRGB -> XYZ; the sums of the rows are the white
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
RELATIVE = XYZ / XYZ.sum(axis=1, keepdims=True)  # XYZ over the white's, so that greys have three equal values
DARK = 6 / 29  # below its third power the cube root is replaced by its tangent


def rgb_to_lab(rgb):
    """[..., 3] in [0, 1] -> [..., 3] L, a, b, of the dtype float32, or float64 where that is given.

    Example:
        >>> rgb_to_lab([1.0, 0.0, 0.0]).numpy().round(2)
        array([53.24, 80.09, 67.2 ], dtype=float32)
    """
    rgb = _floats(rgb)
    f = _root(tf.tensordot(_linear(rgb), tf.constant(RELATIVE.T, rgb.dtype), 1))
    x, y, z = tf.unstack(f, axis=-1)
    return tf.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def lab_to_rgb(lab):
    """[..., 3] L, a, b -> [..., 3] in [0, 1], of the dtype float32, or float64 where that is given.

    Colours that sRGB does not have lose what is outside the range of linear red, green and blue.

    Example:
        >>> lab_to_rgb([53.24, 80.09, 67.2]).numpy().round(3)
        array([1., 0., 0.], dtype=float32)
    """
    lightness, a, b = tf.unstack(_floats(lab), axis=-1)
    y = (lightness + 16.0) / 116.0
    f = tf.stack([y + a / 500.0, y, y - b / 200.0], axis=-1)
    relative = tf.where(f > DARK, tf.pow(f, 3), 3 * DARK**2 * (f - 4 / 29))
    linear = tf.tensordot(relative, tf.constant(np.linalg.inv(RELATIVE).T, relative.dtype), 1)
    return _encoded(tf.clip_by_value(linear, 0.0, 1.0))


def grey_of_equal_lightness(rgb):
    """The grey image that is as light as a coloured one: [..., 3] in [0, 1] -> [..., 1] in [0, 1].

    Example:
        >>> grey_of_equal_lightness([0.0, 0.0, 1.0]).numpy().round(3)
        array([0.298], dtype=float32)
    """
    rgb = _floats(rgb)
    return _encoded(tf.tensordot(_linear(rgb), tf.constant(RELATIVE[1:2].T, rgb.dtype), 1))


def colored(grey, ab):
    """A grey image with colours: [..., 1] in [0, 1] and [..., 2] -> [..., 3] in [0, 1], as light as the grey one."""
    lightness = 116.0 * _root(_linear(_floats(grey))) - 16.0
    return lab_to_rgb(tf.concat([lightness, tf.cast(ab, lightness.dtype)], axis=-1))


def chroma(rgb):
    """How strong colours are, the distance of (a, b) from grey: [..., 3] in [0, 1] -> [...].

    Example:
        >>> chroma([[0.5, 0.5, 0.5], [1.0, 0.0, 0.0]]).numpy().round(1)
        array([  0. , 104.6], dtype=float32)
    """
    return tf.norm(rgb_to_lab(rgb)[..., 1:], axis=-1)


def _linear(rgb):
    """sRGB's values, in which steps look alike, as amounts of light."""
    curved = tf.pow((tf.maximum(rgb, 0.04045) + 0.055) / 1.055, 2.4)  # the maximum keeps gradients finite
    return tf.where(rgb <= 0.04045, rgb / 12.92, curved)


def _encoded(linear):
    curved = 1.055 * tf.pow(tf.maximum(linear, 0.0031308), 1 / 2.4) - 0.055
    return tf.where(linear <= 0.0031308, 12.92 * linear, curved)


def _root(relative):
    """The cube root, near black its tangent."""
    curved = tf.pow(tf.maximum(relative, DARK**3), 1 / 3)
    return tf.where(relative > DARK**3, curved, relative / (3 * DARK**2) + 4 / 29)


def _floats(values):
    values = tf.convert_to_tensor(values)
    return values if values.dtype == tf.float64 else tf.cast(values, tf.float32)
