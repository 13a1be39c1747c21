"""The conditional GAN with a projection discriminator.

Miyato and Koyama, "cGANs with Projection Discriminator" (2018), https://arxiv.org/abs/1802.05637.
"""

import keras
import tensorflow as tf

from ...core.types import Array, Targets
from .conditional import ConditionalGAN


@keras.saving.register_keras_serializable("keraszoo")
class ProjectionGAN(ConditionalGAN):
    """A `ConditionalGAN` whose discriminator meets the class in an inner product: psi(phi(x)) + <v_y, phi(x)>.

    phi are the discriminator's last features, psi a linear function of them, v_y a vector of each class. Both networks
    are residual, and the classes give the generator's batch normalisations their gains and biases. The paper's Adam:
    learning rate 2e-4, beta_1 0, beta_2 0.9, n_critic 5.

    Args:
        image_shape, latent_dim, ...: as for `GAN`, with the defaults of the paper.
        num_classes: number of classes, >= 2.
        generator: a network of your own, [batch, latent_dim + num_classes] -> [batch, *image_shape].
        discriminator: one of your own, [batch, ...] -> [batch, 1 + num_classes]: psi, then <v_y, phi> of each class.

    Example:
        >>> model = ProjectionGAN((8, 8, 1), num_classes=10, hidden=(8,), discriminator_hidden=(8,))
        >>> model.discriminate(model.sample(2, seed=0, labels=3)).shape  # as members of each class
        TensorShape([2, 10])
    """

    defaults = {"loss": "hinge", "network": "residual", "discriminator_normalization": "spectral"}

    @property
    def condition_size(self) -> int:
        return 0

    @property
    def heads(self) -> int:
        return self.num_classes

    projections = heads

    def conditioned(self, x: Array, y: Targets | None = None) -> tf.Tensor:
        return x

    def logit(self, outputs: Array, y: Targets | None = None) -> tf.Tensor:
        return outputs[:, 0] + tf.reduce_sum(outputs[:, 1:] * self.one_hot(y), axis=1)

    def _logits_of_classes(self, x, labels, training):
        outputs = self._judge(x, labels, training, augment=False)
        return outputs[:, :1] + outputs[:, 1:] if labels is None else self.logit(outputs, labels)[:, None]
