"""Convolutional encoders to grids of vectors, and decoders from them, with residual blocks; built when returned.

Van den Oord, Vinyals and Kavukcuoglu, "Neural Discrete Representation Learning" (2017),
https://arxiv.org/abs/1711.00937, section 4.1.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import keras

from ..core.checks import halved
from ..core.errors import InputError
from ..layers.padding import PADDINGS
from .convolutional import DOWNSAMPLINGS, UPSAMPLINGS, check_options, check_transposed, convolution, doubling, halving
from .initialization import initializers


def residual_encoder(
    image_shape: Sequence[int],
    dim: int,
    hidden: Sequence[int] = (32, 64),
    *,
    blocks: int = 0,
    downsampling: str = "stride",
    padding: str = "zero",
    **options: Any,
) -> keras.Model:
    """[batch, height, width, channels] -> [batch, height / 2^n, width / 2^n, dim].

    Each of the n entries of `hidden` halves the image; then come the residual blocks and a 1x1 convolution.

    Args:
        image_shape: (height, width, channels).
        dim: length of the vectors.
        hidden: filters, from the image side.
        blocks: number of residual blocks, >= 0: a 3x3 and a 1x1 convolution, whose result is added to their input.
        downsampling, padding: as in `keraszoo.networks.convolutional`.
        **options: `activation`, `initialization`, `dtype`.

    Raises:
        InputError: for impossible arguments.

    Example:
        >>> residual_encoder((8, 8, 1), 4, hidden=(8, 16), blocks=1).output_shape
        (None, 2, 2, 4)
    """
    options = {"activation": "relu", "initialization": "glorot", "dtype": None, **options}
    halved(image_shape, hidden)
    check_options(downsampling=(downsampling, DOWNSAMPLINGS), padding=(padding, PADDINGS))
    x = image = keras.Input(image_shape)
    for channels, filters in itertools.pairwise([image_shape[2], *hidden]):
        x = _through(halving(filters, channels, downsampling, padding=padding, **options), x)
    x = _residual(x, blocks, padding, options)
    start = initializers(options["initialization"], hidden[-1])
    return keras.Model(image, keras.layers.Conv2D(dim, 1, dtype=options["dtype"], **start)(x), name="encoder")


def residual_decoder(
    dim: int,
    image_shape: Sequence[int],
    hidden: Sequence[int] = (64, 32),
    *,
    blocks: int = 0,
    upsampling: str = "transposed",
    padding: str = "zero",
    **options: Any,
) -> keras.Model:
    """[batch, height / 2^n, width / 2^n, dim] -> [batch, height, width, channels], the mirror of `residual_encoder`.

    A 3x3 convolution and the residual blocks; then each of the n entries of `hidden`, listed from the latent side,
    doubles the image.

    Args:
        dim: length of the vectors.
        image_shape: (height, width, channels).
        hidden, blocks, upsampling, padding, **options: as for the encoder.

    Raises:
        InputError: for impossible arguments.

    Example:
        >>> residual_decoder(4, (8, 8, 1), hidden=(16, 8), blocks=1).output_shape
        (None, 8, 8, 1)
    """
    options = {"activation": "relu", "initialization": "glorot", "dtype": None, **options}
    vectors = keras.Input((*halved(image_shape, hidden), dim))
    return keras.Model(
        vectors, _decoded(vectors, image_shape, hidden, blocks, upsampling, padding, options), name="decoder"
    )


def _decoded(x, image_shape, hidden, blocks, upsampling, padding, options):
    check_options(upsampling=(upsampling, UPSAMPLINGS), padding=(padding, PADDINGS))
    check_transposed(upsampling, padding)
    x = _through(convolution(hidden[0], x.shape[-1], padding=padding, **options), x)
    x = _residual(x, blocks, padding, options)
    for channels, filters in itertools.pairwise([hidden[0], *hidden]):
        x = _through(doubling(filters, channels, upsampling, padding=padding, **options), x)
    last = convolution(image_shape[2], hidden[-1], padding=padding, **{**options, "activation": None})
    return _through(last, x)


def planes_encoder(image_shape, outputs, hidden=(64, 128), *, residual_blocks=2, **options):
    """[batch, height, width, channels] -> [batch, outputs]: the planes of a `residual_encoder`, one after the other.

    Each number of a plane belongs to a place of the image, as all of its layers are convolutions.

    Args:
        image_shape, hidden, **options: as for `residual_encoder`.
        outputs: a multiple of the numbers of a plane, height / 2^n * width / 2^n.
        residual_blocks: its `blocks`.

    Example:
        >>> planes_encoder((8, 8, 1), 12, hidden=(8, 16)).output_shape
        (None, 12)
    """
    planes = _planes(image_shape, hidden, outputs, "encoder")[0]
    grid = residual_encoder(image_shape, planes, hidden, blocks=residual_blocks, **options)
    first = keras.layers.Permute((3, 1, 2), dtype=options.get("dtype"))(grid.output)  # means before log-variances
    return keras.Model(grid.input, keras.layers.Flatten(dtype=options.get("dtype"))(first), name="encoder")


def planes_decoder(
    latent_dim,
    image_shape,
    hidden=(128, 64),
    *,
    residual_blocks=2,
    upsampling="transposed",
    padding="zero",
    **options,
):
    """[batch, latent_dim] -> [batch, height, width, channels], the mirror of `planes_encoder`.

    Example:
        >>> planes_decoder(12, (8, 8, 1), hidden=(16, 8)).output_shape
        (None, 8, 8, 1)
    """
    options = {"activation": "relu", "initialization": "glorot", "dtype": None, **options}
    code = keras.Input((latent_dim,))
    planes = _planes(image_shape, hidden, latent_dim, "decoder")
    x = keras.layers.Reshape(planes, dtype=options["dtype"])(code)
    x = keras.layers.Permute((2, 3, 1), dtype=options["dtype"])(x)
    x = _decoded(x, image_shape, hidden, residual_blocks, upsampling, padding, options)
    return keras.Model(code, x, name="decoder")


def _planes(image_shape, hidden, numbers, role):
    """(planes, height, width) of so many numbers."""
    height, width = halved(image_shape, hidden)
    if numbers % (height * width):
        raise InputError(
            f"A residual {role}'s code is made of planes of {height}x{width}, so it has a multiple of "
            f"{height * width} numbers. Received: {numbers}. Nearest: {-(-numbers // (height * width))} planes, "
            f"{-(-numbers // (height * width)) * height * width} numbers."
        )
    return numbers // (height * width), height, width


def _residual(x, blocks, padding, options):
    """`blocks` times x + 1x1(3x3(x)), each convolution behind an activation."""
    if isinstance(blocks, bool) or not isinstance(blocks, int) or blocks < 0:
        raise InputError(f"The number of residual blocks must be an integer >= 0. Received: {blocks!r}.")
    filters, dtype = x.shape[-1], options["dtype"]
    for _ in range(blocks):
        inner = keras.layers.Activation(options["activation"], dtype=dtype)(x)
        inner = _through(convolution(filters, filters, padding=padding, **options), inner)
        start = initializers(options["initialization"], filters)
        x = keras.layers.Add(dtype=dtype)([x, keras.layers.Conv2D(filters, 1, dtype=dtype, **start)(inner)])
    return x


def _through(layers, x):
    for layer in layers:
        x = layer(x)
    return x
