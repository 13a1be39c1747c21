"""The two networks of CycleGAN.

Zhu, Park, Isola and Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks" (2017),
https://arxiv.org/abs/1703.10593. Instance normalisation: Ulyanov, Vedaldi and Lempitsky (2016),
https://arxiv.org/abs/1607.08022.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from ..core.errors import InputError
from ..layers.padding import PADDINGS, Pad2D
from ..layers.require_divisible import RequireDivisible
from .convolutional import check_options, enlarging


def resnet_generator(
    channels: int,
    hidden: Sequence[int] = (32, 64, 128),
    *,
    blocks: int = 3,
    upsampling: str = "nearest",
    padding: str = "mirrored",
    activation: str | Callable = "relu",
    dtype: Any = None,
) -> keras.Model:
    """[batch, height, width, channels] -> the same shape, values in [-1, 1].

    A 7x7 convolution at full resolution; on the way down a convolution for each further entry of `hidden`, which halves
    the image; residual blocks of two convolutions; the way up in reverse; a 7x7 convolution and tanh. Each other
    convolution is followed by instance normalisation and `activation`, but for the end of a residual block. The same
    network takes images of any size that 2^(len(hidden) - 1) divides.

    Args:
        channels: of both images.
        hidden: filters, from the image side; all but the first halve the image.
        blocks: number of residual blocks, >= 0.
        upsampling: "nearest" or "bilinear", each followed by a convolution.
        padding: "mirrored", "zero" or "periodic".
        activation: "relu" in the paper; a smooth one such as "silu" makes the gradient a continuous function of the
            weights.
        dtype: a Keras dtype policy or its name.

    Returns:
        A functional `keras.Model`, built.

    Raises:
        InputError: for impossible arguments, and when the network is called with an image of another size.

    Example:
        >>> import numpy as np
        >>> resnet_generator(3, hidden=(8, 16, 32), blocks=1)(np.zeros([2, 16, 20, 3], "float32")).shape
        TensorShape([2, 16, 20, 3])
    """
    check_options(upsampling=(upsampling, ("nearest", "bilinear")), padding=(padding, PADDINGS))
    if not hidden:
        raise InputError("The generator needs at least one number of filters. Received: hidden=().")
    if not isinstance(blocks, int) or blocks < 0:
        raise InputError(f"blocks must be an integer >= 0. Received: {blocks!r}.")

    def convolve(x, filters, kernel=3, strides=1, **options):
        before, after = kernel // 2 - (strides - 1), kernel // 2
        x = Pad2D(((before, after), (before, after)), padding, dtype=dtype)(x)
        return keras.layers.Conv2D(filters, kernel, strides=strides, dtype=dtype, **options)(x)

    def normalised(x, filters, **options):
        return instance_normalization(dtype)(convolve(x, filters, use_bias=False, **options))

    def activated(x, filters, **options):
        return keras.layers.Activation(activation, dtype=dtype)(normalised(x, filters, **options))

    image = keras.Input((None, None, channels), name="image")
    halvings = len(hidden) - 1
    times = "once" if halvings == 1 else f"{halvings} times"
    x = RequireDivisible(2**halvings, f"The generator halves the image {times}", dtype=dtype)(image)
    x = activated(x, hidden[0], kernel=7)
    for filters in hidden[1:]:
        x = activated(x, filters, strides=2)
    for _ in range(blocks):
        change = normalised(activated(x, hidden[-1]), hidden[-1])
        x = keras.layers.Add(dtype=dtype)([x, change])
    for filters in hidden[-2::-1]:
        x = activated(enlarging(upsampling, dtype)(x), filters)
    return keras.Model(image, convolve(x, channels, kernel=7, activation="tanh"), name="generator")


def patch_discriminator(channels: int, hidden: Sequence[int] = (32, 64), *, dtype: Any = None) -> keras.Model:
    """[batch, height, width, channels] -> [batch, height', width', 1]: one score for each of many overlapping patches.

    PatchGAN: a 4x4 convolution for each entry of `hidden`, which halves the image, with leaky ReLU and, but for the
    first, instance normalisation; then a 4x4 convolution to the scores. Two entries judge patches of 22x22 pixels,
    three of 46x46.

    Args:
        channels: of the image.
        hidden: filters, from the image side.
        dtype: a Keras dtype policy or its name.

    Returns:
        A functional `keras.Model`, built.

    Example:
        >>> import numpy as np
        >>> patch_discriminator(3, hidden=(8, 16))(np.zeros([2, 16, 20, 3], "float32")).shape
        TensorShape([2, 4, 5, 1])
    """
    x = image = keras.Input((None, None, channels), name="image")
    for depth, filters in enumerate(hidden):
        x = keras.layers.Conv2D(filters, 4, strides=2, padding="same", use_bias=depth == 0, dtype=dtype)(x)
        x = x if depth == 0 else instance_normalization(dtype)(x)
        x = keras.layers.LeakyReLU(0.2, dtype=dtype)(x)
    return keras.Model(image, keras.layers.Conv2D(1, 4, padding="same", dtype=dtype)(x), name="discriminator")


def instance_normalization(dtype=None):
    """Each channel of each image on its own, in float32; an epsilon of 1e-3 keeps a blank sky from becoming noise."""
    return keras.layers.GroupNormalization(groups=-1, dtype=dtype)
