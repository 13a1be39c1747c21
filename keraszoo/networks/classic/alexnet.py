"""AlexNet, of two towers as published and of one.

Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks" (2012). One tower:
Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (2014), https://arxiv.org/abs/1404.5997.
"""

from collections.abc import Sequence
from typing import Any

import keras

from ...core.checks import share
from .layers import NORMALIZATIONS, Layers, check_hidden, is_small

TWO_TOWERS = (96, 256, 384, 384, 256, 4096)
ONE_TOWER = (64, 192, 384, 256, 256, 4096)


def alexnet_encoder(
    image_shape: Sequence[int],
    outputs: int = 4096,
    hidden: Any = TWO_TOWERS,
    *,
    groups: int = 2,
    normalization: str | None = "local_response",
    padding: str = "zero",
    stem: str = "auto",
    dropout: float = 0.5,
    activation: str = "relu",
    initialization: str = "glorot",
    dtype: Any = None,
) -> keras.Model:
    """[batch, height, width, channels] -> [batch, outputs]: five convolutions and two dense layers.

    Pooling overlaps: windows of 3x3 pixels, two pixels apart. The second, fourth and fifth convolution see one half of
    the maps for each half of their filters, as the two graphics cards of the paper did. The first convolution of 11x11
    pixels moves by four; for images with a side below 64 it is one of 5x5 that moves by one.

    Args:
        image_shape: (height, width, channels); 224 or 227 pixels a side are the published network.
        outputs: units of the last layer.
        hidden: filters of the five convolutions, and units of the first dense layer.
        groups: 2, or 1: one tower.
        normalization: "local_response" behind the first two convolutions, or None, "batch", "layer", "group", "weight".
        padding: what convolutions see beyond the border: "zero", "mirrored" or "periodic".
        stem: "imagenet", "small" or "auto".
        dropout: rate before each dense layer.
        activation, initialization, dtype: of all layers.

    Raises:
        InputError: for impossible arguments.

    Example:
        >>> alexnet_encoder((32, 32, 3), 32, (8, 16, 16, 16, 16, 32)).output_shape
        (None, 32)
    """
    small = is_small(image_shape, stem, "AlexNet")
    check_hidden(hidden, TWO_TOWERS, "AlexNet has six hidden layers")
    rate = share("dropout", dropout)
    make = Layers(normalization, padding, activation, initialization, dtype, (*NORMALIZATIONS, "local_response"))
    *filters, units = hidden
    x = image = keras.Input(image_shape)
    first = {"kernel": 5} if small else {"kernel": 11, "strides": 4, "width": 2}
    x = make.pool(make.local_response(make.convolution(x, filters[0], **first, name="conv1")))
    x = make.convolution(x, filters[1], 5, groups=groups, name="conv2")
    x = make.pool(make.local_response(x))
    x = make.convolution(x, filters[2], 3, name="conv3")
    x = make.convolution(x, filters[3], 3, groups=groups, name="conv4")
    x = make.pool(make.convolution(x, filters[4], 3, groups=groups, name="conv5"))
    return keras.Model(image, make.fully_connected(x, {"fc6": units, "fc7": outputs}, rate), name="encoder")
