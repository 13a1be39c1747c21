"""The importance-weighted autoencoder.

Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders" (2016), https://arxiv.org/abs/1509.00519.
"""

import keras

from .objectives import ImportanceWeighted
from .vae import VAE


@keras.saving.register_keras_serializable("keraszoo")
class IWAE(VAE):
    """A `VAE` with the objective `ImportanceWeighted`: -log 1/k sum_i w_i, w_i = p(x, z_i) / q(z_i|x), in nats.

    k = 1 is the VAE, its KL term estimated; with k the bound rises towards log p(x).

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        k: draws per example and step, >= 1.
        gradient: "reparameterised", or "dreg", as for `ImportanceWeighted`.
        beta: weight of log p(z_i) - log q(z_i|x) in log w_i, 1 in the paper, or a schedule: a warm-up to 1 keeps more
            units active. With another beta the term is no bound of log p(x).

    Example:
        >>> import tensorflow as tf
        >>> iwae = IWAE((8, 8, 1), latent_dim=2, hidden=(32,), k=5)
        >>> iwae.loss_terms(tf.zeros([3, 8, 8, 1]))["negative_bound"].shape
        TensorShape([3])
    """

    def __init__(self, image_shape, latent_dim=16, *, k=50, gradient="reparameterised", **kwargs):
        super().__init__(image_shape, latent_dim, objective=ImportanceWeighted(k, gradient), **kwargs)
