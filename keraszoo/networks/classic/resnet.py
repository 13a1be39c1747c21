"""The residual networks for small images.

He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2016), https://arxiv.org/abs/1512.03385, section
4.2.
"""

from collections.abc import Sequence
from typing import Any

import keras

from ...core.errors import InputError
from .layers import Layers, check_image

#: networks of three stages by name, and how many blocks of two convolutions each stage has
CIFAR_RESNETS = {
    "resnet8": 1, "resnet14": 2, "resnet20": 3, "resnet32": 5, "resnet44": 7, "resnet56": 9, "resnet110": 18,
}  # fmt: skip


def cifar_resnet_encoder(
    image_shape: Sequence[int],
    outputs: int = 64,
    hidden: Sequence[int] = (16, 32),
    *,
    blocks: int = 3,
    normalization: str | None = "batch",
    padding: str = "zero",
    activation: str = "relu",
    initialization: str = "he",
    dtype: Any = None,
) -> keras.Model:
    """[batch, height, width, channels] -> [batch, outputs], the mean of each map of the last stage.

    A 3x3 convolution, then stages of residual blocks; each stage but the first halves the image, rounding up. Shortcuts
    have no weights: where the shape changes they take every second pixel and fill up the channels with zeros (the
    paper's option A). With two hidden stages the network has 6 blocks + 2 layers, the classes' layer counted.

    Args:
        image_shape: (height, width, channels).
        outputs: filters of the last stage.
        hidden: filters of the stages before it.
        blocks: residual blocks of each stage, >= 1.
        normalization: of each convolution: None, "batch", "layer", "group" or "weight".
        padding: what convolutions see beyond the border: "zero", "mirrored" or "periodic".
        activation, initialization, dtype: of all layers.

    Raises:
        InputError: no image, or stages with fewer filters than the one before.

    Example:
        >>> network = cifar_resnet_encoder((32, 32, 3), blocks=3)  # ResNet-20
        >>> sum(int(keras.ops.size(weight)) for weight in network.trainable_variables) + 64 * 10 + 10
        269722
    """
    check_image(image_shape, "A ResNet")
    widths = (*hidden, outputs)
    if any(after < before for before, after in zip(widths, widths[1:], strict=False)):
        raise InputError(
            "Shortcuts without weights can add channels only, so no stage has fewer filters than the one before. "
            f"Received: hidden={tuple(hidden)}, features={outputs}."
        )
    make = Layers(normalization, padding, activation, initialization, dtype)

    def block(x, filters, strides):
        change = make.convolution(x, filters, 3, strides, width="same")
        change = make.convolution(change, filters, 3, width="same", activated=False)
        return make.activate(keras.layers.Add(dtype=dtype)([_shortcut(x, filters, strides, dtype), change]))

    image = keras.Input(image_shape)
    x = make.convolution(image, widths[0], 3, width="same")
    for stage, filters in enumerate(widths):
        for place in range(blocks):
            x = block(x, filters, strides=2 if stage > 0 and place == 0 else 1)
    return keras.Model(image, keras.layers.GlobalAveragePooling2D(dtype=dtype)(x), name="encoder")


def _shortcut(x, filters, strides, dtype):
    """Every pixel, or every second one, with channels of zeros behind its own."""
    if strides > 1:
        x = keras.layers.AveragePooling2D(1, strides=strides, dtype=dtype)(x)
    missing = filters - x.shape[-1]
    return keras.ops.pad(x, [[0, 0], [0, 0], [0, 0], [0, missing]]) if missing else x
