"""The contractive autoencoder: a code that small changes of the input do not move.

Rifai et al., "Contractive Auto-Encoders: Explicit Invariance During Feature Extraction", ICML 2011.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError
from ...core.model import takes
from ...core.types import Array, Targets
from ...losses import squared_jacobian_norm
from .autoencoder import Autoencoder


@keras.saving.register_keras_serializable("keraszoo")
class ContractiveAutoencoder(Autoencoder):
    """An `Autoencoder` with sigmoid units as its code and weight * ||d code / d x||^2 as a second term.

    The norm is that of the whole Jacobian of an encoder of any depth.

    Args:
        image_shape, latent_dim, ...: as for `Autoencoder`. An encoder of your own must treat each row of a batch alone
            (no batch normalisation).
        weight: of the penalty, >= 0.
        probes: None for the exact norm, which costs a backward pass per latent unit, or the number of random
            directions of Hutchinson's estimate, which cost one each.

    Example:
        >>> ContractiveAutoencoder((8, 8, 1), latent_dim=4, probes=1).term_names
        ('reconstruction', 'contraction')
    """

    term_names: tuple[str, ...] = ("reconstruction", "contraction")

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        weight: float = 0.1,
        probes: int | None = None,
        **kwargs: Any,
    ) -> None:
        if not weight >= 0:
            raise InputError(f"weight weighs the penalty and must be >= 0. Received: weight={weight!r}.")
        self.weight = float(weight)
        self.probes = None if probes is None else positive_integers("probes", [probes])[0]
        super().__init__(image_shape, latent_dim, **kwargs)
        self.noise = keras.random.SeedGenerator()

    @takes("inputs")
    def encode(self, x: Array, training: bool = False) -> tf.Tensor:
        """The code of each example: [batch, *image_shape] -> [batch, latent_dim] float32, in (0, 1)."""
        return tf.sigmoid(super().encode(x, training=training))

    def penalties(self, x: Array, y: Targets | None, code: Array, training: bool) -> dict[str, tf.Tensor]:
        def encode(seen):
            return tf.sigmoid(tf.cast(self.encoder(seen, training=training), tf.float32))

        norm = squared_jacobian_norm(encode, self.network_input(x), self.probes, seed=self.noise)
        return {"contraction": self.weight * norm}
