"""The auxiliary-classifier GAN.

Odena, Olah and Shlens, "Conditional Image Synthesis with Auxiliary Classifier GANs" (2017),
https://arxiv.org/abs/1610.09585.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.errors import InputError
from ...core.model import takes
from ...core.types import Array, Targets
from .labelled import LabelledGAN


@keras.saving.register_keras_serializable("keraszoo")
class ACGAN(LabelledGAN):
    """A `GAN` whose generator is told the class and whose discriminator must name it, of real and generated examples.

    Both networks lower the cross-entropy of the class. `accuracy` is that of naming the real examples.

    Args:
        image_shape, latent_dim, ...: as for `GAN`.
        num_classes: number of classes, >= 2.
        class_weight: of the cross-entropy, > 0.
        generator: a network of your own, [batch, latent_dim + num_classes] -> [batch, *image_shape].
        discriminator: one of your own, [batch, ...] -> [batch, 1 + num_classes]: the logit, then those of the classes.

    Example:
        >>> model = ACGAN((8, 8, 1), num_classes=10)
        >>> model.classify(model.sample(2, seed=0)).shape
        TensorShape([2, 10])
    """

    term_names: tuple[str, ...] = ("discriminator", "classes", "generator", "generator_classes")
    metric_names: tuple[str, ...] = ("real_logit", "fake_logit", "accuracy")

    def __init__(
        self, image_shape: Sequence[int], latent_dim: int = 64, *, class_weight: float = 1.0, **kwargs: Any
    ) -> None:
        if not class_weight > 0:
            raise InputError(f"class_weight weighs a term, so it must be > 0. Received: {class_weight!r}.")
        self.class_weight = float(class_weight)
        super().__init__(image_shape, latent_dim, **kwargs)

    @property
    def heads(self) -> int:
        return self.num_classes

    def auxiliary_terms(
        self, outputs: Array, y: Targets | None = None, codes: Array | None = None
    ) -> dict[str, tf.Tensor]:
        entropy = tf.nn.softmax_cross_entropy_with_logits(self.one_hot(y), outputs[:, 1:])
        return {"classes": self.class_weight * entropy}

    def discriminator_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        terms = super().discriminator_terms(x, y, training=training)
        return {**terms, "accuracy": keras.metrics.sparse_categorical_accuracy(tf.reshape(y, [-1]), self._classes(x))}

    @takes("inputs")
    def classify(self, x: Array) -> tf.Tensor:
        """Probabilities of the classes: [batch, *image_shape] -> [batch, num_classes] float32."""
        return self._classes(x)

    def _classes(self, x):
        return tf.nn.softmax(self._judge(tf.cast(x, tf.float32), None, False, augment=False)[:, 1:])
