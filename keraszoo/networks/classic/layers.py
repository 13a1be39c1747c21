"""How the layers of a classic network are made: normalised, activated, and with what lies beyond the border."""

import dataclasses

import keras

from ...core.errors import InputError
from ...layers.normalization.batch_normalization import BatchNormalization
from ...layers.normalization.local_response import LocalResponseNormalization
from ...layers.normalization.weight_normalization import WeightNormalization
from ...layers.padding import PADDINGS, Pad2D
from ..convolutional import check_options
from ..initialization import initializers

NORMALIZATIONS = (None, "batch", "layer", "group", "weight")
GROUPS = 32  # of group normalisation, as Wu and He (2018) have it, or as many as divide the maps
SMALL = 64  # images with a side below this get a stem that keeps their size
STEMS = ("auto", "imagenet", "small")


@dataclasses.dataclass(frozen=True)
class Layers:
    """Makes layers that have these options in common, and applies them.

    Args:
        normalization: between each layer and its activation: None, "batch", "layer" (over all values of an example),
            "group" (Wu and He, 2018, https://arxiv.org/abs/1803.08494), or "weight" (of the kernel, Salimans and
            Kingma, 2016); "local_response" is left to the network, which has it at two places.
        padding: what convolutions see beyond the border: "zero", "mirrored" or "periodic".
        activation, initialization, dtype: of all layers.
        known: the normalizations that the network takes.
    """

    normalization: str | None
    padding: str
    activation: str
    initialization: str
    dtype: object
    known: tuple = NORMALIZATIONS

    def __post_init__(self):
        check_options(normalization=(self.normalization, self.known), padding=(self.padding, PADDINGS))

    def convolution(self, x, filters, kernel, strides=1, *, width=None, groups=1, activated=True, name=None):
        """A convolution that sees `width` pixels beyond the border, by default half its kernel, and moves by `strides`.

        `width="same"` puts zeros where TensorFlow does: where it moves by two over an even side, only behind the image.
        With several groups each sees its part of the maps and makes its part of the filters.
        """
        same = self.padding == "zero" and (width == "same" or (strides == 1 and width is None))
        width = kernel // 2 if width in (None, "same") else width
        if width and not same:
            x = Pad2D(width, self.padding, dtype=self.dtype)(x)
        if not same and None not in x.shape[1:3] and min(x.shape[1:3]) < kernel:
            raise InputError(
                f"The image is too small for a {kernel}x{kernel} convolution. Received: {x.shape[1]}x{x.shape[2]} "
                "pixels, border included. Nearest: stem='small', or a larger image."
            )
        maps = x.shape[-1]
        if maps % groups or filters % groups:
            raise InputError(
                f"{groups} groups divide the maps of the layers that have them. Received: {maps} maps, {filters} "
                "filters."
            )
        start = initializers(self.initialization, kernel**2 * maps // groups)
        options = {"strides": strides, "dtype": self.dtype, "use_bias": self._biased, **start}
        options["padding"] = "same" if same else "valid"
        names = [name] if groups == 1 else [f"{name}_{place}" if name else None for place in range(groups)]
        parts = [x] if groups == 1 else keras.ops.split(x, groups, axis=-1)
        made = [
            self._weights(keras.layers.Conv2D(filters // groups, kernel, name=each, **options))(part)
            for part, each in zip(parts, names, strict=True)
        ]
        return self._finished(made[0] if groups == 1 else keras.layers.Concatenate(dtype=self.dtype)(made), activated)

    def dense(self, x, units, name=None, normalized=False):
        """A dense layer; it is normalised where the network asks for it or its weights are."""
        start = initializers(self.initialization, x.shape[-1])
        biased = self._biased or not normalized
        layer = keras.layers.Dense(units, dtype=self.dtype, use_bias=biased, name=name, **start)
        x = self._weights(layer)(x)
        return self._finished(x, True) if normalized else self.activate(x)

    def fully_connected(self, x, sizes, dropout):
        """Maps as a vector, then dense layers `{name: units}`, each behind dropout of that rate."""
        x = keras.layers.Flatten(dtype=self.dtype)(x)
        for name, units in sizes.items():
            x = self.dense(keras.layers.Dropout(dropout, dtype=self.dtype)(x), units, name)
        return x

    def activate(self, x):
        return keras.layers.Activation(self.activation, dtype=self.dtype)(x)

    def local_response(self, x):
        """Local response normalisation, where the network's normalization is that."""
        return LocalResponseNormalization(dtype=self.dtype)(x) if self.normalization == "local_response" else x

    def pool(self, x, size=3, strides=2):
        """The maximum of windows, of which the last may reach over the border, to zeros: the published sizes' rule.

        An image of one pixel a side is left as it is.
        """
        sides = x.shape[1:3]
        if min(sides) == 1:
            return x
        after = [-(side - size) % strides if side >= size else size - side for side in sides]
        if any(after):
            x = Pad2D(tuple((0, zeros) for zeros in after), "zero", dtype=self.dtype)(x)
        return keras.layers.MaxPooling2D(size, strides, dtype=self.dtype)(x)

    @property
    def _biased(self):
        """Whether layers have a bias of their own, rather than that of the normalisation behind them."""
        return self.normalization not in ("batch", "layer", "group")

    def _weights(self, layer):
        return WeightNormalization(layer, dtype=self.dtype) if self.normalization == "weight" else layer

    def _finished(self, x, activated):
        if self.normalization == "batch":
            x = BatchNormalization(dtype=self.dtype)(x)
        elif self.normalization in ("layer", "group"):
            most = 1 if self.normalization == "layer" else GROUPS
            x = group_normalization(x, most, self.dtype)
        return self.activate(x) if activated else x


def is_small(image_shape, stem, network):
    """Whether the network starts by the stem for small images; InputError for what is no image or no stem."""
    check_image(image_shape, network)
    check_options(stem=(stem, STEMS))
    return stem == "small" or (stem == "auto" and min(image_shape[:2]) < SMALL)


def group_normalization(x, most, dtype):
    """Group normalisation in `most` groups, or as many as divide the maps."""
    groups = max(number for number in range(1, most + 1) if x.shape[-1] % number == 0)
    return keras.layers.GroupNormalization(groups, dtype=dtype)(x)


def check_image(image_shape, network):
    """Raises InputError for what is no image."""
    if len(image_shape) != 3:
        raise InputError(
            f"{network} takes images (height, width, channels). Received: image_shape={tuple(image_shape)}."
        )


def check_hidden(hidden, example, what):
    """Raises InputError unless there are as many hidden layers as in the example."""
    if len(hidden) != len(example):
        raise InputError(f"{what}, such as {example}. Received: hidden={tuple(hidden)}.")
