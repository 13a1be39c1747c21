"""What the GANs that learn from (x, y) have in common."""

import tensorflow as tf

from ...core.errors import InputError
from ...core.inputs import Labels
from ...core.seeds import normal_rows
from ...layers.labels import labels_for, number_of_classes, one_hot
from .gan import GAN


class LabelledGAN(GAN):
    """Base class: a `GAN` whose generator is told the class, as a one-hot code after the noise.

    Args:
        num_classes: number of classes, >= 2.
    """

    def __init__(self, image_shape, latent_dim=64, *, num_classes=10, **kwargs):
        self.num_classes = number_of_classes(num_classes)
        super().__init__(image_shape, latent_dim, **kwargs)
        self.targets = Labels(self.num_classes)

    @property
    def code_size(self):
        return self.num_classes

    class_code_size = code_size

    def codes(self, rows, y=None):
        return self.one_hot(y)

    def one_hot(self, labels):
        """[batch] integers -> [batch, num_classes] float32."""
        if labels is None:
            raise InputError(f"{type(self).__name__} learns from (x, y), y the labels.")
        return one_hot(labels, self.num_classes)

    def sample(self, count, seed=None, temperature=1.0, labels=None):
        """Generated examples of given classes.

        Args:
            count, seed, temperature: as for `GAN`.
            labels: [count] integers, or one for all; None: each class in turn.

        Returns:
            [count, *image_shape] float32.

        Raises:
            InputError: labels out of range, or not as many as examples.
        """
        return self.decode(self.sample_latent(count, seed, temperature, labels))

    def sample_latent(self, count, seed=None, temperature=1.0, labels=None):
        """What `sample` decodes: [count, latent_dim + num_classes] float32, the noise first."""
        codes = self.one_hot(labels_for(count, labels, self.num_classes))
        return self._seeded_latent(count, seed, temperature, codes)

    def pictures(self, x, seed=0):
        """Each column is a class, where there are images."""
        if len(self.image_shape) != 3:
            return super().pictures(x, seed)
        samples = self.sample(8 * self.num_classes, seed=seed)
        return {"samples": tf.reshape(samples, [8, self.num_classes, *self.image_shape])}

    def _sampled_by(self):
        return [self.targets]

    def _serve_sample(self, seed, temperature, label):
        normal = temperature[:, None] * normal_rows(seed, self.latent_dim)
        return {self.inputs.name: self.decode(self._latent(None, self.one_hot(label), normal))}
