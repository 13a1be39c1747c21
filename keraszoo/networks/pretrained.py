"""The networks of `keras.applications`, and the small ResNets that it lacks, as encoders."""

import functools
import importlib
import inspect
import pkgutil
from typing import Any

import keras
import tensorflow as tf

from ..core.errors import InputError, closest
from ..layers.normalization.batch_normalization import BatchNormalization
from .classic import CLASSIC

OWN = ("resnet18", "resnet34")  # which `keras.applications` lacks
SMALLEST_SIDE = 32  # that all of them take
SIDE = 256  # of the image on which the resolutions of a network's layers are read


def named_encoder(name: str, image: Any, depth: int, *, weights: str | None = None, dtype: Any = None) -> list:
    """The features that a `keras.applications` network has at full resolution, at half of it, ... at 1 / 2^depth.

    Of the layers of each resolution the last is taken. Batch normalisation becomes that of the zoo, over the batch of
    all replicas. The image is prepared inside, as the network's weights expect it.

    Args:
        name: such as "resnet50", "vgg16", "mobilenetv2" or "efficientnetb0", or "resnet18" and "resnet34", which are
            the zoo's own; case and underscores do not matter.
        image: a `keras.Input` of images [batch, height, width, 1 or 3] in [0, 1]; one channel is repeated.
        depth: how often the features are halved, at most 5. It takes images whose height and width 2^depth divides.
        weights: None (random), "imagenet" (which Keras downloads) or the path of a file.
        dtype: a Keras dtype policy or its name.

    Returns:
        depth + 1 Keras tensors, the finest first; None where the network has none of that resolution.

    Raises:
        InputError: an unknown network, one whose features are not halved that often, other channels.

    Example:
        >>> features = named_encoder("mobilenetv2", keras.Input((64, 96, 1)), 3)
        >>> [None if feature is None else feature.shape for feature in features]
        [None, (None, 32, 48, 96), (None, 16, 24, 144), (None, 8, 12, 192)]
    """
    make, rgb = _prepared(name, image)
    sized = make(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3))
    last = {side: place for place, side in enumerate(map(_side, sized.layers))}
    places = [last.get(SIDE >> level) for level in range(depth + 1)]
    places[0] = places[0] or None  # place 0 is the image
    if places[-1] is None:
        raise InputError(f"The encoder {name!r} does not halve the image {depth} times. Received: depth={depth}.")
    network = _in_the_zoo(make(include_top=False, weights=weights, input_shape=(None, None, 3)), dtype)
    features = keras.Model(network.input, [network.layers[place].output for place in places if place is not None])

    found = iter(features(rgb))
    return [None if place is None else next(found) for place in places]


def application_encoder(name, image_shape, outputs=None, *, weights=None, dtype=None):
    """[batch, height, width, 1 or 3] -> [batch, outputs]: the mean of each map of a `keras.applications` network.

    Args:
        name: as for `named_encoder`, which also says how the image is prepared.
        image_shape: (height, width, channels).
        outputs: None: as many as the network has maps; else a dense layer makes so many of them.
        weights: None (random), "imagenet" (which Keras downloads) or the path of a file.
        dtype: a Keras dtype policy or its name.

    Raises:
        InputError: an unknown network, other channels, an image that is too small.

    Example:
        >>> application_encoder("mobilenetv2", (64, 64, 3)).output_shape
        (None, 1280)
    """
    if len(image_shape) != 3 or min(image_shape[:2]) < SMALLEST_SIDE:
        raise InputError(
            f"The network {name!r} takes images (height, width, channels) of at least {SMALLEST_SIDE} pixels a side. "
            f"Received: image_shape={tuple(image_shape)}."
        )
    image = keras.Input(image_shape)
    make, prepared = _prepared(name, image)
    network = _in_the_zoo(make(include_top=False, weights=weights, input_shape=(None, None, 3)), dtype)
    x = keras.layers.GlobalAveragePooling2D(dtype=dtype)(network(prepared))
    if outputs is not None and outputs != x.shape[-1]:
        x = keras.layers.Dense(outputs, dtype=dtype)(x)
    return keras.Model(image, x, name="encoder")


@functools.cache
def applications():
    """`{name without capitals: (function that makes it, function that prepares its image)}`."""
    found = {}
    for entry in pkgutil.iter_modules(keras.applications.__path__):
        if entry.name == "nasnet":  # pads by a rule that needs to know the image's size
            continue
        module = importlib.import_module(f"keras.applications.{entry.name}")
        for name, make in inspect.getmembers(module, inspect.isfunction):
            if name[0].isupper():
                found[name.lower()] = make, module.preprocess_input
    return {**{name: (functools.partial(_residual, name), _to_unit_range) for name in OWN}, **found}


def _residual(name, *, include_top, weights, input_shape):
    """A classic network of the zoo, called as those of `keras.applications` are."""
    encoder = CLASSIC[name].make(input_shape, stem="imagenet")
    network = keras.Model(encoder.input, encoder.layers[-2].output)
    if weights is not None:
        network.load_weights(weights)
    return network


def _to_unit_range(image):
    return image / 255.0


def _prepared(name, image):
    """(the function that makes the network, the image as it expects it)."""
    known = applications()
    key = str(name).lower().replace("_", "")
    if key not in known:
        raise InputError(f"Unknown encoder. Received: encoder={name!r}. {closest(key, known)}")
    channels = image.shape[-1]
    if channels not in (1, 3):
        raise InputError(f"The encoder {name!r} takes images of 1 or 3 channels. Received: {channels}.")
    make, preprocess = known[key]

    def prepared(image):
        return preprocess(255.0 * (tf.repeat(image, 3, axis=-1) if channels == 1 else image))

    return make, keras.layers.Lambda(prepared, output_shape=(*image.shape[1:3], 3), dtype="float32")(image)


def _side(layer):
    """Height of the layer's output, or None where that is no square image."""
    shape = getattr(layer.output, "shape", ())
    return shape[1] if len(shape) == 4 and shape[1] == shape[2] else None


def _in_the_zoo(network, dtype):
    """The network with the same weights, in another dtype policy, its batch normalisation that of the zoo."""

    def clone(layer):
        config = layer.get_config()
        if isinstance(layer, keras.layers.Layer):  # and no bare operation, which has no dtype
            config["dtype"] = dtype
        if not isinstance(layer, keras.layers.BatchNormalization):
            return type(layer).from_config(config)
        own = {key: config[key] for key in ("name", "dtype", "momentum", "epsilon")}
        return BatchNormalization(**own, trainable=layer.trainable)

    def call(layer, *inputs, mask=None, **options):
        return layer(*inputs, **options)  # images have no mask

    twin = keras.models.clone_model(network, clone_function=clone, call_function=call)
    for source, target in zip(network.layers, twin.layers, strict=True):
        if isinstance(target, BatchNormalization):
            for name in ("gamma", "beta", "moving_mean", "moving_variance"):
                if getattr(source, name) is not None:  # some networks have no gamma
                    getattr(target, name).assign(getattr(source, name))
        else:
            target.set_weights(source.get_weights())
    return twin
