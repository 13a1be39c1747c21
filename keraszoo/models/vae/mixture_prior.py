"""A learned mixture of Gaussians as prior of a VAE's code.

Dilokthanakul et al., "Deep Unsupervised Clustering with Gaussian Mixture Variational Autoencoders" (2016),
https://arxiv.org/abs/1611.02648; the "mixture of Gaussians" that Tomczak and Welling (2018),
https://arxiv.org/abs/1705.07120, compare the VampPrior with.
"""

import math

import keras
import tensorflow as tf

from ...layers.seeds import normal_rows
from ...losses import normal_log_prob


@keras.saving.register_keras_serializable("keraszoo")
class MixturePrior(keras.layers.Layer):
    """p(z) = sum_c weight_c N(z; mean_c, diag exp(log_var_c)), all of it learned.

    Args:
        latent_dim: length of z.
        components: how many Gaussians, >= 1.

    Example:
        >>> MixturePrior(2, components=3).log_prob(tf.zeros([4, 2])).shape
        TensorShape([4])
    """

    has_forward = True

    def __init__(self, latent_dim, components=10, **kwargs):
        super().__init__(**kwargs)
        self.latent_dim, self.components = latent_dim, components
        start = keras.initializers.RandomNormal(stddev=1.0)
        self.means = self.add_weight(name="means", shape=(components, latent_dim), initializer=start)
        self.log_vars = self.add_weight(name="log_vars", shape=(components, latent_dim), initializer="zeros")
        self.logits = self.add_weight(name="logits", shape=(components,), initializer="zeros")
        self.built = True

    def log_prob(self, z):
        """log p(z) in nats: [rows, latent_dim] -> [rows] float32."""
        means, log_vars, logits = (tf.convert_to_tensor(w) for w in (self.means, self.log_vars, self.logits))
        return tf.reduce_logsumexp(tf.nn.log_softmax(logits) + normal_log_prob(z[:, None], means, log_vars), axis=1)

    def sample(self, count, seed=None, temperature=1.0):
        """Draws of components and of z around their means, `temperature` times as far: [count, latent_dim] float32."""
        seed = keras.random.SeedGenerator(seed).next()
        noise = tf.random.stateless_normal([count, 1 + self.latent_dim], seed)
        return self._drawn(noise, temperature)

    def sample_rows(self, seed, temperature):
        """A draw for each seed, from its own alone: [batch] int64, [batch] -> [batch, latent_dim] float32."""
        return self._drawn(normal_rows(seed, 1 + self.latent_dim), temperature[:, None])

    def _drawn(self, noise, temperature):
        """Noise from N(0, I), [rows, 1 + latent_dim], as draws: its first column chooses the component."""
        uniform = 0.5 * tf.math.erfc(-noise[:, 0] / math.sqrt(2.0))
        ends = tf.cumsum(tf.nn.softmax(tf.convert_to_tensor(self.logits)))
        component = tf.minimum(tf.searchsorted(ends, uniform), self.components - 1)
        mean, log_var = tf.gather(self.means, component), tf.gather(self.log_vars, component)
        return mean + temperature * tf.exp(0.5 * log_var) * noise[:, 1:]

    def get_config(self):
        return {**super().get_config(), "latent_dim": self.latent_dim, "components": self.components}
