"""GenerativeAutoencoder: what the autoencoders with a prior on their code have in common."""

import keras
import tensorflow as tf

from ...layers.seeds import normal_rows
from .autoencoder import Autoencoder


class GenerativeAutoencoder(Autoencoder):
    """Base class: an `Autoencoder` whose codes are to follow N(0, I), so that decoded draws from it are samples."""

    def sample(self, count, seed=None, temperature=1.0):
        """Decoded draws from the prior: the means of p(x|z) for z ~ N(0, temperature^2 I).

        Args:
            count: how many.
            seed: integer; the same seed gives the same samples. None: new ones each time.
            temperature: standard deviation of z; below 1 more typical, less varied.

        Returns:
            [count, *image_shape] float32.
        """
        return self.decode(self.sample_latent(count, seed, temperature))

    def sample_latent(self, count, seed=None, temperature=1.0):
        """What `sample` decodes: [count, latent_dim] float32."""
        seed = keras.random.SeedGenerator(seed).next()
        return temperature * tf.random.stateless_normal([count, self.latent_dim], seed)

    def pictures(self, x, seed=0):
        if len(self.image_shape) != 3:
            return {}
        samples = tf.reshape(self.sample(64, seed=seed), [8, 8, *self.image_shape])
        return {"samples": samples, **super().pictures(x, seed)}

    def serving_signatures(self):
        seed = tf.TensorSpec([None], tf.int64, name="seed")
        temperature = tf.TensorSpec([None], tf.float32, name="temperature")
        return {**super().serving_signatures(), "sample": (self._serve_sample, [seed, temperature])}

    def _serve_sample(self, seed, temperature):
        return {"image": self.decode(temperature[:, None] * normal_rows(seed, self.latent_dim))}
