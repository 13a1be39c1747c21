"""TFP's own bijectors in a chain, and its distributions as the base of a flow."""

import importlib
import numbers
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability.python import bijectors as tfb
from tensorflow_probability.python import distributions as tfd

from ..core.errors import InputError
from ..core.types import Array
from .transform import Transform


def description(thing):
    """A `tfb.Bijector` or `tfd.Distribution` as plain values, from which `restored` makes an equal one.

    Raises:
        InputError: it has variables, which Keras would not see, or is made of something else than numbers, tensors and
            other such objects.
    """
    if thing.variables:
        raise InputError(
            f"Keras does not see the variables of {type(thing).__name__}, so they would never be trained or saved. "
            f"Received: {len(thing.variables)} of them. Nearest: fixed values, or a Transform that holds the weights."
        )
    return _described(thing, type(thing).__name__)


def _described(value, owner):
    if isinstance(value, (tfb.Bijector, tfd.Distribution)):
        kind = "bijectors" if isinstance(value, tfb.Bijector) else "distributions"
        name = type(value).__name__.removeprefix("_")
        if not hasattr(tfb if kind == "bijectors" else tfd, name):
            raise InputError(f"Only TFP's own classes can be saved with a model. Received: {name}.")
        parameters = {
            key: _described(part, f"{owner}.{key}")
            for key, part in value.parameters.items()
            if part is not None and key not in ("name", "self", "__class__")
        }
        return {"tfp": f"{kind}.{name}", "parameters": parameters}
    if value is None or isinstance(value, (bool, str, numbers.Number)):
        return value if not isinstance(value, np.generic) else value.item()
    if isinstance(value, (tf.Tensor, np.ndarray)):
        array = np.asarray(value)
        return {"values": array.tolist(), "dtype": array.dtype.name}
    if isinstance(value, tf.DType):
        return {"type": value.name}
    if isinstance(value, tf.TensorShape):
        return value.as_list()
    if isinstance(value, (list, tuple)):
        return [_described(part, owner) for part in value]
    raise InputError(f"{owner} cannot be saved with a model. Received: {type(value).__name__}.")


def restored(value):
    """What `description` described, new."""
    if isinstance(value, dict) and "tfp" in value:
        module, name = value["tfp"].split(".")
        module = importlib.import_module(f"tensorflow_probability.python.{module}")
        return getattr(module, name)(**{key: restored(part) for key, part in value["parameters"].items()})
    if isinstance(value, dict) and "values" in value:
        return tf.constant(value["values"], value["dtype"])
    if isinstance(value, dict) and "type" in value:
        return tf.as_dtype(value["type"])
    return [restored(part) for part in value] if isinstance(value, (list, tuple)) else value


@keras.saving.register_keras_serializable("keraszoo")
class ReadyMade(Transform):
    """Any ready-made TFP bijector without variables, from z to x.

    Args:
        bijector: a `tfb.Bijector`, such as `tfb.Softplus()`.
        event_shape: shape of one example x.

    Raises:
        InputError: the bijector has variables, or its shapes do not fit.

    Example:
        >>> from tensorflow_probability.python import bijectors as tfb
        >>> exponential = ReadyMade(tfb.Exp(), (2,))
        >>> exponential.inverse_and_log_det(tf.ones([1, 2]))[0].numpy()
        array([[0., 0.]], dtype=float32)
    """

    def __init__(self, bijector: Any, event_shape: Sequence[int], **kwargs: Any) -> None:
        self._description = bijector if isinstance(bijector, dict) else description(bijector)
        bijector = restored(self._description)
        try:
            latent = bijector.inverse_event_shape(tf.TensorShape(event_shape))
        except (ValueError, IndexError) as error:
            reason = str(error).strip().splitlines()[0]
            raise InputError(f"{type(bijector).__name__} does not give {tuple(event_shape)}: {reason}") from error
        super().__init__(event_shape, latent_shape=tuple(latent), **kwargs)

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        bijector = restored(self._description)
        return bijector.forward(z), self._per_row(z, bijector.forward_log_det_jacobian(z, len(self.latent_shape)))

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        bijector = restored(self._description)
        return bijector.inverse(x), self._per_row(x, bijector.inverse_log_det_jacobian(x, len(self.event_shape)))

    @staticmethod
    def _per_row(values, log_det):
        return tf.broadcast_to(log_det, tf.shape(values)[:1])  # constant ones are scalars

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bijector": self._description, "event_shape": self.event_shape}
