"""DIP-VAE I and II: the covariance of the codes is pressed towards the identity.

Kumar, Sattigeri and Balakrishnan, "Variational Inference of Disentangled Latent Concepts from Unlabeled Observations"
(2018), https://arxiv.org/abs/1711.00848.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ....core.errors import InputError, closest
from ....core.types import Array, Targets
from ....losses import code_covariance, identity_penalty
from ..vae import VAE

VARIANTS = ("I", "II")


@keras.saving.register_keras_serializable("keraszoo")
class DIPVAE(VAE):
    """A `VAE` with off_diagonal sum_{i != j} C_ij^2 + diagonal sum_i (C_ii - 1)^2 added to its loss.

    C is a covariance over the whole batch, of all replicas: of the posteriors' means, Cov(E[z|x]), in DIP-VAE-I, and of
    the codes, Cov(E[z|x]) + E[Var(z|x)], in DIP-VAE-II.

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        variant: "I" or "II".
        off_diagonal: weight of the covariances, >= 0.
        diagonal: weight of the variances' distance from 1, >= 0; None: the paper's, 10 times `off_diagonal` in I and
            `off_diagonal` in II.

    Example:
        >>> model = DIPVAE((8, 8, 1), latent_dim=4, variant="II", off_diagonal=5.0)
        >>> model.term_names, model.diagonal
        (('reconstruction', 'kl', 'covariance'), 5.0)
    """

    term_names: tuple[str, ...] = ("reconstruction", "kl", "covariance")
    batch_term_names: tuple[str, ...] = ("covariance",)

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        variant: str = "I",
        off_diagonal: float = 10.0,
        diagonal: float | None = None,
        **kwargs: Any,
    ) -> None:
        if variant not in VARIANTS:
            raise InputError(f"Unknown variant. Received: variant={variant!r}. {closest(str(variant), VARIANTS)}")
        for name, weight in {"off_diagonal": off_diagonal, "diagonal": diagonal}.items():
            if weight is not None and not weight >= 0:
                raise InputError(f"{name} weighs the penalty and must be >= 0. Received: {name}={weight!r}.")
        super().__init__(image_shape, latent_dim, **kwargs)
        self.variant, self.off_diagonal = variant, float(off_diagonal)
        ratio = 10.0 if variant == "I" else 1.0
        self.diagonal = ratio * self.off_diagonal if diagonal is None else float(diagonal)

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        q = self.posterior(x, training)
        mean, log_var = q.loc, q.log_var
        z, log_q = q.draw(self.noise)
        output = self.decoder(z, training=training)
        covariance = code_covariance(mean, log_var if self.variant == "II" else None)
        penalty = identity_penalty(covariance, self.off_diagonal, self.diagonal)
        return {
            "reconstruction": self.likelihood.negative_log_likelihood(x, output),
            "kl": self.kl_weight * self.kl(q, z, log_q),
            "covariance": tf.fill(tf.shape(mean)[:1], penalty),
            **self.scheduled(x),
        }
