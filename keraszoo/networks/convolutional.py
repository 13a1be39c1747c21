"""Convolutional encoders and decoders by size: plain `keras.Sequential`s, built when they are returned.

An encoder halves the image once per entry of `hidden`, by

    "stride"       a convolution that moves by two pixels,
    "max"          a convolution, then the maximum of each 2 x 2 pixels,
    "average"      a convolution, then their mean;

a decoder doubles it, by

    "transposed"   a transposed convolution that moves by two pixels,
    "nearest"      repeating each pixel, then a convolution: no checkerboard (Odena, Dumoulin and Olah,
                   "Deconvolution and Checkerboard Artifacts", 2016, https://distill.pub/2016/deconv-checkerboard),
    "bilinear"     interpolating, then a convolution.

`padding` is what convolutions see beyond the border: "zero", "mirrored" or "periodic" (see `Pad2D`).
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras

from ..core.checks import halved
from ..core.errors import InputError, closest
from ..layers.padding import PADDINGS, Pad2D
from ..layers.upsampling import BilinearUpsampling2D, NearestUpsampling2D
from .initialization import initializers

KERNEL = 3  # side of every convolution

POOLINGS = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}
DOWNSAMPLINGS = ("stride", *POOLINGS)
UPSAMPLINGS = ("transposed", "nearest", "bilinear")


def convolutional_encoder(
    image_shape: Sequence[int],
    outputs: int,
    hidden: Sequence[int] = (32, 64),
    *,
    downsampling: str = "stride",
    padding: str = "zero",
    activation: str | Callable = "relu",
    initialization: str = "glorot",
    dtype: Any = None,
) -> keras.Model:
    """[batch, height, width, channels] -> [batch, outputs]: each entry of `hidden` halves the image."""
    height, width = halved(image_shape, hidden)
    check_options(downsampling=(downsampling, DOWNSAMPLINGS), padding=(padding, PADDINGS))
    options = {"padding": padding, "activation": activation, "initialization": initialization, "dtype": dtype}
    layers = [keras.Input(image_shape)]
    for channels, filters in itertools.pairwise([image_shape[2], *hidden]):
        layers += halving(filters, channels, downsampling, **options)
    start = initializers(initialization, height * width * hidden[-1])
    layers += [keras.layers.Flatten(dtype=dtype), keras.layers.Dense(outputs, dtype=dtype, **start)]
    return keras.Sequential(layers, name="encoder")


def convolutional_decoder(
    latent_dim: int,
    image_shape: Sequence[int],
    hidden: Sequence[int] = (64, 32),
    *,
    upsampling: str = "transposed",
    padding: str = "zero",
    activation: str | Callable = "relu",
    initialization: str = "glorot",
    dtype: Any = None,
) -> keras.Model:
    """[batch, latent_dim] -> [batch, height, width, channels]: each entry of `hidden` doubles the image."""
    small = (*halved(image_shape, hidden), hidden[0])
    check_options(upsampling=(upsampling, UPSAMPLINGS), padding=(padding, PADDINGS))
    check_transposed(upsampling, padding)
    options = {"padding": padding, "initialization": initialization, "dtype": dtype}
    start = initializers(initialization, latent_dim, latent=True)
    layers = [
        keras.Input((latent_dim,)),
        keras.layers.Dense(math.prod(small), activation, dtype=dtype, **start),
        keras.layers.Reshape(small, dtype=dtype),
    ]
    for channels, filters in itertools.pairwise([hidden[0], *hidden]):
        layers += doubling(filters, channels, upsampling, activation=activation, **options)
    layers += convolution(image_shape[2], hidden[-1], activation=None, **options)
    return keras.Sequential(layers, name="decoder")


def convolution(filters, channels, *, strides=1, padding, activation, initialization, dtype):
    """The layers of a convolution whose output is as large as its input divided by `strides`, 1 or 2."""
    start = initializers(initialization, KERNEL**2 * channels)
    options = {"strides": strides, "activation": activation, "dtype": dtype, **start}
    if padding == "zero":
        return [keras.layers.Conv2D(filters, KERNEL, padding="same", **options)]
    before, after = KERNEL // 2 - (strides - 1), KERNEL // 2  # where "same" puts its zeros
    pad = Pad2D(((before, after), (before, after)), padding, dtype=dtype)
    return [pad, keras.layers.Conv2D(filters, KERNEL, padding="valid", **options)]


def halving(filters, channels, downsampling, **options):
    """The layers of a convolution and of what halves the image."""
    if downsampling == "stride":
        return convolution(filters, channels, strides=2, **options)
    return [*convolution(filters, channels, **options), POOLINGS[downsampling](2, dtype=options["dtype"])]


def doubling(filters, channels, upsampling, *, padding, activation, initialization, dtype):
    """The layers of what doubles the image and of a convolution."""
    if upsampling == "transposed":
        start = initializers(initialization, KERNEL**2 * channels)
        options = {"strides": 2, "padding": "same", "activation": activation, "dtype": dtype, **start}
        return [keras.layers.Conv2DTranspose(filters, KERNEL, **options)]
    options = {"padding": padding, "activation": activation, "initialization": initialization, "dtype": dtype}
    return [enlarging(upsampling, dtype), *convolution(filters, channels, **options)]


def enlarging(upsampling, dtype):
    """The layer that doubles the image without weights."""
    if upsampling == "nearest":
        return NearestUpsampling2D(dtype=dtype)
    return BilinearUpsampling2D(dtype=dtype)


def check_options(**options):
    """Raises InputError unless each option, passed as name=(value, known values), is known."""
    for name, (value, known) in options.items():
        if value not in known:
            raise InputError(f"Unknown {name}. Received: {name}={value!r}. {closest(str(value), map(str, known))}")


def check_transposed(upsampling, padding):
    """Raises InputError when transposed convolutions meet a padding other than zeros."""
    if upsampling == "transposed" and padding != "zero":
        raise InputError(
            f"Transposed convolutions are padded by zeros only. Received: upsampling={upsampling!r}, "
            f"padding={padding!r}. Nearest: upsampling='nearest', padding={padding!r}."
        )
