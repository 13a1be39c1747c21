"""The VAE-GAN: a discriminator judges the decoder's images, and its hidden layer is where they are compared.

Larsen, Sonderby, Larochelle and Winther, "Autoencoding beyond pixels using a learned similarity metric" (2016),
https://arxiv.org/abs/1512.09300.
"""

import numbers

import keras
import tensorflow as tf

from ...errors import InputError
from ...layers.adversarial_networks import discriminator_by_name
from ...layers.hidden_layers import activations, check_functional, hidden_layers
from ...layers.networks import check_network
from ...layers.sizes import positive_integers
from ...layers.unchanged import call_unchanged, infer
from ...losses import normal_kl
from ...zoo_model import Player
from .vae import VAE


@keras.saving.register_keras_serializable("keraszoo")
class VAEGAN(VAE):
    """A `VAE` whose decoder is also a GAN's generator, and whose likelihood is of the discriminator's hidden layer h.

    With y the decoded draw from q(z|x), s a decoded draw from the prior and D(x) the probability that the
    discriminator takes x for real, the players lower in each step, in turn:

        encoder:        KL(q(z|x) || N(0, I)) + |h(x) - h(y)|^2 / 2
        decoder:        gamma |h(x) - h(y)|^2 / 2 - log D(y) - log D(s)
        discriminator:  - log D(x) - log(1 - D(y)) - log(1 - D(s))

    |.|^2 is a sum over the layer's units: -log p(h(x)|z) of a Gaussian of variance 1, up to a constant. In place of the
    paper's log(1 - D) the decoder lowers -log D, whose gradient does not vanish where the discriminator is sure. Each
    turn leaves the other networks as they are, moving statistics included, and x, y and s pass the discriminator in
    separate calls.

    `compile` takes an optimizer for each: `optimizer` (the encoder's), `decoder_optimizer`, `discriminator_optimizer`.

    Args:
        image_shape, latent_dim, ...: as for `VAE`. Of the likelihood the mean is what the discriminator sees; pixels
            are not compared.
        gamma: weight of the features in the decoder's loss, > 0, against its deceiving the discriminator.
        discriminator_hidden: units or filters of the discriminator's hidden layers, from the image side; None:
            (256, 256) for network="dense", (64, 128) for "convolutional".
        discriminator_normalization: "none", "batch", "layer" or "spectral". By the batch, as in the paper, images and
            decoded draws are each normalised among themselves, which hides from the discriminator how they differ.
        feature_layer: h: the number of a hidden layer of the discriminator, from 0 on or from -1 back, after its
            activation; or the name of a layer of your own discriminator.
        discriminator: a Sequential or functional model of your own, [batch, *image_shape] -> [batch, 1], a logit,
            positive for real.

    Example:
        >>> model = VAEGAN((8, 8, 1), latent_dim=4, hidden=(32,), discriminator_hidden=(32, 16))
        >>> model.compile("adam", decoder_optimizer="adam", discriminator_optimizer="adam")
        >>> features, logits = model.discriminate(tf.zeros([3, 8, 8, 1]))
        >>> features.shape, logits.shape
        (TensorShape([3, 16]), TensorShape([3]))
    """

    term_names = ("kl", "features", "decoder_features", "decoder", "discriminator")
    measure_names = ("real_logit", "reconstruction_logit", "sample_logit")

    def __init__(
        self,
        image_shape,
        latent_dim=16,
        *,
        gamma=1.0,
        discriminator_hidden=None,
        discriminator_normalization="layer",
        feature_layer=-1,
        discriminator=None,
        **kwargs,
    ):
        if not (isinstance(gamma, numbers.Real) and gamma > 0):
            raise InputError(f"gamma weighs the features and must be > 0. Received: gamma={gamma!r}.")
        super().__init__(image_shape, latent_dim, **kwargs)
        self.built = False
        self.gamma, self.feature_layer = float(gamma), feature_layer
        if discriminator_hidden is not None:
            discriminator_hidden = positive_integers("discriminator_hidden", discriminator_hidden)
        self.discriminator_hidden = discriminator_hidden
        self.discriminator_normalization = discriminator_normalization
        self._passed["discriminator"] = discriminator
        if discriminator is None:
            discriminator = discriminator_by_name(
                self._options["network"], self.image_shape, 1, discriminator_hidden, discriminator_normalization,
                self.likelihood.support, dtype=self.dtype_policy,
            )  # fmt: skip
        check_functional(discriminator, "discriminator")
        check_network(discriminator, "discriminator", self.image_shape, (1,))
        if not activations(discriminator):
            raise InputError("The discriminator has no hidden layer to compare images in. Received: a linear one.")
        (layer,) = hidden_layers(discriminator, (feature_layer,), "discriminator")
        self.discriminator = keras.Model(discriminator.inputs[0], [layer.output, discriminator.outputs[0]])
        self.built = True

    def discriminate(self, x, training=False, unchanged=False):
        """The discriminator's hidden layer and logit: [batch, *image_shape] -> ([batch, units], [batch]) float32.

        Args:
            unchanged: whether the call, in training, leaves its moving statistics as they are.
        """
        if training and unchanged:
            features, logits = call_unchanged(self.discriminator, x)
        else:
            features, logits = self.discriminator(x, training=training)
        features = tf.reshape(tf.cast(features, tf.float32), [tf.shape(features)[0], -1])
        return features, tf.cast(logits, tf.float32)[:, 0]

    def players(self):
        return {
            "optimizer": Player(self.encoder_terms, self.encoder.trainable_variables),
            "decoder_optimizer": Player(self.decoder_terms, self.decoder.trainable_variables),
            "discriminator_optimizer": Player(self.discriminator_terms, self.discriminator.trainable_variables),
        }

    def loss_terms(self, x, y=None, training=False):
        terms = {}
        for player in self.players().values():
            terms |= player.terms(x, y, training=training)
        return terms

    def encoder_terms(self, x, y=None, training=False):
        """How far the posterior is from the prior, and the decoded draw from the image in the discriminator's layer."""
        mean, log_var = self.encode(x, training=training)
        decode = call_unchanged if training else infer
        decoded = self.likelihood.mean(decode(self.decoder, self.draw(mean, log_var)))
        real, _ = self.discriminate(x, training, unchanged=True)
        rebuilt, _ = self.discriminate(decoded, training, unchanged=True)
        return {"kl": normal_kl(mean, log_var), "features": _half_squared_distance(real, rebuilt)}

    def decoder_terms(self, x, y=None, training=False):
        """The same distance, times gamma, and how badly decoded draws of posterior and prior pass for real."""
        z = self._posterior_draw(x, training)
        decoded, sampled = self._decoded(z, training), self._decoded(self._prior_draw(z), training)
        real, _ = self.discriminate(x, training, unchanged=True)
        rebuilt, rebuilt_logit = self.discriminate(decoded, training, unchanged=True)
        _, sample_logit = self.discriminate(sampled, training, unchanged=True)
        return {
            "decoder_features": self.gamma * _half_squared_distance(real, rebuilt),
            "decoder": tf.nn.softplus(-rebuilt_logit) + tf.nn.softplus(-sample_logit),
        }

    def discriminator_terms(self, x, y=None, training=False):
        """How badly the discriminator tells images from decoded draws of posterior and prior."""
        z = self._posterior_draw(x, training)
        decode = call_unchanged if training else infer
        logits = {"real_logit": self.discriminate(x, training)[1]}
        for name, draw in {"reconstruction_logit": z, "sample_logit": self._prior_draw(z)}.items():
            image = tf.stop_gradient(self.likelihood.mean(decode(self.decoder, draw)))
            logits[name] = self.discriminate(image, training)[1]
        real, *fakes = logits.values()
        loss = tf.nn.softplus(-real) + tf.add_n([tf.nn.softplus(fake) for fake in fakes])
        return {"discriminator": loss, **{name: tf.stop_gradient(logit) for name, logit in logits.items()}}

    def _posterior_draw(self, x, training):
        """A draw from q(z|x), of which the encoder learns nothing."""
        moments = tf.cast((call_unchanged if training else infer)(self.encoder, x), tf.float32)
        return tf.stop_gradient(self.draw(*tf.split(moments, 2, axis=-1)))

    def _prior_draw(self, z):
        return keras.random.normal(tf.shape(z), seed=self.noise)

    def _decoded(self, z, training):
        return self.likelihood.mean(self.decoder(z, training=training))

    def get_config(self):
        return {
            **super().get_config(),
            "gamma": self.gamma,
            "discriminator_hidden": self.discriminator_hidden,
            "discriminator_normalization": self.discriminator_normalization,
            "feature_layer": self.feature_layer,
        }


def _half_squared_distance(one, other):
    return 0.5 * tf.reduce_sum(tf.square(one - other), axis=-1)
