"""The beta-VAE: a VAE that presses harder on the prior, for disentangled codes.

Higgins et al., "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework" (ICLR 2017).
"""

import math

import keras
import tensorflow as tf

from .schedules import Scheduled
from .vae import VAE


@keras.saving.register_keras_serializable("keraszoo")
class BetaVAE(VAE):
    """A `VAE` whose KL term is multiplied by beta; beta = 1 is the VAE.

    The term and metric `kl` carries the weight: it is beta * KL. Reconstruction is summed over the pixels, so the
    same beta presses less on larger images: what beta 1 is at 32x32, beta 4 is at 64x64. The paper's normalised beta
    compares sizes: it is beta M / N, with M latent units and N values in an image.

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        beta: weight of the KL term, >= 0; or how it follows the training step, as `Scheduled` takes it. The measure
            `beta` then shows it.
        normalized: whether `beta` is the normalised one; the KL is then multiplied by beta N / M. The loss stays in
            nats per example.

    Example:
        >>> BetaVAE((8, 8, 1), latent_dim=4, beta=0.25, normalized=True).kl_weight
        4.0
    """

    def __init__(self, image_shape, latent_dim=16, *, beta=4.0, normalized=False, **kwargs):
        super().__init__(image_shape, latent_dim, **kwargs)
        self.beta_schedule, self.normalized = Scheduled("beta", beta), bool(normalized)

    @property
    def beta(self):
        """Beta in the next training step."""
        return self.beta_schedule.value()

    @property
    def kl_weight(self):
        """What the KL is multiplied by."""
        return self.beta * (math.prod(self.image_shape) / self.latent_dim if self.normalized else 1.0)

    @property
    def measure_names(self):
        return ("beta",) if self.beta_schedule.varies else ()

    def loss_terms(self, x, y=None, training=False):
        terms = super().loss_terms(x, y, training=training)
        return {**terms, "kl": self.kl_weight * terms["kl"], **self.beta_measure(terms["kl"])}

    def beta_measure(self, like):
        """The measure `beta` where it varies, one number for each example of `like`."""
        return {name: tf.fill(tf.shape(like), self.beta) for name in self.measure_names}

    def after_turn(self, player, x, y=None):
        self.beta_schedule.advance()

    def get_config(self):
        return {**super().get_config(), "beta": self.beta_schedule.get_value(), "normalized": self.normalized}
