"""A transform the other way round."""

from typing import Any

import keras
import tensorflow as tf

from ..core.types import Array
from .transform import Transform


@keras.saving.register_keras_serializable("keraszoo")
class Inverted(Transform):
    """`transform` with its two directions swapped.

    Args:
        transform: a `Transform`.

    Example:
        >>> from keraszoo.bijectors import Autoregressive
        >>> Inverted(Autoregressive(2)).event_shape  # an inverse autoregressive flow
        (2,)
    """

    def __init__(self, transform: Any, **kwargs: Any) -> None:
        super().__init__(
            transform.latent_shape,
            latent_shape=transform.event_shape,
            context_dim=transform.context_dim,
            **{"dtype": transform.dtype_policy, **kwargs},
        )
        self.transform = transform
        self.instead = transform.instead

    @property
    def has_forward(self) -> bool:
        return self.transform.has_inverse

    @property
    def has_inverse(self) -> bool:
        return self.transform.has_forward

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self.transform.inverse_and_log_det(z, context, training)

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self.transform.forward_and_log_det(x, context, training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "transform": keras.saving.serialize_keras_object(self.transform)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{**config, "transform": keras.saving.deserialize_keras_object(config["transform"])})
