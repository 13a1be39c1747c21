"""The importance-weighted autoencoder, and its kin with other bounds.

Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders" (2016), https://arxiv.org/abs/1509.00519; Rainforth
et al., "Tighter Variational Bounds are Not Necessarily Better" (2018), https://arxiv.org/abs/1802.04537.
"""

from collections.abc import Sequence
from typing import Any

import keras

from .importance_weighted import ImportanceWeighted
from .vae import VAE


@keras.saving.register_keras_serializable("keraszoo")
class IWAE(VAE):
    """A `VAE` with the objective `ImportanceWeighted`: -log 1/k sum_i w_i, w_i = p(x, z_i) / q(z_i|x), in nats.

    k = 1 is the VAE, its KL term estimated; with k the bound rises towards log p(x).

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        k: draws per example and step, >= 1; of "miwae" and "piwae" per group.
        gradient: "reparameterised", or "dreg", as for `ImportanceWeighted`.
        bound: "iwae"; or "miwae", "ciwae" or "piwae", as for `ImportanceWeighted`.
        m: groups of draws of "miwae" and "piwae", >= 1.
        elbo_weight: weight of the ELBO in "ciwae", from 0 to 1.
        beta: weight of log p(z_i) - log q(z_i|x) in log w_i, 1 in the paper, or a schedule: a warm-up to 1 keeps more
            units active. With another beta the term is no bound of log p(x).

    Example:
        >>> import tensorflow as tf
        >>> iwae = IWAE((8, 8, 1), latent_dim=2, hidden=(32,), k=5)
        >>> iwae.loss_terms(tf.zeros([3, 8, 8, 1]))["negative_bound"].shape
        TensorShape([3])
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        k: int = 50,
        gradient: str = "reparameterised",
        bound: str = "iwae",
        m: int | None = None,
        elbo_weight: float | None = None,
        **kwargs: Any,
    ) -> None:
        objective = ImportanceWeighted(k, gradient, bound, m, elbo_weight)
        super().__init__(image_shape, latent_dim, objective=objective, **kwargs)
