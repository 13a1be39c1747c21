"""MADE: a network whose outputs for a feature see only the features before it.

Germain, Gregor, Murray and Larochelle, "MADE: Masked Autoencoder for Distribution Estimation" (2015),
https://arxiv.org/abs/1502.03509. Residual blocks: Nash and Durkan, "Autoregressive Energy Machines" (2019),
https://arxiv.org/abs/1904.05626.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError
from ...core.types import Array
from ...networks.initialization import initializers
from ..elementwise.univariate import on_circles
from .conditioner import scaled_start

LEAST = 128  # rows, and columns of a block: smaller products cost more than the zeros of larger ones
STEP = 64  # columns of blocks are multiples of it, for which products are fastest


def blocks(mask: np.ndarray) -> list[tuple[int, int, int]]:
    """The parts of a product with `kernel * mask`: (first column, end, rows from 0 on that any of them sees).

    Where units are sorted by rank, masks are block-triangular: about half of the product is zero. It is one block where
    leaving out what is zero would not pay.
    """
    rows, columns = mask.shape
    width = max(LEAST, STEP * round(columns / (4 * STEP)))
    ends = [*range(width, columns - width // 4, width), columns]
    parts = []
    for start, end in zip([0, *ends], ends, strict=False):
        seen = np.flatnonzero(mask[:, start:end].any(axis=1))
        parts.append((start, end, int(seen.max(initial=0)) + 1))
    computed = sum((end - start) * height for start, end, height in parts)
    pays = rows >= LEAST and columns >= 2 * LEAST and computed < 0.9 * rows * columns
    return parts if pays else [(0, columns, rows)]


def masked_product(x: tf.Tensor, kernel: tf.Tensor, mask: np.ndarray) -> tf.Tensor:
    """`x @ (kernel * mask)`, without most of what is zero: x [batch, rows], kernel and mask [rows, columns]."""
    products = [
        tf.matmul(x[:, :height], kernel[:height, start:end] * tf.constant(mask[:height, start:end], kernel.dtype))
        for start, end, height in blocks(mask)
    ]
    return products[0] if len(products) == 1 else tf.concat(products, axis=1)


@keras.saving.register_keras_serializable("keraszoo")
class MaskedNetwork(keras.layers.Layer):
    """Parameters of each feature as a function of the features that come before it, in any order, and of a context.

    Args:
        features: number of features.
        size: number of parameters of each.
        hidden: units of the hidden layers.
        order: the features in the order in which they are generated: a permutation of 0, ..., features - 1; None: as
            they are.
        passes: into how many groups the features are divided, one after the other in that order, about equal in
            size: parameters see the groups before their own. None: each feature is a group of its own.
        context_dim: length of the context that all parameters see; 0 for none.
        circle: None, or the period of features that are angles: the network sees their cosines and sines.
        angles: a truth value for each feature, or one for all: which are such, where there is a `circle`.
        residual: whether hidden layers are residual blocks of two layers each; all are then of one width.
        activation: of the hidden layers.

    Shapes:
        [batch, features] (and context [batch, context_dim]) -> [batch, features, size].

    Example:
        >>> network = MaskedNetwork(3, 2, hidden=(16,), order=(2, 0, 1))
        >>> network(tf.zeros([5, 3])).shape
        TensorShape([5, 3, 2])
    """

    def __init__(
        self,
        features: int,
        size: int,
        hidden: Sequence[int] = (64, 64),
        *,
        order: Sequence[int] | None = None,
        passes: int | None = None,
        context_dim: int = 0,
        circle: Any = None,
        angles: bool | Sequence[bool] = True,
        residual: bool = False,
        activation: str | Callable = "relu",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.features, self.size, self.context_dim, self.circle = features, size, context_dim, circle
        self.hidden = positive_integers("hidden", hidden)
        self.order = _checked_order(order, features)
        self.residual, self.activation = bool(residual), keras.activations.get(activation)
        if not self.hidden:
            raise InputError("A masked network needs at least one hidden layer. Received: hidden=().")
        if self.residual and len(set(self.hidden)) > 1:
            raise InputError(f"Residual blocks are all of one width. Received: hidden={self.hidden}.")
        self.angles = np.broadcast_to(angles, features) if circle is not None else np.zeros(features, bool)
        self.passes = _checked_passes(passes, features)
        rank = np.argsort(self.order) * self.passes // features + 1  # 1 for the features that come first
        self.group = rank - 1
        lowest = 0 if context_dim or self.passes == 1 else 1  # units of rank 0 see the context alone
        self._layers_of_weights, seen = (
            [],
            np.concatenate([rank, rank[self.angles], np.zeros(context_dim, int)]),
        )
        widths = [self.hidden[0], *[width for width in self.hidden[1:] for _ in range(1 + self.residual)]]
        for depth, width in enumerate(widths):
            ranks = np.sort(lowest + np.arange(width) % max(1, self.passes - lowest))  # sorted: see `masked_product`
            self._add_layer(f"hidden_{depth}", seen, ranks)
            seen = ranks
        self._last_mask = (rank[None, :] > seen[:, None]).astype("float32")  # [units, features]
        self._flat_mask = np.repeat(self._last_mask, size, axis=1)  # [units, features * size]
        self.kernel = self.add_weight(
            name="kernel", shape=(len(seen), features, size), initializer=scaled_start(len(seen)), autocast=False
        )
        self.bias = self.add_weight(name="bias", shape=(features, size), initializer="zeros", autocast=False)
        self.built = True

    def _add_layer(self, name, seen, ranks):
        start = initializers("fan_in", len(seen))
        kernel = self.add_weight(
            name=f"{name}_kernel", shape=(len(seen), len(ranks)), initializer=start["kernel_initializer"]
        )
        bias = self.add_weight(name=f"{name}_bias", shape=(len(ranks),), initializer=start["bias_initializer"])
        self._layers_of_weights.append((kernel, bias, (ranks[None, :] >= seen[:, None]).astype("float32")))

    def _dense(self, depth, x):
        kernel, bias, mask = self._layers_of_weights[depth]
        kernel, bias = tf.convert_to_tensor(kernel), tf.convert_to_tensor(bias)
        return masked_product(tf.cast(x, kernel.dtype), kernel, mask) + bias

    def units(self, x: Array, context: Array | None = None) -> tf.Tensor:
        """The last hidden layer: [batch, units]."""
        x = on_circles(x, self.angles, self.circle)
        if self.context_dim:
            x = tf.concat([x, tf.cast(context, x.dtype)], axis=-1)
        h = self._dense(0, tf.cast(x, self.compute_dtype))
        if not self.residual:
            for depth in range(1, len(self._layers_of_weights)):
                h = self._dense(depth, self.activation(h))
        else:
            for depth in range(1, len(self._layers_of_weights), 2):
                h += self._dense(depth + 1, self.activation(self._dense(depth, self.activation(h))))
        return tf.cast(self.activation(h), self.kernel.dtype)

    def call(self, x: Array, context: Array | None = None) -> tf.Tensor:
        outputs = self.features * self.size
        kernel = tf.reshape(tf.convert_to_tensor(self.kernel), [-1, outputs])
        flat = masked_product(self.units(x, context), kernel, self._flat_mask)
        return tf.reshape(flat + tf.reshape(tf.convert_to_tensor(self.bias), [outputs]), [-1, self.features, self.size])

    def of_feature(self, feature: Any, x: Array, context: Array | None = None) -> tf.Tensor:
        """The parameters of one feature (an int32 scalar) alone: [batch, size], the same as in all of them."""
        kernel = tf.convert_to_tensor(self.kernel)[:, feature]
        mask = tf.constant(self._last_mask, self.kernel.dtype)[:, feature]
        bias = tf.convert_to_tensor(self.bias)[feature]
        return tf.matmul(self.units(x, context), kernel * mask[:, None]) + bias

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "features": self.features,
            "size": self.size,
            "hidden": self.hidden,
            "order": self.order,
            "passes": self.passes,
            "context_dim": self.context_dim,
            "circle": self.circle,
            "angles": self.angles.tolist(),
            "residual": self.residual,
            "activation": keras.activations.serialize(self.activation),
        }


def _checked_passes(passes, features):
    if passes is None:
        return features
    if not isinstance(passes, (int, np.integer)) or not 1 <= passes <= features:
        raise InputError(f"passes are from 1 to {features}, the number of features. Received: passes={passes!r}.")
    return int(passes)


def _checked_order(order, features):
    order = tuple(range(features)) if order is None else tuple(int(feature) for feature in order)
    if sorted(order) != list(range(features)):
        raise InputError(f"order lists each of the features 0, ..., {features - 1} once. Received: {order}.")
    return order
