"""A transform the other way round."""

import keras

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

    def __init__(self, transform, **kwargs):
        super().__init__(
            transform.latent_shape,
            latent_shape=transform.event_shape,
            context_dim=transform.context_dim,
            **{"dtype": transform.dtype_policy, **kwargs},
        )
        self.transform = transform
        self.instead = transform.instead

    @property
    def has_forward(self):
        return self.transform.has_inverse

    @property
    def has_inverse(self):
        return self.transform.has_forward

    def forward_and_log_det(self, z, context=None, training=False):
        return self.transform.inverse_and_log_det(z, context, training)

    def inverse_and_log_det(self, x, context=None, training=False):
        return self.transform.forward_and_log_det(x, context, training)

    def get_config(self):
        return {**super().get_config(), "transform": keras.saving.serialize_keras_object(self.transform)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "transform": keras.saving.deserialize_keras_object(config["transform"])})
