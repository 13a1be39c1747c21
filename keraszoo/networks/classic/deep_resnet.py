"""The residual networks for ImageNet.

He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2016), https://arxiv.org/abs/1512.03385, table
1.
"""

from collections.abc import Sequence
from typing import Any

import keras

from ...core.errors import InputError
from .layers import Layers, check_hidden, is_small

#: blocks of each of the four stages by the network's name, and whether a block is a bottleneck
DEEP_RESNETS = {
    "resnet18": ((2, 2, 2, 2), False),
    "resnet34": ((3, 4, 6, 3), False),
    "resnet50": ((3, 4, 6, 3), True),
    "resnet101": ((3, 4, 23, 3), True),
    "resnet152": ((3, 8, 36, 3), True),
}
HIDDEN = (64, 128, 256)
EXPANSION = 4  # of a bottleneck


def deep_resnet_encoder(
    image_shape: Sequence[int],
    outputs: int = 512,
    hidden: Sequence[int] = HIDDEN,
    *,
    blocks: Sequence[int] = (2, 2, 2, 2),
    bottleneck: bool = False,
    halving: str = "3x3",
    normalization: str | None = "batch",
    padding: str = "zero",
    stem: str = "auto",
    activation: str = "relu",
    initialization: str = "he",
    dtype: Any = None,
) -> keras.Model:
    """[batch, height, width, channels] -> [batch, outputs], the mean of each map of the last of four stages.

    A block adds to what it is given two 3x3 convolutions, or a bottleneck: 1x1, 3x3 and a 1x1 with four times as many
    filters. Where the shape changes, a 1x1 convolution is what they are added to (the paper's option B). The stages
    after the first halve the image. The published stem quarters it before; for images with a side below 64 the stem is
    a 3x3 convolution.

    Args:
        image_shape: (height, width, channels).
        outputs: maps of the last stage, of bottlenecks a multiple of 4.
        hidden: filters of the 3x3 convolutions of the first three stages.
        blocks: of each stage, see `DEEP_RESNETS`.
        bottleneck: whether blocks are bottlenecks.
        halving: which convolution of a bottleneck halves the image: "3x3", as today's implementations have it, or
            "1x1", the first one, as published.
        normalization: None, "batch", "layer", "group" or "weight".
        padding, stem, activation, initialization, dtype: as for `alexnet_encoder`.

    Raises:
        InputError: for impossible arguments.

    Example:
        >>> deep_resnet_encoder((28, 28, 1), 32, (4, 8, 16)).output_shape
        (None, 32)
    """
    small = is_small(image_shape, stem, "A ResNet")
    check_hidden(hidden, HIDDEN, "A ResNet has three stages before the last")
    if halving not in ("3x3", "1x1"):
        raise InputError(f"halving is '3x3' or '1x1'. Received: halving={halving!r}.")
    expansion = EXPANSION if bottleneck else 1
    if outputs % expansion:
        raise InputError(f"Bottlenecks make a multiple of {expansion} maps. Received: features={outputs}.")
    make = Layers(normalization, padding, activation, initialization, dtype)

    def block(x, filters, strides):
        change, linear = x, {"activated": False}
        if bottleneck:
            first, second = (strides, 1) if halving == "1x1" else (1, strides)
            change = make.convolution(change, filters, 1, first)
            change = make.convolution(change, filters, 3, second)
            change = make.convolution(change, expansion * filters, 1, **linear)
        else:
            change = make.convolution(make.convolution(change, filters, 3, strides), filters, 3, **linear)
        if strides > 1 or x.shape[-1] != expansion * filters:
            x = make.convolution(x, expansion * filters, 1, strides, **linear)
        return make.activate(keras.layers.Add(dtype=dtype)([x, change]))

    x = image = keras.Input(image_shape)
    if small:
        x = make.convolution(x, hidden[0], 3)
    else:
        x = make.convolution(x, hidden[0], 7, 2)
        x = keras.layers.ZeroPadding2D(1, dtype=dtype)(x)
        x = keras.layers.MaxPooling2D(3, 2, dtype=dtype)(x)
    for stage, (filters, count) in enumerate(zip((*hidden, outputs // expansion), blocks, strict=True)):
        for place in range(count):
            x = block(x, filters, strides=2 if stage > 0 and place == 0 else 1)
    return keras.Model(image, keras.layers.GlobalAveragePooling2D(dtype=dtype)(x), name="encoder")
