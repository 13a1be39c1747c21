"""The VAE with a VampPrior: a mixture of its own posteriors.

Tomczak and Welling, "VAE with a VampPrior" (2018), https://arxiv.org/abs/1705.07120.
"""

import math

import keras
import numpy as np
import tensorflow as tf

from ...layers.seeds import normal_rows
from ...layers.sizes import positive_integers
from ...losses import normal_log_prob
from .mixture_prior import mixture_draws, mixture_log_prob
from .vae import VAE

MARGIN = 0.05  # how far inside the data's range, of width 1, `adapt` starts: the squashing is flat at its ends


@keras.saving.register_keras_serializable("keraszoo")
class VampVAE(VAE):
    """A `VAE` with the prior p(z) = 1/K sum_k q(z|u_k), the mean of the posteriors of K learned pseudo-inputs u_k.

    The ELBO is greatest for the prior that is the mean of the posteriors of all examples; the pseudo-inputs stand for
    them. Where the data have a range, a sigmoid keeps them in it. The KL term is its estimate from the one draw of z,
    which may be negative for an example.

    They start at noise; `adapt(x)`, which `keraszoo train` calls, starts them at examples.

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        components: K, >= 1.

    Example:
        >>> vae = VampVAE((8, 8, 1), latent_dim=2, hidden=(32,), components=5)
        >>> vae.adapt(np.zeros([100, 8, 8, 1], "float32"))
        >>> vae.sample(4, seed=0).shape, vae.pseudo_inputs().shape
        (TensorShape([4, 8, 8, 1]), TensorShape([5, 8, 8, 1]))
    """

    adapts = True
    prior = "vamp"

    def __init__(self, image_shape, latent_dim=16, *, components=50, **kwargs):
        super().__init__(image_shape, latent_dim, **kwargs)
        self.built = False
        self.components = positive_integers("components", [components])[0]
        self.unsquashed = self.add_weight(
            name="pseudo_inputs",
            shape=(self.components, *self.image_shape),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            autocast=False,
        )
        self.built = True

    def pseudo_inputs(self):
        """u_k, in the range of the data: [components, *image_shape] float32."""
        values = tf.convert_to_tensor(self.unsquashed)
        if self.event_range is None:
            return values
        lowest, highest = self.event_range
        return lowest + (highest - lowest) * tf.sigmoid(values)

    def adapt(self, x, y=None):
        """Starts the pseudo-inputs at some of the examples [rows, *image_shape], evenly spread over the rows."""
        rows = np.linspace(0, len(x) - 1, self.components).round().astype(int)
        values = np.asarray(x, "float32")[rows]
        if self.event_range is not None:
            lowest, highest = self.event_range
            inside = MARGIN + (1 - 2 * MARGIN) * (values - lowest) / (highest - lowest)
            values = np.log(inside) - np.log1p(-inside)
        self.unsquashed.assign(values)

    def _mixture(self):
        """Means, log-variances and logits of the prior's components."""
        return *self.encode(self.pseudo_inputs()), tf.zeros([self.components])

    def log_prior(self, z):
        return mixture_log_prob(z, *self._mixture())

    def loss_terms(self, x, y=None, training=False):
        mean, log_var = self.encode(x, training=training)
        z = self.draw(mean, log_var)
        output = self.decoder(z, training=training)
        return {
            "reconstruction": self.likelihood.negative_log_likelihood(x, output),
            "kl": normal_log_prob(z, mean, log_var) - self.log_prior(z),
        }

    def sample_latent(self, count, seed=None, temperature=1.0):
        """What `sample` decodes: draws of pseudo-inputs and from their posteriors, [count, latent_dim] float32.

        A draw is `temperature` times as far from its posterior's mean.
        """
        seed = keras.random.SeedGenerator(seed).next()
        noise = tf.random.stateless_normal([count, 1 + self.latent_dim], seed)
        return mixture_draws(noise, *self._mixture(), temperature)

    def _serve_sample(self, seed, temperature):
        noise = normal_rows(seed, 1 + self.latent_dim)
        return {"image": self.decode(mixture_draws(noise, *self._mixture(), temperature[:, None]))}

    def pictures(self, x, seed=0):
        side = math.isqrt(min(64, self.components))
        if len(self.image_shape) != 3:
            return {}
        shown = tf.reshape(self.pseudo_inputs()[: side * side], [side, side, *self.image_shape])
        return {**super().pictures(x, seed), "pseudo_inputs": shown}

    def get_config(self):
        return {**super().get_config(), "components": self.components}
