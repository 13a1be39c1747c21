"""The beta-TC-VAE: a VAE that presses on the total correlation of its code alone.

Chen, Li, Grosse and Duvenaud, "Isolating Sources of Disentanglement in Variational Autoencoders" (2018),
https://arxiv.org/abs/1802.04942.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ....core.checks import positive_integers
from ....core.errors import InputError
from ....core.replicas import global_rows
from ....core.types import Array, Targets
from ....losses import aggregate_log_densities
from ..vae import VAE


@keras.saving.register_keras_serializable("keraszoo")
class BetaTCVAE(VAE):
    """A `VAE` whose KL is taken apart, each part with a weight of its own:

        KL(q(z|x) || p(z)), averaged over the data
            = I(x; z)                            mutual information, weight alpha
            + KL(q(z) || prod_j q(z_j))          total correlation, weight beta
            + sum_j KL(q(z_j) || p(z_j))         dimension-wise KL, weight gamma

    with q(z) the mean of the posteriors of all training examples. Each part is estimated from one draw per example,
    q(z) and q(z_j) from the posteriors of the batch by minibatch-stratified sampling, over all replicas. The three add
    up to log q(z|x) - log p(z) of the draw; an estimate can be negative. alpha = beta = gamma = 1 is the VAE.

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        size: number of training examples, at least a batch.
        beta: weight of the total correlation, >= 0.
        alpha, gamma: weights of the mutual information and of the dimension-wise KL, >= 0.

    Example:
        >>> model = BetaTCVAE((8, 8, 1), latent_dim=4, size=1437, beta=6.0)
        >>> model.term_names
        ('reconstruction', 'mutual_information', 'total_correlation', 'dimension_wise_kl')
    """

    term_names: tuple[str, ...] = ("reconstruction", "mutual_information", "total_correlation", "dimension_wise_kl")
    beta: Any = None  # the weight of the total correlation, not of the KL
    batch_term_names: tuple[str, ...] = ("mutual_information", "total_correlation", "dimension_wise_kl")

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        size: int,
        beta: Any = 6.0,
        alpha: float = 1.0,
        gamma: float = 1.0,
        **kwargs: Any,
    ) -> None:
        for name, weight in {"beta": beta, "alpha": alpha, "gamma": gamma}.items():
            if not weight >= 0:
                raise InputError(f"{name} weighs a part of the KL and must be >= 0. Received: {name}={weight!r}.")
        super().__init__(image_shape, latent_dim, **kwargs)
        self.size = positive_integers("size", [size])[0]
        self.beta, self.alpha, self.gamma = float(beta), float(alpha), float(gamma)

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        q = self.posterior(x, training)
        mean, log_var = q.loc, q.log_var
        z, own = q.draw(self.noise)
        output = self.decoder(z, training=training)
        (means, first), (log_vars, _) = global_rows(mean), global_rows(log_var)
        log_q, log_q_units = aggregate_log_densities(z, means, log_vars, self.size, first=first)
        log_product = tf.reduce_sum(log_q_units, axis=1)
        prior = self.prior.log_prob(z)
        return {
            "reconstruction": self.likelihood.negative_log_likelihood(x, output),
            "mutual_information": self.alpha * (own - log_q),
            "total_correlation": self.beta * (log_q - log_product),
            "dimension_wise_kl": self.gamma * (log_product - prior),
        }
