"""The adversarial autoencoder: a discriminator makes the codes follow a prior.

Makhzani et al., "Adversarial Autoencoders" (2015), https://arxiv.org/abs/1511.05644.
"""

import keras
import tensorflow as tf

from ...errors import InputError
from ...layers.networks import check_network, dense_encoder
from ...layers.sizes import positive_integers
from ...zoo_model import Player
from .generative import GenerativeAutoencoder


@keras.saving.register_keras_serializable("keraszoo")
class AdversarialAutoencoder(GenerativeAutoencoder):
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

    term_names = ("reconstruction", "discriminator", "deception")

    def __init__(
        self,
        image_shape,
        latent_dim=8,
        *,
        adversarial_weight=1.0,
        discriminator_hidden=(128, 128),
        discriminator=None,
        **kwargs,
    ):
        if not adversarial_weight > 0:
            raise InputError(f"adversarial_weight weighs a term, so it must be > 0. Received: {adversarial_weight!r}.")
        super().__init__(image_shape, latent_dim, **kwargs)
        self.built = False
        self.adversarial_weight = float(adversarial_weight)
        self.discriminator_hidden = positive_integers("discriminator_hidden", discriminator_hidden)
        self._passed["discriminator"] = discriminator
        if discriminator is None:
            discriminator = dense_encoder(
                (self.latent_dim,), 1, self.discriminator_hidden, activation="leaky_relu", dtype=self.dtype_policy
            )
        self.discriminator = discriminator
        check_network(self.discriminator, "discriminator", (self.latent_dim,), (1,))
        self.noise = keras.random.SeedGenerator()
        self.built = True

    def players(self):
        encoder, decoder = self.encoder.trainable_variables, self.decoder.trainable_variables
        return {
            "optimizer": Player(super().loss_terms, encoder + decoder),
            "discriminator_optimizer": Player(self.discriminator_terms, self.discriminator.trainable_variables),
            "encoder_optimizer": Player(self.deception_terms, encoder),
        }

    def loss_terms(self, x, y=None, training=False):
        terms = {}
        for player in self.players().values():
            terms |= player.terms(x, y, training=training)
        return terms

    def discriminator_terms(self, x, y=None, training=False):
        """How badly the discriminator tells draws from the prior (real) and codes (fake) apart."""
        code = tf.stop_gradient(self.encode(x, training=training))
        draws = keras.random.normal(tf.shape(code), seed=self.noise)
        real, fake = self._logits(draws, training), self._logits(code, training)
        return {"discriminator": 0.5 * (tf.nn.softplus(-real) + tf.nn.softplus(fake))}

    def deception_terms(self, x, y=None, training=False):
        """How badly the codes pass for draws from the prior."""
        fake = self._logits(self.encode(x, training=training), training)
        return {"deception": self.adversarial_weight * tf.nn.softplus(-fake)}

    def _logits(self, code, training):
        return tf.cast(self.discriminator(code, training=training), tf.float32)[:, 0]

    def get_config(self):
        return {
            **super().get_config(),
            "adversarial_weight": self.adversarial_weight,
            "discriminator_hidden": self.discriminator_hidden,
        }
