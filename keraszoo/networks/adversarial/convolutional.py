"""Strided convolutions.

Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
Networks" (2016), https://arxiv.org/abs/1511.06434, with kernels of 4 instead of 5, which strides of 2 divide.
"""

import math

import keras

from ...core.checks import halved
from ...layers.self_attention import SelfAttention
from .ends import check_attention, from_range, to_range, with_outputs
from .normalization import fused_leaky_rectifier, leaky_rectifier, normalized
from .normalization import normalization as normalizing

KERNEL = 4


def convolutional_generator(
    inputs, image_shape, hidden=(128, 64), *, normalization="batch", attention=None, value_range=(0, 1), dtype=None
):
    """[batch, inputs] -> [batch, *image_shape] in `value_range`: each entry of `hidden` doubles the image."""
    small = (*halved(image_shape, hidden), hidden[0])
    options = {"padding": "same", "dtype": dtype, **_start(normalization)}
    layers = [keras.Input((inputs,)), keras.layers.Dense(math.prod(small), dtype=dtype, **_start(normalization))]
    layers += [keras.layers.Reshape(small, dtype=dtype)]
    layers += [*normalizing(normalization, dtype), keras.layers.ReLU(dtype=dtype)]
    heights = [small[0] * 2**depth for depth in range(1, len(hidden))]
    check_attention(attention, heights)
    for filters, height in zip(hidden[1:], heights, strict=True):
        layers += normalized(keras.layers.Conv2DTranspose(filters, KERNEL, 2, **options), normalization, dtype)
        layers += [keras.layers.ReLU(dtype=dtype)]
        layers += [SelfAttention(dtype=dtype)] if height == attention else []
    layers += [keras.layers.Conv2DTranspose(image_shape[2], KERNEL, 2, **options)]
    return keras.Sequential([*layers, *to_range(value_range, dtype)], name="generator")


def convolutional_discriminator(
    image_shape,
    outputs=1,
    hidden=(64, 128),
    *,
    projections=0,
    normalization="batch",
    attention=None,
    value_range=(0, 1),
    use_bias=True,
    dtype=None,
):
    """[batch, *image_shape] -> [batch, outputs + projections]: each entry of `hidden` halves the image."""
    halved(image_shape, hidden)
    options = {"padding": "same", "dtype": dtype, **_start(normalization)}
    rectifier = leaky_rectifier if normalization == "spectral" else fused_leaky_rectifier
    layers = [keras.Input(image_shape), *from_range(value_range, dtype)]
    heights = [image_shape[0] // 2**depth for depth in range(1, len(hidden) + 1)]
    check_attention(attention, heights)
    for depth, (filters, height) in enumerate(zip(hidden, heights, strict=True)):
        convolution = keras.layers.Conv2D(filters, KERNEL, 2, **options)
        # The paper leaves batch normalisation out of the first layer.
        first = "none" if depth == 0 and normalization != "spectral" else normalization
        layers += [*normalized(convolution, first, dtype), keras.layers.Activation(rectifier, dtype=dtype)]
        layers += [SelfAttention(normalization == "spectral", dtype=dtype)] if height == attention else []
    layers += [keras.layers.Flatten(dtype=dtype)]

    def last(units, use_bias):
        return keras.layers.Dense(units, use_bias=use_bias, dtype=dtype, **_start(normalization))

    return with_outputs(keras.Sequential(layers), last, outputs, projections, normalization, use_bias, dtype)


def _start(normalization):
    """With batch normalisation weights start as in the paper."""
    return {"kernel_initializer": keras.initializers.RandomNormal(stddev=0.02)} if normalization == "batch" else {}
