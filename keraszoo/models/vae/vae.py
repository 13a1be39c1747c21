"""The variational autoencoder.

Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), https://arxiv.org/abs/1312.6114.
Rezende, Mohamed and Wierstra, "Stochastic Backpropagation" (2014), https://arxiv.org/abs/1401.4082.
"""

import keras
import tensorflow as tf

from ...losses import normal_kl
from ..autoencoders.generative import GenerativeAutoencoder


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

    def reconstruct(self, x):
        """Each example decoded from its posterior mean: [batch, *image_shape] -> the same shape, float32."""
        return self.decode(self.encode(x)[0])

    def call(self, x, training=False):
        return self.likelihood.mean(self.decoder(self.encode(x, training=training)[0], training=training))

    def loss_terms(self, x, y=None, training=False):
        mean, log_var = self.encode(x, training=training)
        output = self.decoder(self.draw(mean, log_var), training=training)
        return {
            "reconstruction": self.likelihood.negative_log_likelihood(x, output),
            "kl": normal_kl(mean, log_var),
        }

    def _serve_encode(self, image):
        mean, log_var = self.encode(image)
        return {"mean": mean, "log_var": log_var}
