"""The VAE-GAN: a discriminator judges the decoder's images, and its hidden layer is where they are compared.

Larsen, Sonderby, Larochelle and Winther, "Autoencoding beyond pixels using a learned similarity metric" (2016),
https://arxiv.org/abs/1512.09300.
"""

import numbers
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError
from ...core.model import takes
from ...core.types import Array, Targets
from ...core.updates import Gradient, call_unchanged, infer
from ...distributions.normal import DiagonalNormal
from ...networks.adversarial import discriminator_by_name
from ...networks.by_size import check_network
from ...networks.hidden_layers import activations, check_functional, hidden_layers, output_in
from .vae import VAE


@keras.saving.register_keras_serializable("keraszoo")
class VAEGAN(VAE):
    """A `VAE` whose decoder is also a GAN's generator, and whose likelihood is of the discriminator's hidden layer h.

    With y the decoded draw from q(z|x), s a decoded draw from the prior and D(x) the probability that the
    discriminator takes x for real, the networks lower in each step, in turn:

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

    term_names: tuple[str, ...] = ("kl", "features", "decoder_features", "decoder", "discriminator")
    metric_names: tuple[str, ...] = ("real_logit", "reconstruction_logit", "sample_logit")

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        chosen = super().sizes_for(shape)
        return {**chosen, "discriminator_hidden": chosen["hidden"]}

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        gamma: float = 1.0,
        discriminator_hidden: Sequence[int] | None = None,
        discriminator_normalization: str | None = "layer",
        feature_layer: int = -1,
        discriminator: keras.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        if not (isinstance(gamma, numbers.Real) and gamma > 0):
            raise InputError(f"gamma weighs the features and must be > 0. Received: gamma={gamma!r}.")
        super().__init__(image_shape, latent_dim, **kwargs)
        self.need_normal_prior()
        self.gamma, self.feature_layer = float(gamma), feature_layer
        if discriminator_hidden is not None:
            discriminator_hidden = positive_integers("discriminator_hidden", discriminator_hidden)
        self.discriminator_hidden = discriminator_hidden
        self.discriminator_normalization = discriminator_normalization
        if discriminator is None:
            discriminator = discriminator_by_name(
                self.network_name, self.image_shape, 1, discriminator_hidden, discriminator_normalization,
                self.likelihood.support, dtype=self.dtype_policy,
            )  # fmt: skip
        check_functional(discriminator, "discriminator")
        check_network(discriminator, "discriminator", self.image_shape, (1,), logits=True)
        self.discriminator = discriminator

    @property
    def discriminator(self) -> keras.Layer:
        return self._discriminator

    @discriminator.setter
    def discriminator(self, discriminator: keras.Layer) -> None:
        check_functional(discriminator, "discriminator")
        if not activations(discriminator):
            raise InputError("The discriminator has no hidden layer to compare images in. Received: a linear one.")
        (layer,) = hidden_layers(discriminator, (self.feature_layer,), "discriminator")
        self._discriminator = discriminator
        outputs = [output_in(discriminator, layer), discriminator.outputs[0]]
        self.features_and_logit = keras.Model(discriminator.inputs[0], outputs)

    @takes("inputs")
    def discriminate(self, x: Array, training: bool = False, unchanged: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """The discriminator's hidden layer and logit: [batch, *image_shape] -> ([batch, units], [batch]) float32.

        Args:
            unchanged: whether the call, in training, leaves its moving statistics as they are.
        """
        if training and unchanged:
            features, logits = call_unchanged(self.features_and_logit, x)
        else:
            features, logits = self.features_and_logit(x, training=training)
        features = tf.reshape(tf.cast(features, tf.float32), [tf.shape(features)[0], -1])
        return features, tf.cast(logits, tf.float32)[:, 0]

    def updates(self) -> dict[str, Gradient]:
        return {
            "optimizer": Gradient(self.encoder_terms, self.encoder.trainable_variables),
            "decoder_optimizer": Gradient(self.decoder_terms, self.decoder.trainable_variables),
            "discriminator_optimizer": Gradient(self.discriminator_terms, self.discriminator.trainable_variables),
        }

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        terms = {}
        for update in self.updates().values():
            terms |= update.terms(x, y, training=training)
        return terms

    def encoder_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        """How far the posterior is from the prior, and the decoded draw from the image in the discriminator's layer."""
        q = self.posterior(x, training)
        z, log_q = q.draw(self.noise)
        decode = call_unchanged if training else infer
        decoded = self.likelihood.mean(decode(self.decoder, z))
        real, _ = self.discriminate(x, training, unchanged=True)
        rebuilt, _ = self.discriminate(decoded, training, unchanged=True)
        return {"kl": self.kl_weight * self.kl(q, z, log_q), "features": _half_squared_distance(real, rebuilt)}

    def decoder_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
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

    def discriminator_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
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
        q = DiagonalNormal.of_output((call_unchanged if training else infer)(self.encoder, self.network_input(x)))
        return tf.stop_gradient(q.draw(self.noise)[0])

    def _prior_draw(self, z):
        return keras.random.normal(tf.shape(z), dtype="float32", seed=self.noise)

    def _decoded(self, z, training):
        return self.likelihood.mean(self.decoder(z, training=training))


def _half_squared_distance(one, other):
    return 0.5 * tf.reduce_sum(tf.square(one - other), axis=-1)
