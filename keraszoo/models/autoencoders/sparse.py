"""The sparse autoencoder: few units speak at a time.

Olshausen and Field, "Emergence of simple-cell receptive field properties by learning a sparse code for natural
images", Nature 381 (1996). Ng, "Sparse autoencoder", CS294A lecture notes (2011).
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.errors import InputError, closest
from ...core.model import takes
from ...core.types import Array, Targets
from ...losses import kl_sparsity, l1
from .autoencoder import Autoencoder

PENALTIES = ("kl", "l1")


@keras.saving.register_keras_serializable("keraszoo")
class SparseAutoencoder(Autoencoder):
    """An `Autoencoder` whose code is mostly silent; it may have more units than the input.

    - `penalty="kl"`: sigmoid units, and weight * sum_j KL(target || mean activation of unit j). The mean is that of the
      whole batch, over all replicas.
    - `penalty="l1"`: rectified units, and weight * sum_j |h_j| per example.

    Args:
        image_shape, latent_dim, ...: as for `Autoencoder`.
        penalty: "kl" or "l1".
        weight: of the penalty, >= 0.
        target: share of the examples in which a unit is to be active, 0 < target < 1; for "kl".

    Example:
        >>> model = SparseAutoencoder((8, 8, 1), latent_dim=100, target=0.05)
        >>> model.term_names
        ('reconstruction', 'sparsity')
    """

    term_names: tuple[str, ...] = ("reconstruction", "sparsity")
    metric_names: tuple[str, ...] = ("activation",)

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        chosen = super().sizes_for(shape)
        return {**chosen, "latent_dim": 4 * chosen["latent_dim"]}  # few of many units are active

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 256,
        *,
        penalty: str = "kl",
        weight: float = 1.0,
        target: float = 0.05,
        **kwargs: Any,
    ) -> None:
        if penalty not in PENALTIES:
            raise InputError(f"Unknown penalty. Received: penalty={penalty!r}. {closest(str(penalty), PENALTIES)}")
        if not weight >= 0:
            raise InputError(f"weight weighs the penalty and must be >= 0. Received: weight={weight!r}.")
        if not 0 < target < 1:
            raise InputError(f"target is a share of the examples: 0 < target < 1. Received: target={target!r}.")
        self.penalty, self.weight, self.target = penalty, float(weight), float(target)
        super().__init__(image_shape, latent_dim, **kwargs)

    @property
    def batch_term_names(self) -> tuple[str, ...]:
        return ("sparsity",) if self.penalty == "kl" else ()

    @takes("inputs")
    def encode(self, x: Array, training: bool = False) -> tf.Tensor:
        """The code of each example: [batch, *image_shape] -> [batch, latent_dim] float32, in (0, 1) or >= 0."""
        code = super().encode(x, training=training)
        return tf.sigmoid(code) if self.penalty == "kl" else tf.nn.relu(code)

    def codes_of_vectors(self, vectors: Array) -> tf.Tensor:
        return tf.clip_by_value(vectors, 0.0, 1.0) if self.penalty == "kl" else tf.nn.relu(vectors)

    def penalties(self, x: Array, y: Targets | None, code: Array, training: bool) -> dict[str, tf.Tensor]:
        if self.penalty == "kl":
            sparsity = tf.fill(tf.shape(code)[:1], kl_sparsity(self.batch_mean(code), self.target))
        else:
            sparsity = l1(code)
        return {"sparsity": self.weight * sparsity, "activation": tf.reduce_mean(code, axis=-1)}
