"""LeNet-5.

LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE 86
(1998).
"""

import keras

from ...core.errors import InputError
from ..initialization import initializers

KERNEL = 5  # side of both convolutions
SMALLEST_SIDE = 12  # of which one pixel is left after the second pooling


def lenet5_encoder(
    image_shape, outputs=84, hidden=(6, 16, 120), *, activation="tanh", initialization="glorot", dtype=None
):
    """[batch, height, width, channels] -> [batch, outputs], the activations of the last layer before the classes.

    Two 5x5 convolutions, each followed by average pooling, then two dense layers. As in the paper, where 28x28 digits
    are padded to 32x32, the first convolution keeps the size of the image and the second does not. The paper's pooling
    has two trainable numbers a map more, and some of its convolutions see only some of the maps.

    Args:
        image_shape: (height, width, channels), both sides at least 12.
        outputs: units of the last layer.
        hidden: filters of the two convolutions, and units of the first dense layer.

    Raises:
        InputError: no image, one that is too small, or another number of hidden layers.

    Example:
        >>> lenet5_encoder((28, 28, 1)).count_params()
        60856
    """
    if len(image_shape) != 3 or min(image_shape[:2]) < SMALLEST_SIDE:
        raise InputError(
            f"LeNet-5 takes images (height, width, channels) of at least {SMALLEST_SIDE}x{SMALLEST_SIDE} pixels. "
            f"Received: image_shape={tuple(image_shape)}."
        )
    if len(hidden) != 3:
        raise InputError(f"LeNet-5 has three hidden layers, (6, 16, 120). Received: hidden={tuple(hidden)}.")
    height, width, channels = image_shape
    first, second, units = hidden
    inputs = (height // 2 - KERNEL + 1) // 2 * ((width // 2 - KERNEL + 1) // 2) * second
    options = {"activation": activation, "dtype": dtype}

    def convolution(filters, channels, padding):
        start = initializers(initialization, KERNEL**2 * channels)
        return keras.layers.Conv2D(filters, KERNEL, padding=padding, **options, **start)

    layers = [
        keras.Input(image_shape),
        convolution(first, channels, "same"),
        keras.layers.AveragePooling2D(2, dtype=dtype),
        convolution(second, first, "valid"),
        keras.layers.AveragePooling2D(2, dtype=dtype),
        keras.layers.Flatten(dtype=dtype),
        keras.layers.Dense(units, **options, **initializers(initialization, inputs)),
        keras.layers.Dense(outputs, **options, **initializers(initialization, units)),
    ]
    return keras.Sequential(layers, name="encoder")
