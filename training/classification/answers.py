"""A classifier's answers to a split of its data."""

import typing

import numpy as np
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.core.inputs import Labels
from keraszoo.models.abilities import Classifies
from keraszoo.models.classes import NamesClasses

from ..latent.space import class_names

BATCH_SIZE = 128


def graph_of(method, spec):
    """A model's method of batches of any size as one graph, traced now: calls to a `tf.function` made anew each time
    would make TensorFlow warn of tracing.

    Args:
        spec: the `tf.TensorSpec` of a batch.
    """
    return tf.function(method, input_signature=[spec], autograph=False).get_concrete_function()


class Answers(typing.NamedTuple):
    """What a model answers to the examples of a split that have a label.

    Attributes:
        probabilities: [n, classes] float32.
        labels: [n] int64.
        rows: [n] integers, which examples of the split these are.
        names: of the classes.
    """

    probabilities: np.ndarray
    labels: np.ndarray
    rows: np.ndarray
    names: tuple


def classifies(model, prepared, split):
    """Whether a model tells classes of examples of a split, whose own classes are known."""
    return isinstance(model, Classifies) and isinstance(model.targets, Labels) and prepared.labelled(split)


def answers(model, prepared, split, most=None):
    """The `Answers` of a model that `classifies`.

    Args:
        prepared: the recipe's `PreparedData`.
        most: examples at most, the first ones; None: all.

    Raises:
        InputError: no example has a label.
    """
    classify = graph_of(model.classify, model.inputs.spec())
    batches = prepared.batches(split, BATCH_SIZE, labels=True)
    batches = batches if most is None else batches.take(-(-most // BATCH_SIZE))
    found = [(classify(x).numpy(), y.numpy()) for x, y in batches]
    probabilities, labels = map(np.concatenate, zip(*found, strict=True))
    rows = np.flatnonzero(labels >= 0)
    if not len(rows):
        raise InputError(f"No example of the split {split!r} has a label.")
    return Answers(probabilities[rows], labels[rows].astype("int64"), rows, names_of(model, prepared.source))


def names_of(model, source):
    """What the classes of a model that classifies are called: by its own names, or the data's, or by number."""
    if isinstance(model, NamesClasses) and model.class_names is not None:
        return model.class_names
    return tuple(map(str, class_names(source, model.num_classes)))
