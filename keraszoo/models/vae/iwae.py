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
from .vae import VAE

GRADIENTS = ("reparameterised", "dreg")


@keras.saving.register_keras_serializable("keraszoo")
class IWAE(VAE):
    """A `VAE` that minimises -log 1/k sum_i w_i, w_i = p(x, z_i) / q(z_i|x) for k draws z_i from q(z|x), in nats.

    k = 1 is the VAE, its KL term estimated; with k the bound rises towards log p(x).

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        k: draws per example and step, >= 1.
        gradient: "reparameterised", or "dreg": the doubly reparameterised gradient. Both have the same expected value,
            but with k the encoder's drowns in noise by the first, and gets clearer by the second. It costs another
            pass backward through the decoder.

    Example:
        >>> iwae = IWAE((8, 8, 1), latent_dim=2, hidden=(32,), k=5)
        >>> iwae.loss_terms(tf.zeros([3, 8, 8, 1]))["negative_bound"].shape
        TensorShape([3])
    """

    term_names = ("negative_bound",)

    def __init__(self, image_shape, latent_dim=16, *, k=50, gradient="reparameterised", **kwargs):
        if gradient not in GRADIENTS:
            raise InputError(f"Unknown gradient. Received: {gradient!r}. {closest(str(gradient), GRADIENTS)}")
        super().__init__(image_shape, latent_dim, **kwargs)
        self.k, self.gradient = positive_integers("k", [k])[0], gradient

    def loss_terms(self, x, y=None, training=False):
        noise = keras.random.normal([tf.shape(x)[0], self.k, self.latent_dim], seed=self.noise)
        if training and self.gradient == "dreg":
            return {"negative_bound": -self._doubly_reparameterised(x, noise)}
        return {"negative_bound": -log_mean(self.log_weights(x, noise, training))}

    def _doubly_reparameterised(self, x, noise):
        """The bound, [batch], with the gradient of Tucker et al. (2019), equation 8.

        With v_i = w_i / sum_j w_j it is sum_i v_i dlog w_i for the decoder, with z_i held, and
        sum_i v_i^2 dlog w_i/dz_i dz_i for the encoder, whose density in w_i is held.
        """
        mean, log_var = (moment[:, None] for moment in self.encode(x, training=True))
        moving = mean + tf.exp(0.5 * log_var) * noise
        z, mean, log_var = (tf.stop_gradient(values) for values in (moving, mean, log_var))
        with tf.GradientTape() as tape:
            tape.watch(z)
            log_w = self.log_joint(x, z, training=True) - normal_log_prob(z, mean, log_var)
        v = tf.stop_gradient(tf.nn.softmax(log_w, axis=1))
        slope = tf.stop_gradient(tape.gradient(log_w, z))
        decoder = tf.reduce_sum(v * log_w, axis=1)
        encoder = tf.reduce_sum(tf.square(v)[..., None] * slope * moving, axis=(1, 2))
        moves = decoder + encoder
        return tf.stop_gradient(log_mean(log_w) - moves) + moves

    def get_config(self):
        return {**super().get_config(), "k": self.k, "gradient": self.gradient}


def log_mean(log_weights):
    """log 1/k sum_i exp(log_weights_i): [batch, k] -> [batch]."""
    k = tf.cast(tf.shape(log_weights)[1], tf.float32)
    return tf.reduce_logsumexp(log_weights, axis=1) - tf.math.log(k)
