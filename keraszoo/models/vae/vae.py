"""The variational autoencoder.

Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), https://arxiv.org/abs/1312.6114.
Rezende, Mohamed and Wierstra, "Stochastic Backpropagation" (2014), https://arxiv.org/abs/1401.4082.
"""

import keras
import tensorflow as tf

from ...losses import normal_kl, normal_log_prob
from ..autoencoders.generative import GenerativeAutoencoder
from .importance_sampling import importance_sampled


@keras.saving.register_keras_serializable("keraszoo")
class VAE(GenerativeAutoencoder):
    """Minimises the negative ELBO, -E_q(z|x) log p(x|z) + KL(q(z|x) || N(0, I)), in nats per example.

    q(z|x) = N(mean(x), exp(log_var(x))) is a diagonal Gaussian; one z is drawn per example and step. Both terms are
    sums, over the pixels and over the latent units.

    Args:
        image_shape, latent_dim, network, hidden, downsampling, upsampling, padding, activation, likelihood,
            initialization, decoder: as for `Autoencoder`.
        encoder: a network of your own returns [batch, 2 * latent_dim]: means, then log-variances.

    Example:
        >>> vae = VAE((8, 8, 1), latent_dim=2, hidden=(32,))
        >>> vae.compile("adam")
        >>> vae.sample(4, seed=0).shape
        TensorShape([4, 8, 8, 1])
    """

    term_names = ("reconstruction", "kl")
    codes = 2

    def __init__(self, image_shape, latent_dim=16, **kwargs):
        super().__init__(image_shape, latent_dim, **kwargs)
        self.noise = keras.random.SeedGenerator()

    def encode(self, x, training=False):
        """The posterior q(z|x): [batch, *image_shape] -> (mean, log_var), each [batch, latent_dim] float32."""
        return tf.split(tf.cast(self.encoder(x, training=training), tf.float32), 2, axis=-1)

    def draw(self, mean, log_var):
        """A reparameterised draw from N(mean, exp(log_var)): its gradient flows to both."""
        return mean + tf.exp(0.5 * log_var) * keras.random.normal(tf.shape(mean), seed=self.noise)

    def code(self, x, training=False):
        """The posterior mean of each example, from which `reconstruct` decodes it: [batch, latent_dim] float32."""
        return self.encode(x, training=training)[0]

    def loss_terms(self, x, y=None, training=False):
        mean, log_var = self.encode(x, training=training)
        output = self.decoder(self.draw(mean, log_var), training=training)
        return {
            "reconstruction": self.likelihood.negative_log_likelihood(x, output),
            "kl": normal_kl(mean, log_var),
        }

    def posterior_draws(self, x, noise, training=False):
        """Draws from q(z|x) and their log-densities.

        Args:
            x: [batch, *image_shape].
            noise: [batch, count, latent_dim] from N(0, I); each becomes one draw.

        Returns:
            z, [batch, count, latent_dim], through which gradients flow, and log q(z|x) in nats, [batch, count].
        """
        mean, log_var = (moment[:, None] for moment in self.encode(x, training=training))
        z = mean + tf.exp(0.5 * log_var) * noise
        return z, normal_log_prob(z, mean, log_var)

    def log_prior(self, z):
        """log p(z) in nats: [rows, latent_dim] -> [rows] float32."""
        return normal_log_prob(z)

    def log_joint(self, x, z, training=False):
        """log p(x|z) + log p(z) in nats: [batch, *image_shape], [batch, count, latent_dim] -> [batch, count]."""
        count = tf.shape(z)[1]
        rows = tf.reshape(z, [-1, self.latent_dim])
        output = self.decoder(rows, training=training)
        nll = self.likelihood.negative_log_likelihood(tf.repeat(x, count, axis=0), output)
        return tf.reshape(self.log_prior(rows) - nll, [-1, count])

    def log_weights(self, x, noise, training=False):
        """log p(x|z) + log p(z) - log q(z|x) of draws from the posterior: the mean of exp of it is p(x), unbiased.

        Args:
            x: [batch, *image_shape].
            noise: [batch, count, latent_dim] from N(0, I), see `posterior_draws`.

        Returns:
            [batch, count] float32, nats.
        """
        z, log_q = self.posterior_draws(x, noise, training)
        return self.log_joint(x, z, training) - log_q

    def negative_log_likelihood(self, x, samples=5000, *, seed=0, rows=4096):
        """-log p(x) of each example by importance sampling from the posterior, in nats.

        Grey pixels under a Bernoulli likelihood have no p(x); binarise them.

        Args:
            x: [n, *image_shape].
            samples: draws per example; the more, the lower the value, and the nearer to -log p(x).
            seed: integer; the same seed gives the same values.
            rows: draws that are decoded at once, which bounds the memory.

        Returns:
            `Likelihoods(nll, error)`, [n] each: the values, and their standard errors over the draws.

        Raises:
            InputError: no examples, examples of another shape or range, or a count below 1.

        Example:
            >>> vae = VAE((4, 4, 1), latent_dim=2, hidden=(8,))
            >>> vae.negative_log_likelihood(tf.zeros([3, 4, 4, 1]), samples=10).nll.shape
            (3,)
        """
        return importance_sampled(self.log_weights, self._checked_examples(x), self.latent_dim, samples, seed, rows)

    def _checked_examples(self, x):
        x = tf.convert_to_tensor(x)
        self.check_batch(x)
        if len(x):
            self.check_range(float(tf.reduce_min(x)), float(tf.reduce_max(x)))
        return tf.cast(x, tf.float32)

    def _serve_encode(self, image):
        mean, log_var = self.encode(image)
        return {"mean": mean, "log_var": log_var}
