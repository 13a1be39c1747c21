"""The FactorVAE: a discriminator tells how far the units of the code are from independent.

Kim and Mnih, "Disentangling by Factorising" (2018), https://arxiv.org/abs/1802.05983.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ....core.checks import positive_integers
from ....core.errors import InputError
from ....core.replicas import global_rows
from ....core.types import Array, Targets
from ....core.updates import ClosedForm, Gradient, call_unchanged, infer
from ....distributions.normal import DiagonalNormal
from ....networks.by_size import check_network, dense_encoder
from ..vae import VAE


@keras.saving.register_keras_serializable("keraszoo")
class FactorVAE(VAE):
    """A `VAE` with gamma times the total correlation of its code, as a discriminator estimates it, added to its loss.

    The discriminator tells codes, draws from q(z), from codes whose units come of different examples, draws from
    prod_j q(z_j). Its logit is log q(z) - log prod_j q(z_j) once it is optimal, so that its mean over codes is the
    total correlation. In each step, in turn: encoder and decoder learn; the discriminator learns from codes which it
    does not change.

    The paper permutes the units over a second batch. Here the batch, of all replicas, is cut into two halves, and each
    half's codes are told from permuted codes of the other: no example is drawn twice, and none is compared with
    itself. Of an odd number of examples, one meets permuted codes of its own half. A `batch_size` of 2 B is thus two
    batches of B.

    `compile` takes an optimizer for each: `optimizer` and `discriminator_optimizer`.

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        gamma: weight of the total correlation, > 0.
        discriminator_hidden: units of the discriminator's hidden layers; the paper's has six of 1000.
        discriminator: a network of your own, [batch, latent_dim] -> [batch, 1], a logit, positive for codes.

    Example:
        >>> model = FactorVAE((8, 8, 1), latent_dim=4, hidden=(32,), discriminator_hidden=(32,))
        >>> model.compile("adam", discriminator_optimizer="adam")
        >>> model.term_names
        ('reconstruction', 'kl', 'total_correlation', 'discriminator')
    """

    term_names: tuple[str, ...] = ("reconstruction", "kl", "total_correlation", "discriminator")
    batch_term_names: tuple[str, ...] = ("discriminator",)

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        gamma: float = 10.0,
        discriminator_hidden: Sequence[int] = (256, 256, 256),
        discriminator: keras.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        if not gamma > 0:
            raise InputError(f"gamma weighs the total correlation and must be > 0. Received: gamma={gamma!r}.")
        super().__init__(image_shape, latent_dim, **kwargs)
        self.gamma = float(gamma)
        self.discriminator_hidden = positive_integers("discriminator_hidden", discriminator_hidden)
        if discriminator is None:
            discriminator = dense_encoder(
                (self.latent_dim,), 1, self.discriminator_hidden, activation="leaky_relu", dtype=self.dtype_policy
            )
        self.discriminator = discriminator
        check_network(self.discriminator, "discriminator", (self.latent_dim,), (1,), logits=True)

    def updates(self) -> dict[str, Gradient | ClosedForm]:
        judging = self.discriminator.trainable_variables
        known = {id(variable) for variable in judging}
        vae = [variable for variable in self.trainable_variables if id(variable) not in known]  # a learned prior's too
        return {
            "optimizer": Gradient(self.vae_terms, vae),
            "discriminator_optimizer": Gradient(self.discriminator_terms, judging),
        }

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        return {**self.vae_terms(x, y, training=training), **self.discriminator_terms(x, y, training=training)}

    def vae_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        """The negative ELBO, and the discriminator's logit of the z that was decoded, times gamma."""
        q = self.posterior(x, training)
        z, log_q = q.draw(self.noise)
        output = self.decoder(z, training=training)
        logit = (call_unchanged if training else infer)(self.discriminator, z)
        return {
            "reconstruction": self.likelihood.negative_log_likelihood(x, output),
            "kl": self.kl_weight * self.kl(q, z, log_q),
            "total_correlation": self.gamma * tf.cast(logit, tf.float32)[:, 0],
            **self.scheduled(x),
        }

    def discriminator_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        """How badly the discriminator tells codes from those whose units come of different examples."""
        q = DiagonalNormal.of_output((call_unchanged if training else infer)(self.encoder, self.network_input(x)))
        z = tf.stop_gradient(q.draw(self.noise)[0])
        codes, first = global_rows(z)
        keys, _ = global_rows(keras.random.uniform(tf.shape(z), dtype="float32", seed=self.noise))
        mine = (first + tf.range(tf.shape(z)[0])) % tf.shape(codes)[0]
        permuted = tf.gather(permuted_halves(codes, keys), mine)
        real, fake = (tf.cast(self.discriminator(each, training=training), tf.float32)[:, 0] for each in (z, permuted))
        return {"discriminator": 0.5 * (tf.nn.softplus(-real) + tf.nn.softplus(fake))}


def permuted_halves(codes, keys):
    """Codes whose units come of different examples, each of the other half of the batch.

    Args:
        codes: [batch, d].
        keys: [batch, d], in [0, 1): their order in each column is the permutation of that unit.

    Returns:
        [batch, d]: the second half's values of each unit, in the order of their keys, then the first half's.

    Example:
        >>> codes = tf.constant([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0], [4.0, 40.0]])
        >>> keys = tf.constant([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6]])
        >>> permuted_halves(codes, keys).numpy()
        array([[ 3., 40.],
               [ 4., 30.],
               [ 1., 20.],
               [ 2., 10.]], dtype=float32)
    """
    rows = tf.shape(codes)[0]
    in_first_half = tf.cast(tf.range(rows) < rows // 2, tf.float32)
    order = tf.argsort(tf.transpose(keys) + in_first_half, axis=1, stable=True)
    return tf.transpose(tf.gather(tf.transpose(codes), order, batch_dims=1))
