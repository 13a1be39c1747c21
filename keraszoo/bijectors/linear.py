"""Linear maps with cheap inverses and determinants: permutations, triangular factors, reflections.

Oliva et al., "Transformation Autoregressive Networks" (2018), https://arxiv.org/abs/1801.09819;
Tomczak and Welling, "Improving Variational Auto-Encoders using Householder Flow" (2016),
https://arxiv.org/abs/1611.09630.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..core.checks import positive_integers
from ..core.errors import InputError
from ..core.types import Array
from .transform import Transform


@keras.saving.register_keras_serializable("keraszoo")
class Permutation(Transform):
    """The features in another order.

    Args:
        features: number of features.
        order: "reverse", "random", or a permutation: z's feature i is x's feature order[i].
        seed: of "random".

    Example:
        >>> Permutation(3)(tf.constant([[1.0, 2.0, 3.0]])).numpy()
        array([[3., 2., 1.]], dtype=float32)
    """

    keeps_values = True

    def __init__(
        self, features: int, order: str | Sequence[int] | np.ndarray = "reverse", seed: int = 0, **kwargs: Any
    ) -> None:
        super().__init__([features], **kwargs)
        self.features, self.seed = self.event_shape[0], seed
        named = {
            "reverse": lambda: np.arange(self.features)[::-1],
            "random": lambda: np.random.RandomState(seed).permutation(self.features),
        }
        if isinstance(order, str):
            if order not in named:
                raise InputError(f"order is 'reverse', 'random' or a permutation. Received: {order!r}.")
            order = named[order]()
        self.order = tuple(int(feature) for feature in order)
        if sorted(self.order) != list(range(self.features)):
            raise InputError(f"order lists each of 0, ..., {self.features - 1} once. Received: {self.order}.")

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.gather(z, np.argsort(self.order), axis=1), tf.zeros_like(z[:, 0])

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.gather(x, self.order, axis=1), tf.zeros_like(x[:, 0])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "features": self.features, "order": self.order}


@keras.saving.register_keras_serializable("keraszoo")
class LULinear(Transform):
    """z = L U x + b on the last axis, L unit lower triangular, U upper triangular with a positive diagonal.

    On images it acts on the channels of each pixel, as Glow's 1x1 convolution. It starts as the identity.

    Args:
        event_shape: shape of one example, (features,) or (height, width, channels).
        permute: None, or the seed of a fixed random permutation of the last axis before it.

    Shapes:
        [batch, *event_shape] -> the same; the log-determinant is that of the matrix, once for each pixel.
    """

    def __init__(self, event_shape: Sequence[int], permute: Any = None, **kwargs: Any) -> None:
        super().__init__(event_shape, **kwargs)
        self.permute = permute
        size = self.event_shape[-1]
        self._order = np.arange(size) if permute is None else np.random.RandomState(permute).permutation(size)
        self._pixels = int(np.prod(self.event_shape[:-1]))
        self._below = np.tril(np.ones([size, size]), -1)
        self.lower = self.add_parameter("lower", (size, size))
        self.upper = self.add_parameter("upper", (size, size))
        self.log_diagonal = self.add_parameter("log_diagonal", (size,))
        self.bias = self.add_parameter("bias", (size,))

    def _factors(self):
        lower, upper = tf.convert_to_tensor(self.lower), tf.convert_to_tensor(self.upper)
        below = tf.constant(self._below, lower.dtype)
        diagonal = tf.exp(tf.convert_to_tensor(self.log_diagonal))
        unit = tf.eye(len(self._order), dtype=lower.dtype)
        return lower * below + unit, upper * tf.transpose(below) + tf.linalg.diag(diagonal)

    def _log_det(self, x):
        return tf.fill(tf.shape(x)[:1], self._pixels * tf.reduce_sum(tf.convert_to_tensor(self.log_diagonal)))

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        lower, upper = self._factors()
        matrix = tf.gather(tf.matmul(lower, upper), np.argsort(self._order), axis=1)  # the permutation included
        return tf.tensordot(x, matrix, [[-1], [1]]) + tf.convert_to_tensor(self.bias), self._log_det(x)

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        lower, upper = self._factors()
        flat = tf.transpose(tf.reshape(z - tf.convert_to_tensor(self.bias), [-1, len(self._order)]))
        flat = tf.linalg.triangular_solve(lower, flat)
        flat = tf.transpose(tf.linalg.triangular_solve(upper, flat, lower=False))
        x = tf.gather(tf.reshape(flat, tf.shape(z)), np.argsort(self._order), axis=-1)
        return tf.ensure_shape(x, z.shape), -self._log_det(z)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "event_shape": self.event_shape, "permute": self.permute}


@keras.saving.register_keras_serializable("keraszoo")
class Householder(Transform):
    """A product of reflections z = H_1 ... H_n x, H = I - 2 v v^T / |v|^2: any orthogonal matrix if n = features.

    Args:
        features: number of features.
        reflections: how many, >= 1; None: as many as features.
    """

    def __init__(self, features: int, reflections: int | None = None, **kwargs: Any) -> None:
        super().__init__([features], **kwargs)
        self.features = self.event_shape[0]
        self.reflections = self.features if reflections is None else positive_integers("reflections", [reflections])[0]
        self.normals = self.add_parameter("normals", (self.reflections, self.features), "random_normal")

    def _reflect(self, x, order):
        normals = tf.unstack(tf.math.l2_normalize(tf.convert_to_tensor(self.normals), axis=1))
        for normal in normals[::order]:
            x -= 2.0 * tf.tensordot(x, normal, 1)[:, None] * normal
        return x, tf.zeros_like(x[:, 0])

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self._reflect(z, 1)

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self._reflect(x, -1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "features": self.features, "reflections": self.reflections}
