"""The network of U-Net and of its descendants.

Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation" (2015),
https://arxiv.org/abs/1505.04597. Residual blocks: Zhang, Liu and Wang, "Road Extraction by Deep Residual U-Net" (2018),
https://arxiv.org/abs/1711.10684. Attention gates: Oktay et al., "Attention U-Net" (2018),
https://arxiv.org/abs/1804.03999.
"""

import itertools
from typing import Any

import keras

from ..core.checks import positive_integers
from ..core.errors import InputError
from ..layers.normalization.batch_normalization import BatchNormalization
from ..layers.upsampling import NearestUpsampling2D
from .classic.layers import group_normalization
from .convolutional import check_options
from .pretrained import named_encoder

PADDINGS = ("same", "valid")
NORMALIZATIONS = (None, "batch", "group")
UPS = ("transposed", "upsampling")
GROUPS = 8  # of group normalisation


def unet(
    channels: int,
    outputs: int,
    *,
    padding: str = "same",
    depth: int = 4,
    width: int = 64,
    normalization: str | None = None,
    dropout: float = 0.5,
    up: str = "transposed",
    residual: bool = False,
    attention: bool = False,
    encoder: str | None = None,
    weights: str | None = None,
    dtype: Any = None,
) -> keras.Model:
    """[batch, height, width, channels] -> [batch, height', width', outputs], without activation.

    Two 3x3 convolutions at each resolution; between them the image is halved by the maximum of 2 x 2 pixels, `depth`
    times, and doubled as often, and the way up also sees the features of the way down. The filters double where the
    image is halved.

    Args:
        channels, outputs: channels of the image and of the answer.
        padding: "same" (zeros; height and width must be divisible by 2^depth and stay what they are) or "valid"
            (none, as published: the answer is smaller, see `lost_pixels`).
        depth: how often the image is halved.
        width: filters at full resolution.
        normalization: None, "batch" or "group" (8 groups, or as many as divide the filters), after each convolution.
        dropout: rate after the convolutions at the bottom.
        up: "transposed", a 2x2 convolution that doubles, or "upsampling", a 1x1 convolution and each pixel repeated.
        residual: whether a 1x1 convolution of each block's input is added to its output.
        attention: whether the way up weighs each pixel of a skip by a gate.
        encoder: name of a `keras.applications` network that takes the place of the way down; see `named_encoder`.
        weights: of that network: None, "imagenet" or a file.
        dtype: a Keras dtype policy or its name.

    Returns:
        A functional `keras.Model`, built. Its kernels start as He et al. (2015) draw them, as the paper asks.

    Raises:
        InputError: for impossible arguments.

    Example:
        >>> unet(1, 2, padding="valid").count_params()
        31030658
        >>> import numpy as np
        >>> unet(3, 1, depth=2, width=8)(np.zeros([2, 12, 20, 3], "float32")).shape
        TensorShape([2, 12, 20, 1])
    """
    (depth,), (width,) = positive_integers("depth", depth), positive_integers("width", width)
    check_options(padding=(padding, PADDINGS), normalization=(normalization, NORMALIZATIONS), up=(up, UPS))
    if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout < 1:
        raise InputError(f"dropout is a rate in [0, 1). Received: dropout={dropout!r}.")
    if encoder is not None and padding != "same":
        raise InputError(f"A named encoder pads. Received: encoder={encoder!r}, padding={padding!r}. Nearest: 'same'.")

    def convolve(x, filters, kernel=3, **options):
        options = {"padding": padding, "kernel_initializer": "he_normal", "dtype": dtype, **options}
        return keras.layers.Conv2D(filters, kernel, **options)(x)

    def normalise(x):
        if normalization == "batch":
            return BatchNormalization(dtype=dtype)(x)
        if normalization == "group":
            return group_normalization(x, GROUPS, dtype)
        return x

    def relu(x):
        return keras.layers.ReLU(dtype=dtype)(x)

    def block(x, filters):
        """Two convolutions."""
        bias = normalization is None
        inner = relu(normalise(convolve(x, filters, use_bias=bias)))
        out = normalise(convolve(inner, filters, use_bias=bias))
        if residual:
            shortcut = convolve(cropped(x, 2 if padding == "valid" else 0), filters, 1)
            out = keras.layers.Add(dtype=dtype)([out, shortcut])
        return relu(out)

    def doubled(x, filters):
        if up == "transposed":
            start = {"kernel_initializer": "he_normal", "dtype": dtype}
            return keras.layers.Conv2DTranspose(filters, 2, strides=2, **start)(x)
        return NearestUpsampling2D(dtype=dtype)(convolve(x, filters, 1))

    def gated(skip, x):
        """The skip, each pixel times a number in (0, 1) that it and what comes from below decide together."""
        filters = max(1, x.shape[-1] // 2)
        both = keras.layers.Add(dtype=dtype)([convolve(skip, filters, 1, use_bias=False), convolve(x, filters, 1)])
        gate = convolve(relu(both), 1, 1, activation="sigmoid")
        return keras.layers.Multiply(dtype=dtype)([skip, gate])

    def cropped(x, border):
        return keras.layers.Cropping2D(border, dtype=dtype)(x) if border else x

    image = keras.Input((None, None, channels), name="image")
    if encoder is None:
        skips, x = [], image
        for level in range(depth):
            x = block(x, width * 2**level)
            skips.append(x)
            x = keras.layers.MaxPooling2D(2, dtype=dtype)(x)
        x = block(x, width * 2**depth)
    else:
        *skips, x = named_encoder(encoder, image, depth, weights=weights, dtype=dtype)
    if dropout:
        x = keras.layers.Dropout(dropout, dtype=dtype)(x)
    lost = 0  # pixels by which what comes from below is smaller than the skip
    for level in reversed(range(depth)):
        x = doubled(x, width * 2**level)
        lost = 2 * (lost + 4) if padding == "valid" else 0
        skip = skips[level]
        if skip is not None:
            skip = cropped(skip, lost // 2)
            x = keras.layers.Concatenate(dtype=dtype)([gated(skip, x) if attention else skip, x])
        x = block(x, width * 2**level)
        lost += 4
    return keras.Model(image, convolve(x, outputs, 1), name="unet")


def lost_pixels(depth):
    """By how many pixels the answer of the "valid" network is smaller than its image, in height and in width.

    Example:
        >>> lost_pixels(4)
        184
    """
    lost = 4  # two convolutions at the bottom
    for _ in range(depth):
        lost = 2 * lost + 8  # two on the way down, two on the way up
    return lost


def valid_sizes(size, depth):
    """The nearest heights or widths that the "valid" network takes, at most and at least `size`; one if it takes it.

    Each halving must meet an even number of pixels, and something must be left: at a depth of 4 these are
    16 b + 60, b >= 8.

    Example:
        >>> valid_sizes(572, 4), valid_sizes(512, 4), valid_sizes(10, 4)
        ((572,), (508, 524), (188,))
    """
    factor = 2**depth
    # A bottom of b pixels comes from b * factor + 4 * (factor - 1) of the image.
    offset = 4 * (factor - 1)
    least = next(size for size in itertools.count(offset + factor, factor) if size > lost_pixels(depth))
    below = (size - offset) // factor * factor + offset
    if below < least:
        return (least,)
    return (below,) if below == size else (below, below + factor)


def receptive_radius(depth):
    """How far from a pixel its answer can depend on the image, in pixels; of the network without `encoder`.

    Two 3x3 convolutions each way at each resolution, and where pixels are joined to a coarser one, up to one of these.

    Example:
        >>> receptive_radius(4)
        107
    """
    return lost_pixels(depth) // 2 + 2**depth - 1
