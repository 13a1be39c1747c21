"""What a VAE minimises: the negative ELBO, or the importance-weighted bound.

Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), https://arxiv.org/abs/1312.6114; Burda, Grosse and
Salakhutdinov, "Importance Weighted Autoencoders" (2016), https://arxiv.org/abs/1509.00519; Tucker, Lawson, Gu and
Maddison, "Doubly Reparameterized Gradient Estimators for Monte Carlo Objectives" (2019),
https://arxiv.org/abs/1810.04152.
"""

import keras
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError, closest
from ...distributions.normal import DiagonalNormal, normal_log_prob

GRADIENTS = ("reparameterised", "dreg")


@keras.saving.register_keras_serializable("keraszoo")
class ELBO:
    """-log p(x|z) + beta KL(q(z|x) || p(z)) of one draw z of each posterior, in nats.

    The KL is exact for a Gaussian posterior and the prior N(0, I), else its estimate from the draw.
    """

    term_names = ("reconstruction", "kl")

    def terms(self, vae, x, condition, training):
        """The loss terms of a VAE, and what it measures of the bound with beta 1: `{name: [batch]}`.

        Args:
            vae: a `VAE`.
            x: [batch, *image_shape].
            condition: what both networks are told besides, or None.
            training: whether it learns.
        """
        q = vae.posterior_given(x, condition, training)
        z, log_q = q.draw(vae.noise)
        output = vae.decoder_output(z, condition, training)
        reconstruction, kl = vae.likelihood.negative_log_likelihood(x, output), vae.kl(q, z, log_q)
        return {"reconstruction": reconstruction, "kl": vae.kl_weight * kl, **vae.measured(reconstruction + kl)}

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable("keraszoo")
class ImportanceWeighted(ELBO):
    """-log 1/k sum_i w_i, w_i = p(x, z_i) / q(z_i|x) for k draws z_i from q(z|x), in nats.

    k = 1 is the ELBO, its KL term estimated; with k the bound rises towards log p(x). With a beta other than 1, the
    weight of log p(z_i) - log q(z_i|x) in log w_i, it is no bound of log p(x).

    Args:
        k: draws per example and step, >= 1.
        gradient: "reparameterised", or "dreg": the doubly reparameterised gradient. Both have the same expected value,
            but with k the encoder's drowns in noise by the first, and gets clearer by the second.
    """

    term_names = ("negative_bound",)

    def __init__(self, k=50, gradient="reparameterised"):
        if gradient not in GRADIENTS:
            raise InputError(f"Unknown gradient. Received: {gradient!r}. {closest(str(gradient), GRADIENTS)}")
        self.k, self.gradient = positive_integers("k", [k])[0], gradient

    def terms(self, vae, x, condition, training):
        noise = keras.random.normal([tf.shape(x)[0], self.k, vae.latent_dim], dtype="float32", seed=vae.noise)
        q = vae.posterior_given(x, condition, training)
        if training and self.gradient == "dreg":
            log_w, exact = self._doubly_reparameterised(vae, x, condition, q, noise)
        else:
            z, log_q = q.draws(noise)
            log_w, exact = self._log_weights(vae, x, condition, z, log_q, training)
        return {"negative_bound": -log_mean(log_w), **vae.measured(-log_mean(exact))}

    def _log_weights(self, vae, x, condition, z, log_q, training):
        """log p(x|z) + beta (log p(z) - log q(z|x)), and the same with beta 1: [batch, k] each."""
        log_likelihood, log_prior = vae.log_likelihood_and_prior(x, condition, z, training)
        exact = log_likelihood + log_prior - log_q
        return exact + (vae.kl_weight - 1.0) * (log_prior - log_q), exact

    def _doubly_reparameterised(self, vae, x, condition, q, noise):
        """log w with beta and with beta 1, [batch, k], with the gradient of Tucker et al. (2019), equation 8.

        With v_i = w_i / sum_j w_j it is sum_i v_i dlog w_i for the decoder, and
        sum_i v_i (1 - beta (1 - v_i)) dlog w_i/dz_i dz_i for the encoder, whose density in w_i is held. The paper's
        beta is 1, its factor v_i^2. One pass backward gives both: v_i dlog w_i/dz_i is scaled where it leaves z_i.
        """
        if not isinstance(q, DiagonalNormal):
            raise InputError(
                "The doubly reparameterised gradient is that of a Gaussian posterior. Received: one with a flow. "
                "Nearest: gradient='reparameterised'."
            )
        beta, shares = vae.kl_weight, []

        @tf.custom_gradient
        def scaled(z):
            return tf.identity(z), lambda slope: slope * (1.0 - beta * (1.0 - shares[0]))

        mean, log_var = q.loc[:, None], q.log_var[:, None]
        z = scaled(mean + tf.exp(0.5 * log_var) * noise)
        log_q = normal_log_prob(z, tf.stop_gradient(mean), tf.stop_gradient(log_var))
        log_w, exact = self._log_weights(vae, x, condition, z, log_q, training=True)
        shares.append(tf.nn.softmax(log_w, axis=1)[..., None])  # before any gradient asks for it
        return log_w, exact

    def get_config(self):
        return {"k": self.k, "gradient": self.gradient}


def log_mean(log_weights):
    """log 1/k sum_i exp(log_weights_i): [batch, k] -> [batch]."""
    k = tf.cast(tf.shape(log_weights)[1], tf.float32)
    return tf.reduce_logsumexp(log_weights, axis=1) - tf.math.log(k)
