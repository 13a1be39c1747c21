"""Networks from images to images, of any size.

Ronneberger, Fischer and Brox, "U-Net" (2015), https://arxiv.org/abs/1505.04597: the skips.
Badrinarayanan, Kendall and Cipolla, "SegNet" (2017), https://arxiv.org/abs/1511.00561: unpooling.
Shi et al. (2016), https://arxiv.org/abs/1609.05158: pixel shuffle.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from ..core.errors import InputError
from ..layers.padding import PADDINGS
from ..layers.pooling import MaxPoolWithArgmax, MaxUnpool2D
from ..layers.require_divisible import RequireDivisible
from ..layers.upsampling import PixelShuffle
from .convolutional import (
    DOWNSAMPLINGS,
    KERNEL,
    POOLINGS,
    UPSAMPLINGS,
    check_options,
    check_transposed,
    convolution,
    doubling,
    enlarging,
)
from .initialization import initializers


def image_to_image(
    channels_in: int,
    channels_out: int,
    hidden: Sequence[int] = (32, 64),
    *,
    downsampling: str = "stride",
    upsampling: str = "nearest",
    padding: str = "zero",
    skips: bool = True,
    upscale: int = 1,
    last_kernel: int = KERNEL,
    activation: str | Callable = "relu",
    initialization: str = "glorot",
    dtype: Any = None,
) -> keras.Model:
    """[batch, height, width, channels_in] -> [batch, upscale height, upscale width, channels_out], without activation.

    A convolution at full resolution; on the way down a convolution of each entry of `hidden`, which halves the image;
    on the way up it is doubled as often, each time followed by a convolution of as many filters as the way down has at
    that resolution. The same network takes images of any size that 2^len(hidden) divides.

    Args:
        channels_in, channels_out: channels of the two images.
        hidden: filters of the convolutions on the way down, from the image side; at least one.
        downsampling: "stride", "max" or "average", as in `convolutional_encoder`.
        upsampling: "nearest", "bilinear" or "transposed", as in `convolutional_decoder`; "pixel_shuffle", a convolution
            to four times the channels, of which `PixelShuffle` makes pixels; or "unpool", which puts the values where
            the way down found its maxima (with downsampling="max" and upscale=1 only).
        padding: "zero", "mirrored" or "periodic"; with upsampling="transposed" only "zero".
        skips: whether each convolution on the way up also sees the way down's features of the same resolution.
        upscale: 1, 2 or 4: the image is doubled that much further at the end, in the way of `upsampling`, each time
            followed by a convolution.
        last_kernel: side of the last convolution, 3 or 1; 1 where it has many channels.
        activation, initialization: of every convolution but the last, which has no activation.
        dtype: a Keras dtype policy or its name.

    Returns:
        A functional `keras.Model`, built.

    Raises:
        InputError: for impossible arguments, and when the network is called with an image of another size.

    Example:
        >>> import numpy as np
        >>> network = image_to_image(1, 3, hidden=(8, 16), upscale=2)
        >>> network(np.zeros([5, 12, 20, 1], "float32")).shape
        TensorShape([5, 24, 40, 3])
    """
    _check(hidden, downsampling, upsampling, padding, upscale)
    check_options(last_kernel=(last_kernel, (1, KERNEL)))
    options = {"padding": padding, "activation": activation, "initialization": initialization, "dtype": dtype}

    def apply(layers, x):
        for layer in layers:
            x = layer(x)
        return x

    def convolve(x, filters, **changes):
        return apply(convolution(filters, x.shape[-1], **{**options, **changes}), x)

    def double(x, filters):
        if upsampling == "transposed":
            return apply(doubling(filters, x.shape[-1], upsampling, **options), x)
        if upsampling == "pixel_shuffle":
            return PixelShuffle(2, dtype=dtype)(convolve(x, 4 * filters))
        return enlarging(upsampling, dtype)(x)

    image = keras.Input((None, None, channels_in), name="image")
    times = "once" if len(hidden) == 1 else f"{len(hidden)} times"
    x = RequireDivisible(2 ** len(hidden), f"The network halves the image {times}", dtype=dtype)(image)
    x = convolve(x, hidden[0])
    features, positions = [], []  # of each resolution, the finest first
    for filters in hidden:
        if downsampling == "stride":
            features.append(x)
            x = convolve(x, filters, strides=2)
            continue
        x = convolve(x, filters)
        features.append(x)
        if upsampling == "unpool":
            x, where = MaxPoolWithArgmax(2, dtype=dtype)(x)
            positions.append(where)
        else:
            x = POOLINGS[downsampling](2, dtype=dtype)(x)
    for filters in (*hidden[-2::-1], hidden[0]):
        x = MaxUnpool2D(2, dtype=dtype)([x, positions.pop()]) if upsampling == "unpool" else double(x, filters)
        feature = features.pop()
        x = convolve(keras.layers.Concatenate(dtype=dtype)([x, feature]) if skips else x, filters)
    for _ in range(upscale // 2):  # 1, 2, 4 -> 0, 1, 2 doublings
        x = convolve(double(x, hidden[0]), hidden[0])
    if last_kernel == 1:
        start = initializers(initialization, x.shape[-1])
        x = keras.layers.Conv2D(channels_out, 1, dtype=dtype, **start)(x)
    else:
        x = convolve(x, channels_out, activation=None)
    return keras.Model(image, x, name="image_to_image")


def _check(hidden, downsampling, upsampling, padding, upscale):
    """Raises InputError for a combination that cannot be built."""
    check_options(
        downsampling=(downsampling, DOWNSAMPLINGS),
        upsampling=(upsampling, (*UPSAMPLINGS, "pixel_shuffle", "unpool")),
        padding=(padding, PADDINGS),
        upscale=(upscale, (1, 2, 4)),
    )
    check_transposed(upsampling, padding)
    if not hidden:
        raise InputError("The network needs at least one number of filters. Received: hidden=().")
    if upsampling == "unpool" and downsampling != "max":
        raise InputError(
            "Unpooling puts values where max pooling found its maxima. Received: upsampling='unpool', "
            f"downsampling={downsampling!r}. Nearest: downsampling='max'."
        )
    if upsampling == "unpool" and upscale != 1:
        raise InputError(
            "Unpooling cannot go beyond the resolution of the input. Received: upsampling='unpool', "
            f"upscale={upscale}. Nearest: upsampling='nearest'."
        )
