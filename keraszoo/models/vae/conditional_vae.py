"""The conditional VAE.

Sohn, Lee and Yan, "Learning Structured Output Representation using Deep Conditional Generative Models" (2015),
https://papers.nips.cc/paper/5775-learning-structured-output-representation-using-deep-conditional-generative-models;
classes and style as in Kingma et al., "Semi-supervised Learning with Deep Generative Models" (2014),
https://arxiv.org/abs/1406.5298.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.errors import InputError
from ...core.inputs import Labels
from ...core.model import takes
from ...core.types import Array, Targets
from ...distributions.normal import DiagonalNormal
from ...layers.labels import labels_for, number_of_classes, one_hot, with_label_channels
from ...networks.by_size import named
from .vae import VAE


@keras.saving.register_keras_serializable("keraszoo")
class ConditionalVAE(VAE):
    """A `VAE` of log p(x|y), y the class: both networks are told it, and z keeps what the class leaves open, the style.

    Minimises -E_q(z|x, y) log p(x|z, y) + KL(q(z|x, y) || N(0, I)), in nats per example. A convolutional encoder
    gets one channel more for each class, which is 1 everywhere for the class in question, a dense one a one-hot code
    after the pixels; the decoder gets that code after z. So what `encode` and `sample_latent` give and `decode` takes
    is z, then the code.

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        num_classes: number of classes, >= 2.
        encoder: a network of your own, [batch, ..., channels + num_classes] -> [batch, 2 * latent_dim]; the channels
            (of vectors: the features) of the classes come last.
        decoder: one of your own, [batch, latent_dim + num_classes] -> as for `Autoencoder`.

    Example:
        >>> vae = ConditionalVAE((8, 8, 1), latent_dim=2, hidden=(32,), num_classes=10)
        >>> vae.sample(2, seed=0, labels=[3, 7]).shape
        TensorShape([2, 8, 8, 1])
        >>> vae.reconstruct(tf.zeros([2, 8, 8, 1]), labels=[3, 7], as_labels=5).shape  # both as a 5, in their style
        TensorShape([2, 8, 8, 1])
    """

    def __init__(
        self, image_shape: Sequence[int], latent_dim: int = 16, *, num_classes: int = 10, **kwargs: Any
    ) -> None:
        self.num_classes = number_of_classes(num_classes)
        super().__init__(image_shape, latent_dim, **kwargs)
        self.need_normal_prior()
        self.targets = Labels(self.num_classes)

    @property
    def condition_size(self) -> int:
        return self.num_classes

    def encoder_shape(self, encoder: Any) -> tuple[int, ...]:
        # Dense networks take the pixels as features: planes would give each class as many weights as pixels.
        if encoder is None or isinstance(encoder, (str, dict)):
            self._flattens = (self.network_name if encoder is None else named(encoder)[0]) == "dense"
        else:
            self._flattens = takes_vectors(encoder)
        *sides, channels = (math.prod(self.image_shape),) if self._flattens else self.image_shape
        return (*sides, channels + self.num_classes)

    def one_hot(self, labels: Array | int, rows: Any) -> tf.Tensor:
        """[rows] integers, or one for all -> [rows, num_classes] float32.

        Raises:
            InputError: no labels; outside of graphs also labels out of range, or not as many as rows.
        """
        if labels is None:
            raise InputError(
                f"{type(self).__name__} needs the class of each example: it learns from (x, y), and its methods take "
                f"labels, integers from 0 to {self.num_classes - 1}."
            )
        if tf.executing_eagerly():
            labels = labels_for(int(rows), labels, self.num_classes)
        return tf.broadcast_to(one_hot(labels, self.num_classes), [rows, self.num_classes])

    def condition(self, y: Targets | None, rows: Any) -> tf.Tensor | None:
        return self.one_hot(y, rows)

    def posterior_given(self, x: Array, condition: Array | None, training: bool = False) -> Any:
        x = self.network_input(tf.cast(x, tf.float32))
        if self._flattens:
            x = tf.reshape(x, [-1, math.prod(self.image_shape)])
        return DiagonalNormal.of_output(self.encoder(with_label_channels(x, condition), training=training))

    def decoder_output(self, z: Array, condition: Array | None, training: bool = False) -> tf.Tensor:
        return self.decoder(tf.concat([z, condition], axis=1), training=training)

    @takes("inputs")
    def posterior(self, x: Array, labels: Array | int | None = None, training: bool = False) -> Any:
        """The posterior q(z|x, y).

        Args:
            x: [batch, *image_shape].
            labels: [batch] integers, or one for all.

        Returns:
            a `DiagonalNormal` of [batch, latent_dim].

        Raises:
            InputError: no labels, or impossible ones.
        """
        return self.posterior_given(x, self.one_hot(labels, tf.shape(x)[0]), training)

    @takes("inputs")
    def encode(
        self, x: Array, labels: Array | int | None = None, training: bool = False, as_labels: Array | int | None = None
    ) -> tf.Tensor:
        """What `decode` takes: the posterior mean of each example, then the code of its class, or of `as_labels`.

        Returns:
            [batch, latent_dim + num_classes] float32.
        """
        mean = self.posterior(x, labels, training).mean()
        return tf.concat([mean, self.one_hot(labels if as_labels is None else as_labels, tf.shape(x)[0])], axis=1)

    @takes("inputs")
    def features(self, x: Array) -> tf.Tensor:
        """The posterior mean, averaged over the classes: [batch, *image_shape] -> [batch, latent_dim] float32."""
        labels = [tf.fill([tf.shape(x)[0]], label) for label in range(self.num_classes)]
        return tf.add_n([self.posterior(x, each).mean() for each in labels]) / self.num_classes

    def reconstruct(
        self, x: Array, labels: Array | int | None = None, as_labels: Array | int | None = None
    ) -> tf.Tensor:
        """Each example decoded from its posterior mean.

        Args:
            x: [batch, *image_shape].
            labels: its classes, [batch] integers, or one for all.
            as_labels: the classes to decode it as, in the style that it has; by default its own.

        Returns:
            [batch, *image_shape] float32.
        """
        return self.decode(self.encode(x, labels, as_labels=as_labels))

    @takes("inputs")
    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        """Each example reconstructed as a member of each class: [batch, num_classes, *image_shape]."""
        codes = [self.encode(x, tf.fill([tf.shape(x)[0]], label), training) for label in range(self.num_classes)]
        return tf.stack([self.likelihood.mean(self.decoder(code, training=training)) for code in codes], axis=1)

    @takes("inputs")
    def negative_log_likelihood(
        self,
        x: Array,
        labels: Array | int | None = None,
        samples: int = 5000,
        *,
        seed: int = 0,
        rows: int = 4096,
        precision: str | None = None,
    ) -> Any:
        """-log p(x|y) of each example by importance sampling from the posterior, in nats.

        Args:
            x, samples, seed, rows, precision: as for `VAE`.
            labels: [n] integers, or one for all.

        Returns:
            `Likelihoods(nll, error)`, as for `VAE`.

        Raises:
            InputError: as for `VAE`, and for missing or impossible labels.
        """
        return self._importance_sampled((x, self.one_hot(labels, len(x))), samples, seed, rows, precision)

    # ------------------------------------------------------------------ samples

    def sample(
        self, count: int, seed: int | None = None, temperature: float = 1.0, labels: Array | int | None = None
    ) -> tf.Tensor:
        """Decoded draws from the prior, as examples of given classes.

        Args:
            count, seed, temperature: as for `VAE`.
            labels: [count] integers, or one for all; None: each class in turn.

        Returns:
            [count, *image_shape] float32.

        Raises:
            InputError: labels out of range, or not as many as examples.
        """
        return self.decode(self.sample_latent(count, seed, temperature, labels))

    def sample_latent(
        self, count: int, seed: int | None = None, temperature: float = 1.0, labels: Array | int | None = None
    ) -> tf.Tensor:
        """What `sample` decodes: [count, latent_dim + num_classes] float32, z first."""
        codes = one_hot(labels_for(count, labels, self.num_classes), self.num_classes)
        return tf.concat([super().sample_latent(count, seed, temperature), codes], axis=1)

    def code_vectors(self, x: Array, seed: int = 0) -> tf.Tensor:
        raise InputError(
            f"A density of codes alone knows no classes, which {type(self).__name__} decodes codes with. Its own prior "
            "samples each class."
        )

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        """Each column is a class, each row a style."""
        if len(self.image_shape) != 3:
            return {}
        styles = np.repeat(super().sample_latent(8, seed), self.num_classes, axis=0)
        codes = np.tile(np.eye(self.num_classes, dtype="float32"), [8, 1])
        samples = self.decode(tf.concat([styles, codes], axis=1))
        return {"samples": tf.reshape(samples, [8, self.num_classes, *self.image_shape])}

    # ------------------------------------------------------------------ serving and saving

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        signatures = super().serving_signatures()
        label = Labels(self.num_classes)
        return {name: (method, [*inputs, label]) for name, (method, inputs) in signatures.items()}

    def _serve_reconstruct(self, image, label):
        return {self.inputs.name: self.reconstruct(image, label)}

    def _serve_encode(self, image, label):
        q = self.posterior(image, label)
        return {"latent": q.mean(), "mean": q.mean(), "log_var": q.log_var}

    def _serve_decode(self, latent, label):
        return {self.inputs.name: self._decoded(latent, label)}

    def _serve_sample(self, seed, temperature, label):
        return {self.inputs.name: self._decoded(self.prior.sample_rows(seed, temperature), label)}

    def _decoded(self, z, labels):
        return self.decode(tf.concat([z, self.one_hot(labels, tf.shape(z)[0])], axis=1))


def takes_vectors(network):
    """Whether a network is built, for vectors."""
    return network.built and len(network.input_shape) == 2
