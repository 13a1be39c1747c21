"""Labels as networks take them: one-hot codes, and channels that are 1 everywhere for an example's class."""

import numpy as np
import tensorflow as tf

from ..core.checks import positive_integers
from ..core.errors import InputError
from ..system.tables import as_array


def number_of_classes(num_classes):
    """`num_classes`, checked: an integer >= 2."""
    (number,) = positive_integers("num_classes", [num_classes])
    if number < 2:
        raise InputError(f"There must be at least two classes. Received: num_classes={num_classes!r}.")
    return number


def one_hot(labels, num_classes):
    """[batch] integers -> [batch, num_classes] float32."""
    return tf.one_hot(tf.reshape(tf.cast(labels, tf.int32), [-1]), num_classes)


def with_label_channels(x, codes):
    """Examples with a channel (of vectors: a feature) more for each class.

    Args:
        x: [batch, ..., channels] float32.
        codes: [batch, num_classes] float32, one-hot.

    Returns:
        [batch, ..., channels + num_classes]; the channel of an example's class is 1 everywhere, the others are 0.
    """
    classes = codes.shape[1]
    planes = tf.reshape(codes, [-1, *[1] * (x.shape.rank - 2), classes])
    return tf.concat([x, tf.broadcast_to(planes, tf.concat([tf.shape(x)[:-1], [classes]], 0))], axis=-1)


def check_labels(labels, num_classes):
    """Raises InputError where an array holds others than the integers from 0 to num_classes - 1."""
    labels = np.asarray(labels)
    if labels.size and not ((labels >= 0) & (labels < num_classes)).all():
        raise InputError(f"Labels are from 0 to {num_classes - 1}. Received: from {labels.min()} to {labels.max()}.")


def labels_for(count, labels, num_classes):
    """The label of each of `count` examples, [count] integers.

    Args:
        count: how many.
        labels: [count] integers, or one for all; None: each class in turn.
        num_classes: number of classes.

    Raises:
        InputError: labels out of range, or not as many as examples.

    Example:
        >>> labels_for(4, None, 3)
        array([0, 1, 2, 0])
    """
    labels = np.arange(count) % num_classes if labels is None else as_array(labels, "A model of classes", "y")
    labels = np.asarray(labels)
    if labels.shape not in ((), (count,)) or labels.dtype.kind not in "iu":
        hint = " They look one-hot. Nearest: labels.argmax(axis=-1)." if labels.shape == (count, num_classes) else ""
        raise InputError(
            f"labels is an integer, or one for each of the {count} examples. "
            f"Received: {labels.dtype} of shape {labels.shape}.{hint}"
        )
    check_labels(labels, num_classes)
    return np.broadcast_to(labels, [count])
