"""The conditional GAN.

Mirza and Osindero, "Conditional Generative Adversarial Nets" (2014), https://arxiv.org/abs/1411.1784.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from ...core.model import takes
from ...core.types import Array, Targets
from ...layers.labels import labels_for, with_label_channels
from .labelled import LabelledGAN


@keras.saving.register_keras_serializable("keraszoo")
class ConditionalGAN(LabelledGAN):
    """A `GAN` both of whose networks are told the class.

    The generator gets a one-hot code after the noise, the discriminator one channel more for each class, which is 1
    everywhere for the class in question (for vectors: as many more features).

    Args:
        image_shape, latent_dim, ...: as for `GAN`.
        num_classes: number of classes, >= 2.
        generator: a network of your own, [batch, latent_dim + num_classes] -> [batch, *image_shape].
        discriminator: one of your own, [batch, ..., packing * (channels + num_classes)] -> [batch, 1].

    Example:
        >>> model = ConditionalGAN((8, 8, 1), num_classes=10)
        >>> model.sample(2, seed=0, labels=[3, 7]).shape
        TensorShape([2, 8, 8, 1])
    """

    @property
    def condition_size(self) -> int:
        return self.num_classes

    def conditioned(self, x: Array, y: Targets | None = None) -> tf.Tensor:
        return with_label_channels(x, self.one_hot(y))

    @takes("inputs")
    def discriminate(self, x: Array, training: bool = False, labels: Array | None = None) -> tf.Tensor:
        """The logits of examples as members of classes.

        Args:
            x: [batch, *image_shape].
            labels: [batch] integers; None: each class in question.

        Returns:
            [batch, 1] float32 for given labels, else [batch, num_classes].
        """
        if labels is not None and tf.executing_eagerly():
            labels = labels_for(int(tf.shape(x)[0]), labels, self.num_classes)
        return self._logits_of_classes(tf.cast(x, tf.float32), labels, training)

    def _logits_of_classes(self, x, labels, training):
        """What `discriminate` answers, of checked labels."""
        rows = tf.shape(x)[0]
        asked = [labels] if labels is not None else [tf.fill([rows], label) for label in range(self.num_classes)]
        return tf.concat([self._judge(x, y, training, augment=False)[:, :1] for y in asked], axis=1)

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        signatures = super().serving_signatures()
        if "discriminate" in signatures:
            _, (image,) = signatures["discriminate"]
            signatures["discriminate"] = (self._serve_discriminate, [image, self.targets])
        return signatures

    def _serve_discriminate(self, image, label):
        logit = self.discriminate(image, labels=label)[:, 0]
        return {"logit": logit, "probability": tf.sigmoid(logit)}
