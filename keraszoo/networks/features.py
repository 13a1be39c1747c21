"""A fixed network in whose hidden layers images are compared.

Johnson, Alahi and Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution" (2016),
https://arxiv.org/abs/1603.08155, call it the loss network.
"""

import math
import os
import pathlib
import re
import zipfile
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ..core.checks import positive_integers
from ..core.errors import InputError, closest
from ..core.types import Array
from ..system.archives import check_size
from .hidden_layers import activations, check_functional, hidden_layers, with_outputs
from .pretrained import SIDE, applications

FINEST = 3  # resolutions of a `keras.applications` network that are compared, unless layers are named
FILTERS = (16, 32, 64)  # of the network of random weights


@keras.saving.register_keras_serializable("keraszoo")
class LossNetwork(keras.layers.Layer):
    """The hidden layers of a network that learns nothing: always `training=False`, no trainable weights.

    Use `loss_network` to make one.

    Args:
        network: a Keras model from an image to a list of features.
        image_shape: of the images that are compared.
        size: (height, width) to which they are resized for the network, or None.
        application: name of the `keras.applications` network whose preparation of images in [0, 1] is needed, or None.

    Shapes:
        [batch, *image_shape] -> a list of [batch, ...] float32, one for each layer.
    """

    def __init__(
        self,
        network: keras.Model,
        image_shape: Sequence[int],
        size: Any = None,
        application: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=False, dtype="float32", **kwargs)
        self.network, self.image_shape = network, tuple(image_shape)
        self.size = None if size is None else tuple(size)
        self.application = application
        self.network.trainable = False
        self.built = True

    def call(self, x: Array) -> list[tf.Tensor]:
        if self.size is not None:
            x = tf.image.resize(x, self.size)
        if len(self.image_shape) == 3:
            x = tf.repeat(x, self.network.inputs[0].shape[-1] // self.image_shape[-1], axis=-1)
        if self.application is not None:
            x = applications()[self.application][1](255.0 * x)
        return [tf.cast(features, tf.float32) for features in tf.nest.flatten(self.network(x, training=False))]

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "network": keras.saving.serialize_keras_object(self.network),
            "image_shape": self.image_shape,
            "size": self.size,
            "application": self.application,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{**config, "network": keras.saving.deserialize_keras_object(config["network"])})


def loss_network(
    network: Any,
    image_shape: Sequence[int],
    *,
    layers: Any = None,
    weights: str | None = None,
    size: Any = None,
    seed: int = 0,
) -> Any:
    """A `LossNetwork` with weights of its own: what it was made of can go on learning.

    Args:
        network: None: three convolutions of random weights, each at half the resolution of the one before it (He, Wang
            and Hopcroft, "A Powerful Generative Model Using Random Weights for the Deep Image Representation", 2016,
            https://arxiv.org/abs/1606.04801, on what they tell); the path of a finished run or of a .keras file; a
            `Classifier` (its encoder is taken), or any functional or Sequential Keras model, of images in [0, 1]; the
            name of a `keras.applications` network, such as "vgg19"; a `LossNetwork`, which is returned.
        image_shape: of the images that are compared. They are resized where the network takes one size only, and a
            single channel is repeated where it takes several.
        layers: names of its layers, or numbers among those that are not linear, from 0 on. None: the first of these at
            each resolution, and all that are vectors, without the network's last layer; of a `keras.applications`
            network those at the three finest resolutions, such as relu1_1, relu2_1 and relu3_1 of VGG.
        weights: of a `keras.applications` network: "imagenet", which Keras downloads, the path of a file, or None:
            random.
        size: (height, width) to which images are resized for a network that takes any.
        seed: integer, of random weights where `network` is None.

    Raises:
        InputError: unknown network, layer or file; weights that cannot be had; images that it cannot take.

    Example:
        >>> features = loss_network(None, (8, 8, 1))(tf.zeros([2, 8, 8, 1]))
        >>> [tuple(each.shape) for each in features]
        [(2, 8, 8, 16), (2, 4, 4, 32), (2, 2, 2, 64)]
    """
    if isinstance(network, LossNetwork):
        if network.image_shape != tuple(image_shape):
            raise InputError(
                f"The loss network compares images of shape {network.image_shape}. Received: {tuple(image_shape)}."
            )
        return network
    application, network, headless = _named(network, image_shape, weights, seed)
    check_functional(network, "loss network")
    size = _size(network, tuple(image_shape), size)
    if layers is None:
        known = network.layers if headless else network.layers[:-1]
        chosen = [layer for layer in activations(network) if layer in known]
        chosen = _first_of_each_resolution(network, chosen, FINEST if application else None)
    else:
        names = (layers,) if isinstance(layers, (str, int)) else tuple(layers)
        chosen = hidden_layers(network, names, "loss network")
    if not chosen:
        raise InputError(
            f"The loss network has no hidden layer that is not linear. Received: layers={layers!r} of "
            f"{', '.join(layer.name for layer in network.layers)}. Name some of these."
        )
    cut = with_outputs(network, chosen)
    twin = type(cut).from_config(cut.get_config())
    twin.set_weights(cut.get_weights())
    made = LossNetwork(twin, image_shape, size, application)
    try:
        made(keras.KerasTensor((None, *image_shape)))
    except ValueError as error:
        raise InputError(
            f"The loss network cannot take images of shape {tuple(image_shape)} with size={size}: {_reason(error)}"
        ) from error
    return made


def _named(network, image_shape, weights, seed):
    """(name of the application or None, Keras model, whether its last layer is a hidden one) for what may be a name."""
    key = str(network).lower().replace("_", "").replace("-", "")
    if isinstance(network, str) and key in applications():
        return key, _application(key, weights), True
    if weights is not None:
        raise InputError(f"weights are those of a keras.applications network, given by name. Received: {weights!r}.")
    if network is None:
        return None, _random_network(image_shape, seed), True
    if isinstance(network, (str, os.PathLike)):
        network = _opened(network)
    if isinstance(network, keras.Model) and hasattr(network, "encoder"):  # a model of the zoo
        return None, network.encoder, True
    return None, network, False


def _application(name, weights):
    try:
        return applications()[name][0](include_top=False, weights=weights, input_shape=(None, None, 3))
    except Exception as error:  # Keras raises a bare one where it cannot download
        raise InputError(
            f"{name} cannot have these weights. Received: weights={weights!r}: {_reason(error)}. Give the path of a "
            "file that holds them (those without the top), or weights=None for random ones."
        ) from error


def _opened(path):
    """The model of a finished run or of a .keras file."""
    if pathlib.Path(path).is_dir():
        from ..runs.run import Run

        return Run.open(path).model()
    if not pathlib.Path(path).is_file():
        raise InputError(
            "The loss network is a run, a .keras file or a keras.applications network, and there is none of that "
            f"name. Received: {str(path)!r}. {closest(str(path), applications())}"
        )
    try:
        check_size(path)
        return keras.saving.load_model(path)
    except InputError:
        raise
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"The loss network cannot be read from {str(path)!r}: {_reason(error)}") from error


def _random_network(image_shape, seed):
    if len(image_shape) != 3:
        raise InputError(
            "The loss network of random weights compares images (height, width, channels). Received: image_shape="
            f"{tuple(image_shape)}. Give a loss_network of your own."
        )
    layers = [keras.Input((None, None, image_shape[-1]))]
    for place, filters in enumerate(FILTERS):
        start = keras.initializers.HeNormal(seed=seed + place)
        stride = 1 if place == 0 else 2
        layers += [keras.layers.Conv2D(filters, 3, stride, "same", activation="relu", kernel_initializer=start)]
    return keras.Sequential(layers)


def _first_of_each_resolution(network, layers, finest):
    """The first layer of each height and width, of the `finest` ones where that is a number; every layer of vectors."""
    if not layers:
        return []
    shape = tuple(side or SIDE for side in network.inputs[0].shape[1:])
    outputs = with_outputs(network, layers)(keras.KerasTensor((None, *shape)))
    found = {}
    for layer, output in zip(layers, tf.nest.flatten(outputs), strict=True):
        found.setdefault(tuple(output.shape[1:-1]) or layer.name, layer)
    if finest:
        images = [resolution for resolution in found if not isinstance(resolution, str)]
        finest = sorted(images, key=math.prod, reverse=True)[:finest]
        found = {resolution: layer for resolution, layer in found.items() if resolution in finest}
    return [*found.values()]


def _size(network, image_shape, size):
    """What images are resized to, or None."""
    takes = tuple(network.inputs[0].shape[1:])
    if len(takes) != len(image_shape) or takes[-1] != image_shape[-1] and (len(takes) != 3 or image_shape[-1] != 1):
        raise InputError(f"The loss network takes examples of shape {takes}. Received: image_shape={image_shape}.")
    if len(takes) != 3:
        if size is not None:
            raise InputError(f"Images can be resized. Received: size={size!r} for examples of shape {image_shape}.")
        return None
    if size is not None:
        size = positive_integers("size", size)
        size = 2 * size if len(size) == 1 else size
        if len(size) != 2 or any(want not in (None, side) for want, side in zip(takes[:2], size, strict=True)):
            raise InputError(
                f"size is the (height, width) that the loss network shall see; it takes {takes[:2]}. Received: {size}."
            )
        return size
    size = tuple(side if want is None else want for want, side in zip(takes[:2], image_shape[:2], strict=True))
    return None if size == image_shape[:2] else size


def _reason(error):
    """The line of an error that says what went wrong: Keras puts one before it, and colours."""
    lines = re.sub(r"\x1b\[\d+m", "", str(error)).strip().splitlines()
    return next((line for line in lines if line and not line.startswith("Exception encountered")), type(error).__name__)
