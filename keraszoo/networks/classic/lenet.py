"""LeNet-5, as it was published and as it is made today.

LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE 86
(1998).
"""

from collections.abc import Sequence
from typing import Any

import keras

from ...core.errors import InputError
from ...layers.lenet5 import FanInUniform, PartialConv2D, Subsampling2D, scaled_tanh
from ...layers.padding import PADDINGS, Pad2D
from ..convolutional import check_options
from .layers import Layers, check_hidden

KERNEL = 5  # side of both convolutions
SMALLEST_SIDE = 12  # of which one pixel is left after the second pooling
HIDDEN = (6, 16, 120)
#: which maps each filter of the second convolution sees (table I)
CONNECTIONS = (
    *(tuple((first + step) % 6 for step in range(3)) for first in range(6)),
    *(tuple((first + step) % 6 for step in range(4)) for first in range(6)),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip
BACKGROUND, SPAN = -0.1, 1.275  # of the inputs: white is -0.1, black 1.175


def lenet5_encoder(
    image_shape: Sequence[int],
    outputs: int = 84,
    hidden: Any = HIDDEN,
    *,
    normalization: str | None = None,
    padding: str = "zero",
    activation: str = "tanh",
    initialization: str = "glorot",
    dtype: Any = None,
) -> keras.Model:
    """[batch, height, width, channels] -> [batch, outputs], the activations of the last layer before the classes.

    Two 5x5 convolutions, each followed by average pooling, then two dense layers. As in the paper, where 28x28 digits
    are padded to 32x32, the first convolution keeps the size of the image and the second does not. What else the paper
    has is in `lenet5_1998_encoder`.

    Args:
        image_shape: (height, width, channels), both sides at least 12.
        outputs: units of the last layer.
        hidden: filters of the two convolutions, and units of the first dense layer.
        normalization: None, "batch", "layer", "group" or "weight".
        padding: what the first convolution sees beyond the border: "zero", "mirrored" or "periodic".
        activation, initialization, dtype: of all layers.

    Raises:
        InputError: no image, one that is too small, or another number of hidden layers.

    Example:
        >>> lenet5_encoder((28, 28, 1)).count_params()
        60856
    """
    _check(image_shape, hidden)
    make = Layers(normalization, padding, activation, initialization, dtype)
    first, second, units = hidden
    x = image = keras.Input(image_shape)
    x = keras.layers.AveragePooling2D(2, dtype=dtype)(make.convolution(x, first, KERNEL))
    x = keras.layers.AveragePooling2D(2, dtype=dtype)(make.convolution(x, second, KERNEL, width=0))
    x = make.dense(keras.layers.Flatten(dtype=dtype)(x), units, normalized=True)
    return keras.Model(image, make.dense(x, outputs, normalized=True), name="encoder")


def lenet5_1998_encoder(
    image_shape: Sequence[int],
    outputs: int = 84,
    hidden: Any = HIDDEN,
    *,
    padding: str = "zero",
    dtype: Any = None,
) -> keras.Model:
    """[batch, height, width, channels] -> [batch, outputs], the layer F6 of LeNet-5 as published.

    Unlike `lenet5_encoder`, it has pooling with a learned coefficient and bias a map (`Subsampling2D`), a second
    convolution whose filters see some of the maps (`CONNECTIONS`), 1.7159 tanh(2 x / 3) throughout, the paper's start
    of the weights, and inputs of which 0 becomes -0.1 and 1 becomes 1.175. The digits of 28x28 pixels are padded to
    32x32. With `outputs=84` and `RadialBasis` behind it (`Classifier(..., head="rbf")`) it is the paper's network.

    Args:
        image_shape: (height, width, channels), both sides at least 12.
        outputs: units of the last layer.
        hidden: filters of the two convolutions, and units of the first dense layer; of other numbers of filters than
            (6, 16) each sees all maps.
        padding: what the first convolution sees beyond the border: "zero" (the background's -0.1), "mirrored" or
            "periodic".
        dtype: of all layers.

    Raises:
        InputError: no image, one that is too small, or another number of hidden layers.

    Example:
        >>> [layer.count_params() for layer in lenet5_1998_encoder((28, 28, 1)).layers if layer.weights]
        [156, 12, 1516, 32, 48120, 10164]
    """
    _check(image_shape, hidden)
    check_options(padding=(padding, PADDINGS))
    first, second, units = hidden
    connections = CONNECTIONS if (first, second) == HIDDEN[:2] else (tuple(range(first)),) * second
    x = image = keras.Input(image_shape)
    x = Pad2D(KERNEL // 2, padding, dtype=dtype)(x)
    x = keras.layers.Rescaling(SPAN, BACKGROUND, dtype=dtype)(x)
    start = {"kernel_initializer": FanInUniform(KERNEL**2 * image_shape[-1])}
    x = keras.layers.Conv2D(first, KERNEL, activation=scaled_tanh, name="C1", dtype=dtype, **start)(x)
    x = Subsampling2D(name="S2", dtype=dtype)(x)
    x = PartialConv2D(connections, KERNEL, name="C3", dtype=dtype)(x)
    x = keras.layers.Flatten(dtype=dtype)(Subsampling2D(name="S4", dtype=dtype)(x))
    for name, size in (("C5", units), ("F6", outputs)):
        start = {"kernel_initializer": FanInUniform(x.shape[-1])}
        x = keras.layers.Dense(size, scaled_tanh, name=name, dtype=dtype, **start)(x)
    return keras.Model(image, x, name="encoder")


def _check(image_shape, hidden):
    if len(image_shape) != 3 or min(image_shape[:2]) < SMALLEST_SIDE:
        raise InputError(
            f"LeNet-5 takes images (height, width, channels) of at least {SMALLEST_SIDE}x{SMALLEST_SIDE} pixels. "
            f"Received: image_shape={tuple(image_shape)}. Nearest: network='convolutional' or 'dense'."
        )
    check_hidden(hidden, HIDDEN, "LeNet-5 has three hidden layers")
