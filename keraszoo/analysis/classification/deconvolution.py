"""What in an image excites a convolutional network, brought back to the pixels by a deconvolutional one.

Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2014), https://arxiv.org/abs/1311.2901: all
activations of a layer but one are set to zero, and what is left goes back through the network. Max pooling is undone by
its switches, which say where each maximum was; a rectifier rectifies what comes back; a convolution is followed by its
transpose. Without local response normalisation, which is passed by, it differs from the gradient in the rectifiers
alone: the gradient's let through what was positive on the way there.
"""

import keras
import numpy as np
import tensorflow as tf

from ...core.errors import InputError
from ...core.types import Array
from ...layers.normalization.local_response import LocalResponseNormalization
from ...layers.padding import Pad2D
from ...models.abilities import HasEncoder, required
from .saliency import layers_of, maps_layer

#: layers whose way back is their transpose: that of max pooling puts each value where its maximum was
LINEAR = (
    keras.layers.MaxPooling2D, keras.layers.AveragePooling2D, keras.layers.ZeroPadding2D, keras.layers.Dropout, Pad2D,
)  # fmt: skip


def deconvolution(model: keras.Model, x: Array, layer: str | None = None, unit: int | None = None) -> np.ndarray:
    """The part of each image that excites a layer most, as the network of convolutions, ReLUs and pooling sees it.

    Args:
        model: one with an encoder whose layers, up to that one, follow each other: convolutions with or without a ReLU,
            ReLUs, pooling, padding, dropout and local response normalisation.
        x: images [n, height, width, channels] as the model takes them.
        layer: name of a layer of the encoder whose output are maps; None: the last convolution.
        unit: number of a map; None: of each image that with the strongest activation.

    Returns:
        numpy array [n, height, width, channels] float32, of either sign: zeros where nothing of the layer is active.

    Raises:
        InputError: another network, no such layer or map.

    Example:
        >>> from keraszoo.models import Classifier
        >>> classifier = Classifier((8, 8, 1), network="convolutional")
        >>> deconvolution(classifier, np.zeros([2, 8, 8, 1], "float32")).shape
        (2, 8, 8, 1)
    """
    required(model, HasEncoder)
    x = model.inputs.tensor(x, type(model).__name__)
    chain = _chain(model.encoder, layer)
    seen = [x]
    for each in chain:
        seen.append(each(seen[-1], training=False))
    signal = strongest(seen.pop(), unit)
    for each, before in zip(reversed(chain), reversed(seen), strict=True):
        signal = _back(each, before, signal)
    return np.asarray(signal, "float32")


def strongest(maps, unit=None):
    """Maps [n, height, width, maps] in which all but the greatest activation of each example is zero."""
    if unit is not None:
        if isinstance(unit, bool) or not isinstance(unit, int) or not 0 <= unit < maps.shape[-1]:
            raise InputError(f"The maps of the layer are numbered from 0 to {maps.shape[-1] - 1}. Received: {unit!r}.")
        maps = maps * tf.one_hot(unit, maps.shape[-1], dtype=maps.dtype)
    flat = keras.ops.reshape(tf.nn.relu(maps), [len(maps), -1])
    return tf.reshape(flat * tf.one_hot(tf.argmax(flat, axis=1), flat.shape[1], dtype=flat.dtype), maps.shape)


def _chain(encoder, name):
    """The layers of an encoder up to that of this name, each of which takes what the one before gives."""
    layers = layers_of(encoder)
    chain = layers[: layers.index(maps_layer(encoder, name)) + 1]
    for before, layer in zip([None, *chain], chain, strict=False):
        if not _known(layer):
            activation = getattr(layer, "activation", keras.activations.linear).__name__
            raise InputError(
                "A deconvolution goes back through convolutions, ReLUs, pooling, padding and dropout. "
                f"Received: {layer.name}, a {type(layer).__name__}{f' with {activation}' * (activation != 'linear')}."
            )
        follows = before is None or isinstance(encoder, keras.Sequential) or layer.input is before.output
        if not follows:
            raise InputError(
                "A deconvolution goes back through layers that follow each other. Received: an encoder in which "
                f"{layer.name} does not follow {before.name}."
            )
    return chain


def _known(layer):
    if isinstance(layer, keras.layers.ReLU):
        return layer.max_value is None and not layer.negative_slope and not layer.threshold
    if isinstance(layer, (keras.layers.Conv2D, keras.layers.Activation)):
        return layer.activation in (keras.activations.linear, keras.activations.relu)
    return isinstance(layer, (LocalResponseNormalization, *LINEAR))


def _back(layer, before, signal):
    """What comes back to a layer's input `before` when `signal` comes back to its output."""
    if getattr(layer, "activation", None) is keras.activations.relu or isinstance(layer, keras.layers.ReLU):
        signal = tf.nn.relu(signal)
    if isinstance(layer, keras.layers.Conv2D):
        before = tf.cast(before, layer.compute_dtype)
        return _transposed(lambda x: layer.convolution_op(x, layer.kernel), before, signal)
    if isinstance(layer, LINEAR):
        return _transposed(lambda x: layer(x, training=False), before, signal)
    return signal


def _transposed(linear, before, signal):
    """The transpose of a linear function, or of one that is linear around `before`, applied to `signal`."""
    with tf.GradientTape() as tape:
        tape.watch(before)
        after = linear(before)
    return tape.gradient(after, before, tf.cast(signal, after.dtype))
