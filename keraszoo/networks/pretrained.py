"""The networks of `keras.applications` as encoders: their features at each resolution."""

import functools
import importlib
import inspect
import pkgutil

import keras
import tensorflow as tf

from ..core.errors import InputError, closest
from ..layers.normalization.batch_normalization import BatchNormalization

SIDE = 256  # of the image on which the resolutions of a network's layers are read


def named_encoder(name, image, depth, *, weights=None, dtype=None):
    """The features that a `keras.applications` network has at full resolution, at half of it, ... at 1 / 2^depth.

    Of the layers of each resolution the last is taken. Batch normalisation becomes that of the zoo, over the batch of
    all replicas. The image is prepared inside, as the network's weights expect it.

    Args:
        name: such as "resnet50", "vgg16", "mobilenetv2" or "efficientnetb0"; case and underscores do not matter.
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
    known = applications()
    key = str(name).lower().replace("_", "")
    if key not in known:
        raise InputError(f"Unknown encoder. Received: encoder={name!r}. {closest(key, known)}")
    channels = image.shape[-1]
    if channels not in (1, 3):
        raise InputError(f"The encoder {name!r} takes images of 1 or 3 channels. Received: {channels}.")
    make, preprocess = known[key]
    sized = make(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3))
    last = {side: place for place, side in enumerate(map(_side, sized.layers))}
    places = [last.get(SIDE >> level) for level in range(depth + 1)]
    places[0] = places[0] or None  # place 0 is the image
    if places[-1] is None:
        raise InputError(f"The encoder {name!r} does not halve the image {depth} times. Received: depth={depth}.")
    network = _in_the_zoo(make(include_top=False, weights=weights, input_shape=(None, None, 3)), dtype)
    features = keras.Model(network.input, [network.layers[place].output for place in places if place is not None])

    def prepared(image):
        return preprocess(255.0 * (tf.repeat(image, 3, axis=-1) if channels == 1 else image))

    rgb = keras.layers.Lambda(prepared, output_shape=(*image.shape[1:3], 3), dtype="float32")(image)
    found = iter(features(rgb))
    return [None if place is None else next(found) for place in places]


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
    return found


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
