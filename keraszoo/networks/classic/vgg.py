"""The VGG networks: 3x3 convolutions one behind the other.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2015),
https://arxiv.org/abs/1409.1556, table 1.
"""

from collections.abc import Sequence
from typing import Any

import keras

from ...core.checks import share
from .layers import Layers, check_hidden, check_image

#: sides of the kernels of each of the five stages, by the network's name: A, B, C, D and E of the paper
VGGS = {
    "vgg11": ((3,), (3,), (3, 3), (3, 3), (3, 3)),
    "vgg13": ((3, 3),) * 5,
    "vgg16c": ((3, 3), (3, 3), (3, 3, 1), (3, 3, 1), (3, 3, 1)),
    "vgg16": ((3, 3), (3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
    "vgg19": ((3, 3), (3, 3), (3, 3, 3, 3), (3, 3, 3, 3), (3, 3, 3, 3)),
}
HIDDEN = (64, 128, 256, 512, 512, 4096)


def vgg_encoder(
    image_shape: Sequence[int],
    outputs: int = 4096,
    hidden: Any = HIDDEN,
    *,
    kernels: Any = VGGS["vgg16"],
    normalization: str | None = None,
    padding: str = "zero",
    dropout: float = 0.5,
    activation: str = "relu",
    initialization: str = "he",
    dtype: Any = None,
) -> keras.Model:
    """[batch, height, width, channels] -> [batch, outputs]: five stages of convolutions and two dense layers.

    Behind each stage the image is halved by the maximum of 2x2 pixels, until one pixel is left.

    Args:
        image_shape: (height, width, channels); 224 pixels a side are the published networks.
        outputs: units of the last layer.
        hidden: filters of the five stages, and units of the first dense layer.
        kernels: sides of the kernels, see `VGGS`.
        normalization: None, as published, or "batch", "layer", "group", "weight".
        dropout: rate behind each dense layer.
        padding, activation, initialization, dtype: as for `alexnet_encoder`.

    Raises:
        InputError: for impossible arguments.

    Example:
        >>> vgg_encoder((28, 28, 1), 32, (4, 4, 8, 8, 8, 32)).output_shape
        (None, 32)
    """
    check_image(image_shape, "VGG")
    check_hidden(hidden, HIDDEN, "VGG has five stages and a dense layer")
    rate = share("dropout", dropout)
    make = Layers(normalization, padding, activation, initialization, dtype)
    *filters, units = hidden
    x = image = keras.Input(image_shape)
    for stage, (size, sides) in enumerate(zip(filters, kernels, strict=True), start=1):
        for place, side in enumerate(sides, start=1):
            x = make.convolution(x, size, side, name=f"conv{stage}_{place}")
        if min(x.shape[1:3]) > 1:
            x = keras.layers.MaxPooling2D(2, dtype=dtype)(x)
    x = keras.layers.Flatten(dtype=dtype)(x)
    for name, size in (("fc1", units), ("fc2", outputs)):
        x = keras.layers.Dropout(rate, dtype=dtype)(make.dense(x, size, name))
    return keras.Model(image, x, name="encoder")
