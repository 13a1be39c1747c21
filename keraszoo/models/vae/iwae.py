"""The importance-weighted autoencoder.

Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders" (2016), https://arxiv.org/abs/1509.00519; Tucker,
Lawson, Gu and Maddison, "Doubly Reparameterized Gradient Estimators for Monte Carlo Objectives" (2019),
https://arxiv.org/abs/1810.04152.
"""

import keras
import tensorflow as tf

from ...errors import InputError, closest
from ...layers.sizes import positive_integers
from ...losses import normal_log_prob
from .beta_vae import BetaVAE

GRADIENTS = ("reparameterised", "dreg")


@keras.saving.register_keras_serializable("keraszoo")
class IWAE(BetaVAE):
    """A `VAE` that minimises -log 1/k sum_i w_i, w_i = p(x, z_i) / q(z_i|x) for k draws z_i from q(z|x), in nats.

    k = 1 is the VAE, its KL term estimated; with k the bound rises towards log p(x).

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        k: draws per example and step, >= 1.
        gradient: "reparameterised", or "dreg": the doubly reparameterised gradient. Both have the same expected value,
            but with k the encoder's drowns in noise by the first, and gets clearer by the second.
        beta: weight of log p(z_i) - log q(z_i|x) in log w_i, 1 in the paper, or a schedule as for `BetaVAE`: a warm-up
            to 1 keeps more units active. With another beta the term is no bound of log p(x).
        normalized: as for `BetaVAE`.

    Example:
        >>> iwae = IWAE((8, 8, 1), latent_dim=2, hidden=(32,), k=5)
        >>> iwae.loss_terms(tf.zeros([3, 8, 8, 1]))["negative_bound"].shape
        TensorShape([3])
    """

    term_names = ("negative_bound",)

    def __init__(self, image_shape, latent_dim=16, *, k=50, gradient="reparameterised", beta=1.0, **kwargs):
        if gradient not in GRADIENTS:
            raise InputError(f"Unknown gradient. Received: {gradient!r}. {closest(str(gradient), GRADIENTS)}")
        super().__init__(image_shape, latent_dim, beta=beta, **kwargs)
        self.k, self.gradient = positive_integers("k", [k])[0], gradient

    def loss_terms(self, x, y=None, training=False):
        noise = keras.random.normal([tf.shape(x)[0], self.k, self.latent_dim], seed=self.noise)
        if training and self.gradient == "dreg":
            bound = self._doubly_reparameterised(x, noise)
        else:
            z, log_q = self.posterior_draws(x, noise, training)
            bound = log_mean(self._log_weights(x, z, log_q, training))
        return {"negative_bound": -bound, **self.beta_measure(bound)}

    def _log_weights(self, x, z, log_q, training):
        """log p(x|z) + beta (log p(z) - log q(z|x)), [batch, k]."""
        rows = tf.reshape(z, [-1, self.latent_dim])
        log_prior = tf.reshape(self.log_prior(rows), tf.shape(log_q))
        return self.log_joint(x, z, training) - log_q + (self.kl_weight - 1.0) * (log_prior - log_q)

    def _doubly_reparameterised(self, x, noise):
        """The bound, [batch], with the gradient of Tucker et al. (2019), equation 8.

        With v_i = w_i / sum_j w_j it is sum_i v_i dlog w_i for the decoder, and
        sum_i v_i (1 - beta (1 - v_i)) dlog w_i/dz_i dz_i for the encoder, whose density in w_i is held. The paper's
        beta is 1, its factor v_i^2. One pass backward gives both: v_i dlog w_i/dz_i is scaled where it leaves z_i.
        """
        beta, shares = self.kl_weight, []

        @tf.custom_gradient
        def scaled(z):
            return tf.identity(z), lambda slope: slope * (1.0 - beta * (1.0 - shares[0]))

        mean, log_var = (moment[:, None] for moment in self.encode(x, training=True))
        z = scaled(mean + tf.exp(0.5 * log_var) * noise)
        log_q = normal_log_prob(z, tf.stop_gradient(mean), tf.stop_gradient(log_var))
        log_w = self._log_weights(x, z, log_q, training=True)
        shares.append(tf.nn.softmax(log_w, axis=1)[..., None])  # before any gradient asks for it
        return log_mean(log_w)

    def get_config(self):
        return {**super().get_config(), "k": self.k, "gradient": self.gradient}


def log_mean(log_weights):
    """log 1/k sum_i exp(log_weights_i): [batch, k] -> [batch]."""
    k = tf.cast(tf.shape(log_weights)[1], tf.float32)
    return tf.reduce_logsumexp(log_weights, axis=1) - tf.math.log(k)
