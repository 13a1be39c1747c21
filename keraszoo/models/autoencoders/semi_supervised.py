"""The semi-supervised autoencoder: a code that reconstructs every example and names the class of those with a label.

Ranzato and Szummer, "Semi-supervised Learning of Compact Document Representations with Deep Networks", ICML 2008.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import checked_weight, positive_integers
from ...core.errors import InputError
from ...core.inputs import Labels
from ...core.model import takes
from ...core.types import Array, Targets
from ...networks import sizes
from ..classes import NamesClasses
from .autoencoder import Autoencoder


@keras.saving.register_keras_serializable("keraszoo")
class SemiSupervisedAutoencoder(NamesClasses, Autoencoder):
    """An `Autoencoder` with a latent unit per class: the code is the decoder's input and the classes' logits.

    Minimises the reconstruction of all examples and weight * the cross-entropy of those that have a label. A label of
    -1 means none. The term and the accuracy are means over the labelled examples of a batch, of all replicas.

    Args:
        image_shape: shape of one example.
        num_classes: number of classes, >= 2, which is the size of the code.
        weight: of the cross-entropy, >= 0; reconstruction is a sum over the pixels.
        reconstruction_weight: of the reconstruction, >= 0; 0 trains the encoder as a classifier.
        class_names: names of the classes, class 0 first, which an exported `classify` answers; None: numbers.
        network, hidden, ...: as for `Autoencoder`.

    Example:
        >>> import numpy as np
        >>> model = SemiSupervisedAutoencoder((8, 8, 1), num_classes=10)
        >>> model.classify(np.zeros([2, 8, 8, 1], "float32")).shape
        TensorShape([2, 10])
    """

    term_names: tuple[str, ...] = ("reconstruction", "classification")
    metric_names: tuple[str, ...] = ("accuracy",)
    batch_term_names: tuple[str, ...] = ("classification", "accuracy")

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        return sizes.network(shape)  # its code is the classes

    def __init__(
        self,
        image_shape: Sequence[int],
        num_classes: int = 10,
        *,
        weight: float = 100.0,
        reconstruction_weight: float = 1.0,
        class_names: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.num_classes = positive_integers("num_classes", [num_classes])[0]
        if self.num_classes < 2:
            raise InputError(f"There must be at least two classes. Received: num_classes={num_classes!r}.")
        if "latent_dim" in kwargs:
            raise InputError(
                "The code has a unit for each class. "
                f"Received: latent_dim={kwargs['latent_dim']!r}. Nearest: leave it out; num_classes={num_classes!r}."
            )
        self.weight = checked_weight("weight", weight)
        self.reconstruction_weight = checked_weight("reconstruction_weight", reconstruction_weight)
        super().__init__(image_shape, self.num_classes, **kwargs)
        self.targets = Labels(self.num_classes, missing=True, several=True)
        self.set_class_names(class_names)

    @takes("inputs")
    def logits(self, x: Array) -> tf.Tensor:
        """The code: [batch, *image_shape] -> [batch, num_classes] float32."""
        return self.logits_of(self.encode(x))

    def logits_of(self, features: Array) -> tf.Tensor:
        """Those of what the encoder gives, which is them: [batch, num_classes] -> the same in float32."""
        return tf.cast(features, tf.float32)

    def classify(self, x: Array) -> tf.Tensor:
        """Probabilities of the classes: [batch, *image_shape] -> [batch, num_classes] float32."""
        return tf.nn.softmax(self.logits(x))

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        y = self.targets.tensor(y, type(self).__name__)
        terms = super().loss_terms(x, y, training)
        return {**terms, "reconstruction": self.reconstruction_weight * terms["reconstruction"]}

    def penalties(self, x: Array, y: Any, code: Array, training: bool) -> dict[str, tf.Tensor]:
        y = tf.cast(y, tf.int32)
        labelled = tf.cast(y >= 0, tf.float32)
        # Rows without a label have weight 0; -1 must not reach the cross-entropy, which would answer NaN.
        cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.maximum(y, 0), logits=code)
        right = tf.cast(tf.argmax(code, axis=-1, output_type=tf.int32) == y, tf.float32)
        of_labelled = tf.math.divide_no_nan(labelled, self.batch_mean(labelled))
        return {"classification": self.weight * of_labelled * cross_entropy, "accuracy": of_labelled * right}

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        return {"classify": (self._serve_classify, [self.inputs]), **super().serving_signatures()}
