"""The variational autoencoder.

Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), https://arxiv.org/abs/1312.6114.
Rezende, Mohamed and Wierstra, "Stochastic Backpropagation" (2014), https://arxiv.org/abs/1401.4082.
"""

import keras
import tensorflow as tf

from ...layers.seeds import normal_rows
from ...losses import normal_kl
from ..autoencoders.autoencoder import Autoencoder


@keras.saving.register_keras_serializable("keraszoo")
class VAE(Autoencoder):
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

    def sample(self, count, seed=None, temperature=1.0):
        """Decoded draws from the prior: the means of p(x|z) for z ~ N(0, temperature^2 I).

        Args:
            count: how many.
            seed: integer; the same seed gives the same samples. None: new ones each time.
            temperature: standard deviation of z; below 1 more typical, less varied.

        Returns:
            [count, *image_shape] float32.
        """
        seed = keras.random.SeedGenerator(seed).next()
        return self.decode(temperature * tf.random.stateless_normal([count, self.latent_dim], seed))

    def call(self, x, training=False):
        return self.likelihood.mean(self.decoder(self.encode(x, training=training)[0], training=training))

    def loss_terms(self, x, y=None, training=False):
        mean, log_var = self.encode(x, training=training)
        output = self.decoder(self.draw(mean, log_var), training=training)
        return {
            "reconstruction": self.likelihood.negative_log_likelihood(x, output),
            "kl": normal_kl(mean, log_var),
        }

    def pictures(self, x, seed=0):
        if len(self.image_shape) != 3:
            return {}
        samples = tf.reshape(self.sample(64, seed=seed), [8, 8, *self.image_shape])
        return {"samples": samples, **super().pictures(x, seed)}

    def serving_signatures(self):
        seed = tf.TensorSpec([None], tf.int64, name="seed")
        temperature = tf.TensorSpec([None], tf.float32, name="temperature")
        return {**super().serving_signatures(), "sample": (self._serve_sample, [seed, temperature])}

    def _serve_encode(self, image):
        mean, log_var = self.encode(image)
        return {"mean": mean, "log_var": log_var}

    def _serve_sample(self, seed, temperature):
        return {"image": self.decode(temperature[:, None] * normal_rows(seed, self.latent_dim))}
