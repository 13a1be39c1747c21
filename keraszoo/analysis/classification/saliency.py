"""Which pixels a classifier's answer depends on.

Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks: Visualising Image Classification Models and
Saliency Maps" (2013), https://arxiv.org/abs/1312.6034.
Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization" (2017),
https://arxiv.org/abs/1610.02391.
"""

import keras
import numpy as np
import tensorflow as tf

from ...core.errors import InputError, closest
from ...core.types import Array
from ...layers.lenet5 import PartialConv2D
from ...layers.normalization.weight_normalization import WeightNormalization
from ...models.abilities import Classifies, HasEncoder, HasLogits, ReadsFeatures
from ...networks.hidden_layers import check_functional, output_in

CONVOLUTIONS = (keras.layers.Conv2D, PartialConv2D, WeightNormalization)


def gradient_saliency(model: keras.Model, x: Array, classes: Array | None = None) -> np.ndarray:
    """How fast the score of a class changes with each pixel: |d score / d pixel|, the greatest of the channels.

    The score is the logit, not the probability, which is flat where the model is sure.

    Args:
        model: one that classifies by `logits(x)`.
        x: images [n, height, width, channels] as the model takes them.
        classes: [n] integers, whose score each; None: the most probable ones.

    Returns:
        numpy array [n, height, width] float32, >= 0.

    Raises:
        InputError: another model, examples that are no images, classes that there are not.

    Example:
        >>> from keraszoo.models import Classifier
        >>> gradient_saliency(Classifier((8, 8, 1)), np.zeros([2, 8, 8, 1], "float32")).shape
        (2, 8, 8)
    """
    if not (isinstance(model, Classifies) and isinstance(model, HasLogits)):
        raise InputError(f"The gradient is of a classifier's score of a class. Received: a {type(model).__name__}.")
    x, classes = _checked(model, x, classes)
    with tf.GradientTape() as tape:
        tape.watch(x)
        scores = tf.gather(model.logits(x), classes, axis=1, batch_dims=1)
    return np.max(np.abs(tape.gradient(scores, x)), axis=-1).astype("float32")


def grad_cam(model: keras.Model, x: Array, classes: Array | None = None, layer: str | None = None) -> np.ndarray:
    """Where the evidence for a class lies: a convolution's maps, weighted by the mean gradient of its score.

    ReLU(sum_k a_k A_k), A_k the maps and a_k the mean over the places of d score / d A_k, enlarged to the image.

    Args:
        model: one that classifies what an encoder of convolutions gives.
        x, classes: as for `gradient_saliency`.
        layer: name of a layer of the encoder whose output are maps; None: the last convolution, its normalisation and
            its activation included.

    Returns:
        numpy array [n, height, width] float32, >= 0.

    Raises:
        InputError: another model or encoder, no such layer, classes that there are not.

    Example:
        >>> from keraszoo.models import Classifier
        >>> classifier = Classifier((12, 12, 1), network="lenet5")
        >>> grad_cam(classifier, np.zeros([2, 12, 12, 1], "float32")).shape
        (2, 12, 12)
    """
    if not (isinstance(model, HasEncoder) and isinstance(model, ReadsFeatures)):
        raise InputError(
            f"Grad-CAM needs a classifier on an encoder of convolutions. Received: a {type(model).__name__}."
        )
    x, classes = _checked(model, x, classes)
    encoder = model.encoder
    network = keras.Model(encoder.inputs, [output_in(encoder, maps_layer(encoder, layer)), encoder.outputs[0]])
    with tf.GradientTape() as tape:
        tape.watch(x)  # as maps may stand before all weights
        maps, features = network(x, training=False)
        scores = tf.gather(model.logits_of(features), classes, axis=1, batch_dims=1)
    weights = tf.reduce_mean(tape.gradient(scores, maps), axis=[1, 2], keepdims=True)
    evidence = tf.nn.relu(tf.reduce_sum(tf.cast(weights * maps, tf.float32), axis=-1, keepdims=True))
    return tf.image.resize(evidence, x.shape[1:3])[..., 0].numpy()


def maps_layer(encoder, name=None):
    """The layer of an encoder of that name; None: the last of those that follow the last convolution at its size."""
    layers = layers_of(encoder)
    maps = [layer for layer in layers if len(output_in(encoder, layer).shape) == 4]
    if name is not None:
        for layer in maps:
            if layer.name == name:
                return layer
        names = [layer.name for layer in maps]
        raise InputError(f"There is no layer of maps of that name. Received: {name!r}. {closest(name, names)}")
    convolutions = [place for place, layer in enumerate(maps) if isinstance(layer, CONVOLUTIONS)]
    if not convolutions:
        raise InputError("Grad-CAM and the deconvolution need an encoder with convolutions. Received: one without.")
    place = convolutions[-1]
    size = output_in(encoder, maps[place]).shape[1:3]
    return [layer for layer in maps[place:] if output_in(encoder, layer).shape[1:3] == size][-1]


def layers_of(encoder):
    """The layers of an encoder that is made by the functional API or Sequential, but its inputs."""
    check_functional(encoder, "encoder")
    return [layer for layer in encoder.layers if not isinstance(layer, keras.layers.InputLayer)]


def _checked(model, x, classes):
    """(images as a tensor, classes [n] int64)."""
    name = type(model).__name__
    x = model.inputs.tensor(x, name)
    if len(x.shape) != 4:
        raise InputError(f"Pixels belong to images. Received: a {name} of examples of shape {model.inputs.shape}.")
    if classes is None:
        return x, tf.argmax(model.classify(x), axis=-1)
    classes = np.asarray(classes)
    if (
        classes.shape != (len(x),)
        or classes.dtype.kind not in "iu"
        or not np.isin(classes, range(model.num_classes)).all()
    ):
        raise InputError(
            f"classes are {len(x)} integers from 0 to {model.num_classes - 1}, one for each image. "
            f"Received: {classes.tolist()}."
        )
    return x, tf.constant(classes, tf.int64)
