"""A learned mixture of Gaussians as prior of a VAE's code.

Dilokthanakul et al., "Deep Unsupervised Clustering with Gaussian Mixture Variational Autoencoders" (2016),
https://arxiv.org/abs/1611.02648; the "mixture of Gaussians" that Tomczak and Welling (2018),
https://arxiv.org/abs/1705.07120, compare the VampPrior with.
"""

import math
from typing import Any

import keras
import tensorflow as tf

from ..core.seeds import normal_rows, seed_pair
from ..core.types import Array
from .normal import normal_log_prob
from .prior import Prior


@keras.saving.register_keras_serializable("keraszoo")
class MixturePrior(Prior, keras.layers.Layer):
    """p(z) = sum_c weight_c N(z; mean_c, diag exp(log_var_c)), all of it learned.

    Args:
        latent_dim: length of z.
        components: how many Gaussians, >= 1.

    Example:
        >>> MixturePrior(2, components=3).log_prob(tf.zeros([4, 2])).shape
        TensorShape([4])
    """

    def __init__(self, latent_dim: int, components: int = 10, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.latent_dim, self.components = latent_dim, components
        start = keras.initializers.RandomNormal(stddev=1.0)
        self.means = self.add_weight(name="means", shape=(components, latent_dim), initializer=start)
        self.log_vars = self.add_weight(name="log_vars", shape=(components, latent_dim), initializer="zeros")
        self.logits = self.add_weight(name="logits", shape=(components,), initializer="zeros")
        self.built = True

    def log_prob(self, z: Array) -> tf.Tensor:
        """log p(z) in nats: [rows, latent_dim] -> [rows] float32."""
        return mixture_log_prob(z, *self._tensors())

    def sample(self, count: int, seed: int | None = None, temperature: float = 1.0) -> tf.Tensor:
        """Draws of components and of z around their means, `temperature` times as far: [count, latent_dim] float32."""
        noise = tf.random.stateless_normal([count, 1 + self.latent_dim], seed_pair(seed))
        means, log_vars, logits = self._tensors()
        return mixture_draws(noise, means, log_vars, logits, temperature)

    def sample_rows(self, seed: Array, temperature: Array) -> tf.Tensor:
        """A draw for each seed, from its own alone: [batch] int64, [batch] -> [batch, latent_dim] float32."""
        noise, (means, log_vars, logits) = normal_rows(seed, 1 + self.latent_dim), self._tensors()
        return mixture_draws(noise, means, log_vars, logits, temperature[:, None])

    def _tensors(self):
        return [tf.convert_to_tensor(weight) for weight in (self.means, self.log_vars, self.logits)]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "latent_dim": self.latent_dim, "components": self.components}


def mixture_log_prob(z, means, log_vars, logits):
    """The log-density of a mixture of diagonal Gaussians, in nats.

    Args:
        z: [rows, latent_dim].
        means, log_vars: [components, latent_dim].
        logits: [components]: their softmax is the components' weights.

    Returns:
        [rows] float32.
    """
    return tf.reduce_logsumexp(tf.nn.log_softmax(logits) + normal_log_prob(z[:, None], means, log_vars), axis=1)


def mixture_draws(noise, means, log_vars, logits, temperature=1.0):
    """Noise from N(0, I), [rows, 1 + latent_dim], as draws [rows, latent_dim]: its first column chooses the component.

    Args:
        noise: of which each row becomes a draw.
        means, log_vars, logits: as for `mixture_log_prob`.
        temperature: how many times as far from their means the draws are; a number, or [rows, 1].
    """
    component = chosen_component(noise[:, 0], logits)
    return tf.gather(means, component) + temperature * tf.exp(0.5 * tf.gather(log_vars, component)) * noise[:, 1:]


def chosen_component(noise, logits):
    """The component that each draw from N(0, 1) chooses: [rows], [components] -> [rows] int32."""
    uniform = 0.5 * tf.math.erfc(-noise / math.sqrt(2.0))
    ends = tf.cumsum(tf.nn.softmax(logits))
    return tf.minimum(tf.searchsorted(ends, uniform), logits.shape[0] - 1)
