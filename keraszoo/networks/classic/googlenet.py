"""GoogLeNet: modules of convolutions of several sizes beside each other.

Szegedy et al., "Going Deeper with Convolutions" (2015), https://arxiv.org/abs/1409.4842, table 1.
"""

import math
import numbers
from collections.abc import Sequence
from typing import Any

import keras

from ...core.checks import share
from ...core.errors import InputError
from .layers import NORMALIZATIONS, Layers, is_small

#: filters of each module: 1x1; 3x3 and the 1x1 before it; 5x5 and the 1x1 before it; 1x1 behind the pooling
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
AUXILIARY = ("inception_4a", "inception_4d")  # where the paper's auxiliary classifiers are


def googlenet_encoder(
    image_shape: Sequence[int],
    outputs: int | None = None,
    hidden: Any = (),
    *,
    width: float = 1.0,
    large_kernel: int = 5,
    normalization: str | None = "local_response",
    padding: str = "zero",
    stem: str = "auto",
    dropout: float = 0.4,
    activation: str = "relu",
    initialization: str = "glorot",
    dtype: Any = None,
) -> keras.Model:
    """[batch, height, width, channels] -> [batch, outputs], the mean of each map of the last of nine modules.

    Its modules are layers of the names "inception_3a" to "inception_5b". The published network halves the image three
    times before the first; for images with a side below 64 a 3x3 convolution takes the place of these layers.

    Args:
        image_shape: (height, width, channels); 224 pixels a side are the published network.
        outputs: None, or 1024 * width.
        hidden: (); the modules' filters are the paper's, times `width`.
        width: factor of all filters, > 0.
        large_kernel: side of the largest convolution of a module: 5, or 3, with the last pooling of 2x2 pixels, which
            is torchvision's network.
        normalization: "local_response" in the stem, or None, "batch" (which the later versions have), "layer", "group",
            "weight".
        dropout: rate behind the mean.
        padding, stem, activation, initialization, dtype: as for `alexnet_encoder`.

    Raises:
        InputError: for impossible arguments.

    Example:
        >>> googlenet_encoder((28, 28, 1), 64, width=1 / 16).output_shape
        (None, 64)
    """
    small = is_small(image_shape, stem, "GoogLeNet")
    if hidden:
        raise InputError(
            f"The modules of GoogLeNet have their own filters. Received: hidden={tuple(hidden)}. Nearest: "
            "network={'name': 'googlenet', 'width': 0.5}."
        )
    if isinstance(width, bool) or not isinstance(width, numbers.Real) or not 0 < width < math.inf:
        raise InputError(f"width multiplies the filters and must be > 0. Received: width={width!r}.")
    if large_kernel not in (3, 5):
        raise InputError(f"large_kernel is 5 or 3. Received: large_kernel={large_kernel!r}.")
    modules = {name: tuple(_scaled(size, width) for size in sizes) for name, sizes in MODULES.items()}
    last = sum(modules["5b"][place] for place in (0, 2, 4, 5))
    if outputs not in (None, last):
        raise InputError(
            f"With width={width} the last module has {last} maps. Received: features={outputs}. Nearest: {last}."
        )
    rate = share("dropout", dropout)
    make = Layers(normalization, padding, activation, initialization, dtype, (*NORMALIZATIONS, "local_response"))

    def module(x, name):
        one, before_three, three, before_five, five, pooled = modules[name]
        convolution = make.convolution
        windows = keras.layers.MaxPooling2D(3, strides=1, padding="same", dtype=dtype)(x)
        parts = (
            convolution(x, one, 1),
            convolution(convolution(x, before_three, 1), three, 3),
            convolution(convolution(x, before_five, 1), five, large_kernel),
            convolution(windows, pooled, 1),
        )
        return keras.layers.Concatenate(name=f"inception_{name}", dtype=dtype)(parts)

    x = image = keras.Input(image_shape)
    filters = _scaled(64, width), _scaled(64, width), _scaled(192, width)
    if small:
        x = make.convolution(x, filters[2], 3)
    else:
        x = make.local_response(make.pool(make.convolution(x, filters[0], 7, 2)))
        x = make.convolution(make.convolution(x, filters[1], 1), filters[2], 3)
        x = make.pool(make.local_response(x))
    for name in modules:
        if name in ("4a", "5a"):
            x = make.pool(x, 2 if name == "5a" and large_kernel == 3 else 3)
        x = module(x, name)
    x = keras.layers.GlobalAveragePooling2D(dtype=dtype)(x)
    return keras.Model(image, keras.layers.Dropout(rate, dtype=dtype)(x), name="encoder")


def _scaled(filters, width):
    return max(1, round(filters * width))
