"""The Wasserstein autoencoder: the codes as a whole follow the prior, each example has one code.

Tolstikhin, Bousquet, Gelly and Schoelkopf, "Wasserstein Auto-Encoders" (2018), https://arxiv.org/abs/1711.01558.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.errors import InputError, closest
from ...core.replicas import global_rows
from ...core.types import Array, Targets
from ...distributions.normal import StandardNormal
from ...losses import maximum_mean_discrepancy
from ...losses.discrepancy import KERNELS
from ..prior_sampling import PriorSampling
from .autoencoder import Autoencoder


@keras.saving.register_keras_serializable("keraszoo")
class WassersteinAutoencoder(PriorSampling, Autoencoder):
    """WAE-MMD: minimises -log p(x|z) + weight MMD(q(z), N(0, I)), z = encoder(x), one code for each example.

    The squared maximum mean discrepancy is that of the codes of the whole batch, of all replicas, and as many draws
    from N(0, I). With a Gaussian likelihood reconstruction is half the squared error. WAE-GAN, which has a
    discriminator in the place of the discrepancy, is `AdversarialAutoencoder`.

    Args:
        image_shape, latent_dim, ...: as for `Autoencoder`.
        weight: of the discrepancy, > 0; it is below 2, reconstruction a sum over pixels.
        kernel: "inverse_multiquadratic", as in the paper, or "gaussian".

    Example:
        >>> model = WassersteinAutoencoder((8, 8, 1), latent_dim=2, hidden=(32,))
        >>> model.sample(4, seed=0).shape, model.term_names
        (TensorShape([4, 8, 8, 1]), ('reconstruction', 'discrepancy'))
    """

    term_names: tuple[str, ...] = ("reconstruction", "discrepancy")
    batch_term_names: tuple[str, ...] = ("discrepancy",)

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        weight: float = 100.0,
        kernel: str = "inverse_multiquadratic",
        **kwargs: Any,
    ) -> None:
        if not weight > 0:
            raise InputError(f"weight weighs the discrepancy and must be > 0. Received: weight={weight!r}.")
        if kernel not in KERNELS:
            raise InputError(f"Unknown kernel. Received: {kernel!r}. {closest(str(kernel), KERNELS)}")
        self.weight, self.kernel = float(weight), kernel
        super().__init__(image_shape, latent_dim, **kwargs)
        self.prior, self.noise = StandardNormal(self.latent_dim), keras.random.SeedGenerator()

    def penalties(self, x: Array, y: Targets | None, code: Array, training: bool) -> dict[str, tf.Tensor]:
        draws = keras.random.normal(tf.shape(code), dtype="float32", seed=self.noise)
        (codes, _), (draws, _) = global_rows(code), global_rows(draws)
        discrepancy = self.weight * maximum_mean_discrepancy(codes, draws, self.kernel)
        return {"discrepancy": tf.fill(tf.shape(code)[:1], discrepancy)}
