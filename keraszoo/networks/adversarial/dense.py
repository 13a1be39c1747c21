"""Dense generators and discriminators, for anything.

Their layers start with biases that are not zero ("fan_in"): with zero biases every unit bends at the origin, and of
points in the plane a discriminator learns no detail for thousands of steps.
"""

import itertools
import math

import keras

from ..initialization import initializers
from .ends import from_range, to_range, with_outputs
from .normalization import leaky_rectifier, normalized


def dense_generator(inputs, image_shape, hidden=(256, 256), *, normalization="none", value_range=(0, 1), dtype=None):
    """[batch, inputs] -> [batch, *image_shape] in `value_range`; None: any real number."""
    layers = [keras.Input((inputs,))]
    for fan_in, units in itertools.pairwise([inputs, *hidden]):
        layers += normalized(_dense(units, fan_in, dtype), normalization, dtype)
        layers += [keras.layers.ReLU(dtype=dtype)]
    layers += [_dense(math.prod(image_shape), hidden[-1] if hidden else inputs, dtype)]
    layers += [keras.layers.Reshape(image_shape, dtype=dtype)]
    return keras.Sequential([*layers, *to_range(value_range, dtype)], name="generator")


def dense_discriminator(
    image_shape,
    outputs=1,
    hidden=(256, 256),
    *,
    projections=0,
    normalization="none",
    value_range=(0, 1),
    use_bias=True,
    dtype=None,
):
    """[batch, *image_shape] -> [batch, outputs + projections]."""
    layers = [keras.Input(image_shape), *from_range(value_range, dtype), keras.layers.Flatten(dtype=dtype)]
    widths = [math.prod(image_shape), *hidden]
    for fan_in, units in itertools.pairwise(widths):
        layers += normalized(_dense(units, fan_in, dtype), normalization, dtype)
        layers += [keras.layers.Activation(leaky_rectifier, dtype=dtype)]

    def last(units, use_bias):
        return _dense(units, widths[-1], dtype, use_bias=use_bias)

    return with_outputs(keras.Sequential(layers), last, outputs, projections, normalization, use_bias, dtype)


def _dense(units, fan_in, dtype, **options):
    return keras.layers.Dense(units, dtype=dtype, **initializers("fan_in", fan_in), **options)
