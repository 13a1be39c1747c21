"""ZFNet: AlexNet with a smaller first window, found by looking at what its layers see.

Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2014), https://arxiv.org/abs/1311.2901,
figure 3.
"""

from collections.abc import Sequence
from typing import Any

import keras

from ...core.checks import share
from .layers import NORMALIZATIONS, Layers, check_hidden, is_small

HIDDEN = (96, 256, 384, 384, 256, 4096)


def zfnet_encoder(
    image_shape: Sequence[int],
    outputs: int = 4096,
    hidden: Sequence[int] = HIDDEN,
    *,
    normalization: str | None = "local_response",
    padding: str = "zero",
    stem: str = "auto",
    dropout: float = 0.5,
    activation: str = "relu",
    initialization: str = "glorot",
    dtype: Any = None,
) -> keras.Model:
    """[batch, height, width, channels] -> [batch, outputs]: five convolutions and two dense layers.

    The first two convolutions, of 7x7 and 5x5 pixels, move by two; for images with a side below 64 they move by one.

    Args:
        image_shape: (height, width, channels); 224 pixels a side are the published network.
        outputs: units of the last layer.
        hidden: filters of the five convolutions, and units of the first dense layer.
        normalization: "local_response" behind the first two poolings, or None, "batch", "layer", "group", "weight".
        padding, stem, dropout, activation, initialization, dtype: as for `alexnet_encoder`.

    Raises:
        InputError: for impossible arguments.

    Example:
        >>> zfnet_encoder((32, 32, 3), 32, (8, 16, 16, 16, 16, 32)).output_shape
        (None, 32)
    """
    small = is_small(image_shape, stem, "ZFNet")
    check_hidden(hidden, HIDDEN, "ZFNet has six hidden layers")
    rate = share("dropout", dropout)
    make = Layers(normalization, padding, activation, initialization, dtype, (*NORMALIZATIONS, "local_response"))
    *filters, units = hidden
    x = image = keras.Input(image_shape)
    first, second = (
        ({"strides": 1}, {"strides": 1}) if small else ({"strides": 2, "width": 1}, {"strides": 2, "width": 0})
    )
    x = make.local_response(make.pool(make.convolution(x, filters[0], 7, **first, name="conv1")))
    x = make.local_response(make.pool(make.convolution(x, filters[1], 5, **second, name="conv2")))
    for place, size in enumerate(filters[2:], start=3):
        x = make.convolution(x, size, 3, name=f"conv{place}")
    x = make.fully_connected(make.pool(x), {"fc6": units, "fc7": outputs}, rate)
    return keras.Model(image, x, name="encoder")
