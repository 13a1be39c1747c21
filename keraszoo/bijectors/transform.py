"""Transform: one step of a normalizing flow, as a Keras layer that owns weights and gives a TFP bijector."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ..core.checks import positive_integers
from ..core.errors import InputError
from ..core.types import Array
from .fused import FusedBijector


class Transform(keras.layers.Layer):
    """Base class: an invertible map between a latent z and data x, which may depend on a context.

    Keras does not see the variables of a `tfb.Bijector`, and a bijector that outlives a call keeps tensors of a graph
    that is gone. So a flow is made of these layers, which hold the weights, and `bijector()` makes the bijector anew.

    A subclass creates its weights in its constructor and writes both directions, each with its log-determinant in one
    go, or the one that it has. All arithmetic but that of networks is in float32 (float64 under that policy).

    Args:
        event_shape: shape of one example x.
        latent_shape: shape of one z; None: the same.
        context_dim: length of the context that it depends on; 0 for none.

    Attributes:
        instead: what to take where a direction is missing, for the error message.
        angles: the places of the features that it takes for angles in [-pi, pi) and maps to such.
        keeps_values: whether it only moves values about.
    """

    instead = "Coupling or Autoregressive"
    angles = frozenset()
    keeps_values = False

    def __init__(
        self,
        event_shape: Sequence[int],
        *,
        latent_shape: Sequence[int] | None = None,
        context_dim: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        self.event_shape = positive_integers("event_shape", event_shape)
        self.latent_shape = (
            self.event_shape if latent_shape is None else positive_integers("latent_shape", latent_shape)
        )
        self.context_dim = 0 if not context_dim else positive_integers("context_dim", [context_dim])[0]
        self.precision = "float64" if self.dtype_policy.compute_dtype == "float64" else "float32"
        self.built = True

    @property
    def has_forward(self) -> bool:
        return type(self).forward_and_log_det is not Transform.forward_and_log_det

    @property
    def has_inverse(self) -> bool:
        return type(self).inverse_and_log_det is not Transform.inverse_and_log_det

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """From latent to data, as in sampling.

        Args:
            z: [batch, *latent_shape].
            context: [batch, context_dim], or None.
            training: whether moments are those of the batch.

        Returns:
            x [batch, *event_shape] and log |det dx/dz| [batch].

        Raises:
            InputError: this transform lacks the direction.
        """
        raise InputError(self._lacks("forward direction, from z to x (sampling)"))

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """From data to latent, as in densities: x, ... -> z [batch, *latent_shape] and log |det dz/dx| [batch]."""
        raise InputError(self._lacks("inverse direction, from x to z (densities)"))

    def _lacks(self, direction):
        return f"{type(self).__name__} has no {direction}. Nearest: {self.instead}, which has both."

    def keeps_angles(self, angles: set[int]) -> bool:
        """Whether these features, angles in [-pi, pi), are mapped to such angles in the same places."""
        return angles == self.angles or self.keeps_values and len(angles) == math.prod(self.event_shape)

    def adapt(self, x: Array, context: Array | None = None) -> None:
        """Sets what is measured on data, not learned, from examples that reach this transform. Nothing here.

        Args:
            x: [rows, *event_shape].
            context: [rows, context_dim], or None.
        """

    def bijector(self, context: Array | None = None, training: bool = False) -> FusedBijector:
        """This transform as a new `tfb.Bijector` from z to x, for one call: it goes wherever TFP takes a bijector.

        Args:
            context: [batch, context_dim], or None.
            training: whether moments are those of the batch.
        """
        return FusedBijector(self, context, training)

    def call(self, x: Array, context: Array | None = None, training: bool = False) -> tf.Tensor:
        """The data side's view: x -> z."""
        return self.inverse_and_log_det(x, context, training)[0]

    def add_parameter(
        self, name: str, shape: Sequence[int], initializer: str | Callable = "zeros", trainable: bool = True
    ) -> Any:
        """A weight that no half precision touches."""
        return self.add_weight(name=name, shape=shape, initializer=initializer, trainable=trainable, autocast=False)
