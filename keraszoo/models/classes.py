"""What models that classify share: the names of their classes, and what a server answers about them."""

import tensorflow as tf

from ..core.errors import InputError

TOP = 5  # most probable classes that a server names


def checked_class_names(names, classes):
    """The names as a tuple, or None; InputError unless there are as many different ones as classes."""
    if names is None:
        return None
    fits = isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names)
    if not fits or len(names) != classes or len(set(names)) < len(names):
        raise InputError(f"class_names are {classes} different names, one for each class. Received: {names!r}.")
    return tuple(names)


class NamesClasses:
    """A part of a `ZooModel` with `num_classes` and `classify(x)`.

    Attributes:
        class_names: names of the classes, class 0 first, or None.
    """

    class_names = None

    def set_class_names(self, names):
        """Names of the classes, as many different strings as there are classes, or None.

        Raises:
            InputError: others, or another number of them.
        """
        self.class_names = checked_class_names(names, self.num_classes)

    def _serve_classify(self, x):
        """All probabilities and the most probable class, and the names and scores of the first few, best first.

        `classes` and `scores` are called what TensorFlow Serving's Classify API calls them.
        """
        probabilities = self.classify(x)
        scores, best = tf.math.top_k(probabilities, min(TOP, self.num_classes))
        numbers = tf.cast(best, tf.int64)
        classes = numbers if self.class_names is None else tf.gather(tf.constant(self.class_names), numbers)
        return {
            "probabilities": probabilities,
            "class": tf.argmax(probabilities, axis=-1),
            "classes": classes,
            "scores": scores,
        }
