"""A mixture of Gaussians with full covariances, measured on codes."""

import math

import keras
import tensorflow as tf

from ..core.seeds import normal_rows, seed_pair
from .mixture import chosen_component
from .prior import Prior


@keras.saving.register_keras_serializable("keraszoo")
class FullMixture(Prior, keras.layers.Layer):
    """p(z) = sum_c weight_c N(z; mean_c, covariance_c), whose parameters are measured, not learned.

    Args:
        size: length of z.
        components: how many Gaussians, >= 1.

    Attributes:
        means: [components, size].
        scale_trils: [components, size, size], the lower Cholesky factors of the covariances.
        logits: [components]: their softmax is the components' weights.

    Example:
        >>> FullMixture(2, components=3).log_prob(tf.zeros([4, 2])).shape
        TensorShape([4])
    """

    def __init__(self, size, components, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.size, self.components = size, components
        options = {"initializer": "zeros", "trainable": False, "autocast": False}
        self.means = self.add_weight(name="means", shape=(components, size), **options)
        self.scale_trils = self.add_weight(name="scale_trils", shape=(components, size, size), **options)
        self.logits = self.add_weight(name="logits", shape=(components,), **options)
        self.scale_trils.assign(tf.eye(size, batch_shape=[components]))
        self.built = True

    def log_prob(self, z):
        """In nats: [rows, size] -> [rows] float32."""
        means, scales, logits = self._tensors()
        centred = tf.transpose(tf.cast(z, tf.float32)[None] - means[:, None], [0, 2, 1])
        white = tf.linalg.triangular_solve(scales, centred)
        log_dets = tf.reduce_sum(tf.math.log(tf.linalg.diag_part(scales)), axis=1) + 0.5 * self.size * math.log(
            2 * math.pi
        )
        of_each = tf.nn.log_softmax(logits)[:, None] - 0.5 * tf.reduce_sum(tf.square(white), axis=1) - log_dets[:, None]
        return tf.reduce_logsumexp(of_each, axis=0)

    def sample(self, count, seed=None, temperature=1.0):
        """Draws of components and of z around their means, `temperature` times as far: [count, size] float32."""
        return self._draws(tf.random.stateless_normal([count, 1 + self.size], seed_pair(seed)), temperature)

    def sample_rows(self, seed, temperature):
        """A draw for each seed, from its own alone: [batch] int64, [batch] -> [batch, size] float32."""
        return self._draws(normal_rows(seed, 1 + self.size), temperature[:, None])

    def _draws(self, noise, temperature):
        means, scales, logits = self._tensors()
        component = chosen_component(noise[:, 0], logits)
        around = tf.linalg.matvec(tf.gather(scales, component), noise[:, 1:])
        return tf.gather(means, component) + temperature * around

    def _tensors(self):
        return [tf.convert_to_tensor(weight) for weight in (self.means, self.scale_trils, self.logits)]

    def get_config(self):
        config = super().get_config()
        del config["dtype"]
        return {**config, "size": self.size, "components": self.components}
