"""The InfoVAE: the codes as a whole follow the prior, while each may tell as much of its example as it likes.

Zhao, Song and Ermon, "InfoVAE: Balancing Learning and Inference in Variational Autoencoders" (2019),
https://arxiv.org/abs/1706.02262.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ....core.errors import InputError, closest
from ....core.replicas import global_rows
from ....core.types import Array, Targets
from ....losses import maximum_mean_discrepancy, normal_kl
from ....losses.discrepancy import KERNELS
from ..vae import VAE


@keras.saving.register_keras_serializable("keraszoo")
class InfoVAE(VAE):
    """Minimises -log p(x|z) + (1 - alpha) KL(q(z|x) || p(z)) + (alpha + lambda - 1) MMD(q(z), p(z)).

    The squared maximum mean discrepancy is that of the codes of the whole batch, of all replicas, and as many draws
    from N(0, I). alpha = 1 is the MMD-VAE, without the KL; alpha = 0 and lambda = 1 is the VAE.

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        alpha: preference for mutual information of example and code, at most 1.
        weight: lambda, of the discrepancy, >= 1 - alpha; the discrepancy is below 2, reconstruction a sum over pixels.
        kernel: "gaussian" or "inverse_multiquadratic".

    Example:
        >>> model = InfoVAE((8, 8, 1), latent_dim=4, alpha=0.5, weight=100.0)
        >>> model.kl_weight, model.discrepancy_weight
        (0.5, 99.5)
    """

    term_names: tuple[str, ...] = ("reconstruction", "kl", "discrepancy")
    batch_term_names: tuple[str, ...] = ("discrepancy",)

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        alpha: float = 0.5,
        weight: float = 1000.0,
        kernel: str = "gaussian",
        **kwargs: Any,
    ) -> None:
        if not alpha <= 1:
            raise InputError(f"The KL is weighed by 1 - alpha, so alpha must be <= 1. Received: alpha={alpha!r}.")
        if not weight >= 1 - alpha:
            raise InputError(
                f"The discrepancy is weighed by alpha + weight - 1, which must be >= 0. Received: alpha={alpha!r} and "
                f"weight={weight!r}."
            )
        if kernel not in KERNELS:
            raise InputError(f"Unknown kernel. Received: {kernel!r}. {closest(str(kernel), KERNELS)}")
        super().__init__(image_shape, latent_dim, **kwargs)
        self.need_normal_prior()
        self.alpha, self.weight, self.kernel = float(alpha), float(weight), kernel
        self.discrepancy_weight = self.alpha + self.weight - 1.0

    @property
    def kl_weight(self) -> Any:
        return (1.0 - self.alpha) * super().kl_weight

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        q = self.posterior(x, training)
        mean, log_var = q.loc, q.log_var
        z, _ = q.draw(self.noise)
        output = self.decoder(z, training=training)
        draws = keras.random.normal(tf.shape(z), dtype="float32", seed=self.noise)
        (codes, _), (draws, _) = global_rows(z), global_rows(draws)
        discrepancy = self.discrepancy_weight * maximum_mean_discrepancy(codes, draws, self.kernel)
        return {
            "reconstruction": self.likelihood.negative_log_likelihood(x, output),
            "kl": self.kl_weight * normal_kl(mean, log_var),
            "discrepancy": tf.fill(tf.shape(z)[:1], discrepancy),
            **self.scheduled(x),
        }
