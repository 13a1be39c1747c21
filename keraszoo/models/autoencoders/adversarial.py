"""The adversarial autoencoder: a discriminator makes the codes follow a prior.

Makhzani et al., "Adversarial Autoencoders" (2015), https://arxiv.org/abs/1511.05644.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError
from ...core.types import Array, Targets
from ...core.updates import Gradient
from ...distributions.normal import StandardNormal
from ...networks.by_size import check_network, dense_encoder
from ..prior_sampling import PriorSampling
from .autoencoder import Autoencoder


@keras.saving.register_keras_serializable("keraszoo")
class AdversarialAutoencoder(PriorSampling, Autoencoder):
    """An `Autoencoder` whose codes become draws from N(0, I), so that decoded draws are samples.

    In each step, in turn: encoder and decoder reconstruct; the discriminator learns to tell draws from the prior and
    codes apart; the encoder learns to deceive it (the non-saturating loss).

    `compile` takes an optimizer for each: `optimizer`, `discriminator_optimizer`, `encoder_optimizer`.

    Args:
        image_shape, latent_dim, ...: as for `Autoencoder`.
        adversarial_weight: of the encoder's deceiving, > 0; reconstruction is a sum over the pixels.
        discriminator_hidden: units of the discriminator's hidden layers.
        discriminator: a network of your own, [batch, latent_dim] -> [batch, 1], a logit, positive for the prior.

    Example:
        >>> model = AdversarialAutoencoder((8, 8, 1), latent_dim=2, hidden=(32,))
        >>> model.compile("adam", discriminator_optimizer="adam", encoder_optimizer="adam")
        >>> model.sample(4, seed=0).shape
        TensorShape([4, 8, 8, 1])
    """

    term_names: tuple[str, ...] = ("reconstruction", "discriminator", "deception")

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 8,
        *,
        adversarial_weight: float = 1.0,
        discriminator_hidden: Sequence[int] = (128, 128),
        discriminator: keras.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        if not adversarial_weight > 0:
            raise InputError(f"adversarial_weight weighs a term, so it must be > 0. Received: {adversarial_weight!r}.")
        super().__init__(image_shape, latent_dim, **kwargs)
        self.adversarial_weight = float(adversarial_weight)
        self.discriminator_hidden = positive_integers("discriminator_hidden", discriminator_hidden)
        if discriminator is None:
            discriminator = dense_encoder(
                (self.latent_dim,), 1, self.discriminator_hidden, activation="leaky_relu", dtype=self.dtype_policy
            )
        self.discriminator = discriminator
        check_network(self.discriminator, "discriminator", (self.latent_dim,), (1,), logits=True)
        self.prior = StandardNormal(self.latent_dim)
        self.noise = keras.random.SeedGenerator()

    def updates(self) -> dict[str, Gradient]:
        encoder, decoder = self.encoder.trainable_variables, self.decoder.trainable_variables
        return {
            "optimizer": Gradient(super().loss_terms, encoder + decoder),
            "discriminator_optimizer": Gradient(self.discriminator_terms, self.discriminator.trainable_variables),
            "encoder_optimizer": Gradient(self.deception_terms, encoder),
        }

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        terms = {}
        for update in self.updates().values():
            terms |= update.terms(x, y, training=training)
        return terms

    def discriminator_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        """How badly the discriminator tells draws from the prior (real) and codes (fake) apart."""
        code = tf.stop_gradient(self.encode(x, training=training))
        draws = keras.random.normal(tf.shape(code), dtype="float32", seed=self.noise)
        real, fake = self._logits(draws, training), self._logits(code, training)
        return {"discriminator": 0.5 * (tf.nn.softplus(-real) + tf.nn.softplus(fake))}

    def deception_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        """How badly the codes pass for draws from the prior."""
        fake = self._logits(self.encode(x, training=training), training)
        return {"deception": self.adversarial_weight * tf.nn.softplus(-fake)}

    def _logits(self, code, training):
        return tf.cast(self.discriminator(code, training=training), tf.float32)[:, 0]
