"""The features and class probabilities by which samples are judged."""

import os
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keraszoo import weights
from keraszoo.core.errors import InputError
from keraszoo.core.model import ZooModel
from keraszoo.models import Classifier
from keraszoo.models.abilities import Samples
from keraszoo.runs.run import Run

from ..sampling import check_sampler

BATCH_SIZE = 500


class FeatureNetwork:
    """What a classifier finds in examples: the features that its last layer sees, and its probabilities.

    Args:
        classifier: a finished run of a zoo's `Classifier` or its path; a recipe of one whose weights come with the
            library, such as "classifier/digits"; such a model; or any Keras model made by the functional API, or
            Sequential, whose last layer gives probabilities.

    A classifier of images of one channel also judges images of several, channel by channel, such as stacked MNIST: the
    features stand beside each other, and a class is a class in each channel, the first one's most significant.

    Raises:
        InputError: missing or unfinished run, or a model that is no classifier.
    """

    def __init__(self, classifier: Any) -> None:
        model = classifier
        if classifier in weights.CLASSIFIERS and not os.path.exists(classifier):
            model = weights.load(classifier)
        elif not isinstance(classifier, keras.Model):
            model = (classifier if isinstance(classifier, Run) else Run.open(classifier)).model()
            if not isinstance(model, Classifier):
                raise InputError(
                    "Samples are judged by the features of a classifier, such as `keraszoo train classifier/mnist` "
                    f"trains. Received: {classifier}, a {type(model).__name__}."
                )
        self.network = _of_zoo(model) if isinstance(model, Classifier) else _of_keras(model)
        self.image_shape = tuple(self.network.inputs[0].shape[1:])

    def takes(self, shape: Sequence[int]) -> bool:
        """Whether it takes examples of `shape`, together or channel by channel."""
        return self.image_shape in (tuple(shape), (*shape[:-1], 1))

    def check_shape(self, shape: Sequence[int]) -> None:
        """Raises InputError unless it takes examples of `shape`."""
        if not self.takes(shape):
            raise InputError(
                f"The classifier takes examples of shape {self.image_shape}. Received: data of shape {tuple(shape)}. "
                "Train one on the same data."
            )

    def __call__(self, examples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """[n, *image_shape] -> (features [n, d], probabilities [n, classes]), numpy arrays."""
        if examples.shape[1:] == self.image_shape:
            return tuple(self.network.predict(examples, batch_size=BATCH_SIZE, verbose=0))
        found = [self(examples[..., channel : channel + 1]) for channel in range(examples.shape[-1])]
        features, probabilities = zip(*found, strict=True)
        together = probabilities[0]
        for further in probabilities[1:]:
            together = np.einsum("ni,nj->nij", together, further).reshape(len(together), -1)
        return np.concatenate(features, axis=1), together


def _of_zoo(model):
    inputs = keras.Input(model.image_shape)
    features = model.encoder(inputs, training=False)
    return keras.Model(inputs, [features, keras.layers.Softmax(dtype="float32")(model.head(features))])


def _of_keras(model):
    inputs, outputs = (), ()
    if not isinstance(model, ZooModel):  # whose `inputs` say what an example is
        inputs, outputs = getattr(model, "inputs", None) or (), getattr(model, "outputs", None) or ()
    if len(inputs) != 1 or len(outputs) != 1 or len(outputs[0].shape) != 2:
        raise InputError(
            "Samples are judged by a functional or Sequential classifier, with one input and probabilities [batch, "
            f"classes] as its output. Received: {model.name}, a {type(model).__name__}."
        )
    return keras.Model(inputs, [keras.layers.Flatten()(model.layers[-1].input), outputs[0]])


def open_features(features, recipe, model_class):
    """The `FeatureNetwork` by which the samples of a training are measured, or None.

    Args:
        features: what the user asked for, as `FeatureNetwork` takes it; None for `features_of`; "none" for nothing.
        recipe: of the training.
        model_class: of its model.

    Raises:
        InputError: it is no classifier's, or the model cannot sample.
    """
    if features == "none" or (features is None and not issubclass(model_class, Samples)):
        return None
    if features is None:
        return features_of(recipe)
    check_sampler(model_class)
    return FeatureNetwork(features)


def features_of(recipe):
    """The `FeatureNetwork` that comes with the library for the data of a recipe; None where there is none."""
    name = f"classifier/{recipe.data.name}"
    if name not in weights.CLASSIFIERS or recipe.data.has_step("unpaired"):
        return None
    network = FeatureNetwork(name)
    return network if network.takes(recipe.input_shape) else None
