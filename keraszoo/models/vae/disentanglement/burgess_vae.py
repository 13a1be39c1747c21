"""The beta-VAE with a capacity: the code may carry so many nats, and is held to them.

Burgess et al., "Understanding disentangling in beta-VAE" (2018), https://arxiv.org/abs/1804.03599.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ....core.errors import InputError
from ....core.schedules import Schedule
from ....core.types import Array, Targets
from ..vae import VAE


@keras.saving.register_keras_serializable("keraszoo")
class BurgessVAE(VAE):
    """A `VAE` with gamma * |mean KL - C| in the place of the KL; the mean is that of the batch, over all replicas.

    Some examples need more than C nats and others less; only their mean is held. The KL itself is the metric `kl`.

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        capacity: C, in nats, >= 0; or how it grows with the training step, as `Schedule` takes it. The metric
            `capacity` then shows it.
        gamma: weight of the deviation, >= 0; the paper's is 1000 at 64x64.

    Example:
        >>> model = BurgessVAE((8, 8, 1), latent_dim=4, capacity=5.0, gamma=30.0)
        >>> model.term_names, model.metric_names
        (('reconstruction', 'deviation'), ('kl',))
    """

    term_names: tuple[str, ...] = ("reconstruction", "deviation")
    batch_term_names: tuple[str, ...] = ("deviation",)

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        capacity: Any = 25.0,
        gamma: float = 1000.0,
        **kwargs: Any,
    ) -> None:
        if not gamma >= 0:
            raise InputError(f"gamma weighs the deviation and must be >= 0. Received: gamma={gamma!r}.")
        super().__init__(image_shape, latent_dim, **kwargs)
        self.capacity_schedule, self.gamma = Schedule("capacity", capacity), float(gamma)

    @property
    def capacity(self) -> Any:
        """C in the next training step, in nats."""
        return self.capacity_schedule(self.iterations)

    @property
    def metric_names(self) -> tuple[str, ...]:
        return ("kl", "capacity") if self.capacity_schedule.varies else ("kl",)

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        terms = super().loss_terms(x, y, training=training)
        deviation = self.gamma * tf.abs(self.batch_mean(terms["kl"]) - self.capacity)
        shown = {"kl": terms["kl"], "capacity": tf.fill(tf.shape(terms["kl"]), self.capacity)}
        return {
            "reconstruction": terms["reconstruction"],
            "deviation": tf.fill(tf.shape(terms["kl"]), deviation),
            **{name: shown[name] for name in self.metric_names},
        }
