"""A dense network that gives its value and, in the same pass, derivatives of it."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError, closest
from ...core.types import Array
from .conditioner import scaled_start


def _tanh(x):
    height = tf.tanh(x)
    return height, 1.0 - height**2


def _softplus(x):
    return tf.math.softplus(x), tf.sigmoid(x)


def lipswish(x, sharpness=1.0):
    gate = tf.sigmoid(sharpness * x)
    return x * gate / 1.1, gate * (1.0 + sharpness * x * (1.0 - gate)) / 1.1


def _start(fan_in):
    """Initializers of a hidden layer: LeCun's uniform one (1998) for the kernel, and one of biases that differ."""
    limits = math.sqrt(3 / fan_in), 1 / math.sqrt(fan_in)
    return [keras.initializers.RandomUniform(-limit, limit) for limit in limits]


#: value and slope of smooth functions whose slopes are at most 1, so kernels alone bound a network's steepness
ACTIVATIONS = {"tanh": _tanh, "softplus": _softplus, "lipswish": lipswish}


@keras.saving.register_keras_serializable("keraszoo")
class TangentNetwork(keras.layers.Layer):
    """A dense network from vectors to vectors of the same length whose Jacobian can be had without a gradient tape.

    Tangents, directions in which x may move, go forward with the value: through the same kernels, times the slopes of
    the activation. So what contains the Jacobian, its trace or its product with a vector can be trained by ordinary
    automatic differentiation, of first order.

    Args:
        features: length of the vectors.
        hidden: units of the hidden layers, at least one layer.
        activation: "tanh", "softplus" or "lipswish": x sigmoid(x) / 1.1 (Chen et al., 2019,
            https://arxiv.org/abs/1906.02735).
        condition_dim: length of what the first layer also sees but the Jacobian leaves out; 0 for none.

    Shapes:
        x [batch, features], condition [batch or 1, condition_dim] -> [batch, features].

    Example:
        >>> network = TangentNetwork(2, hidden=(16,))
        >>> value, jacobian = network.with_jacobian(tf.zeros([5, 2]))
        >>> value.shape, jacobian.shape
        (TensorShape([5, 2]), TensorShape([5, 2, 2]))
    """

    def __init__(
        self,
        features: int,
        hidden: Sequence[int] = (64, 64),
        activation: str | Callable = "tanh",
        condition_dim: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.features, self.condition_dim = features, condition_dim
        self.hidden = positive_integers("hidden", hidden)
        if not self.hidden:
            raise InputError("A network with derivatives needs at least one hidden layer. Received: hidden=().")
        if activation not in ACTIVATIONS:
            raise InputError(
                "The slope of the activation must be smooth. "
                f"Received: activation={activation!r}. {closest(str(activation), ACTIVATIONS)}"
            )
        self.activation = activation
        self.kernels, self.biases, self.condition_kernels = [], [], []
        for depth, (fan_in, units) in enumerate(itertools.pairwise([features, *self.hidden, features])):
            last = depth == len(self.hidden)
            kernel, bias = (scaled_start(fan_in), "zeros") if last else _start(fan_in + condition_dim)
            self.kernels.append(self._weight(f"kernel_{depth}", (fan_in, units), kernel))
            self.biases.append(self._weight(f"bias_{depth}", (units,), bias))
            if condition_dim and not last:
                name, shape = f"condition_kernel_{depth}", (condition_dim, units)
                self.condition_kernels.append(self._weight(name, shape, kernel))
        self.built = True

    def _weight(self, name, shape, initializer):
        return self.add_weight(name=name, shape=shape, initializer=initializer, autocast=False)

    def _kernels(self):
        """The matrices that are applied, in the order of the layers."""
        return [tf.cast(tf.convert_to_tensor(kernel), self.compute_dtype) for kernel in self.kernels]

    def _activated(self, depth, x):
        """The activation of the hidden layer number `depth`, and its slope."""
        return ACTIVATIONS[self.activation](x)

    def _apply(self, kernels, x, condition):
        """The value [batch, features] and the slopes [batch, units] of each hidden layer."""
        biases = [tf.cast(tf.convert_to_tensor(bias), self.compute_dtype) for bias in self.biases]
        h, slopes = tf.cast(x, self.compute_dtype), []
        for depth in range(len(self.hidden)):
            h = tf.matmul(h, kernels[depth]) + biases[depth]
            if self.condition_dim:
                kernel = tf.cast(tf.convert_to_tensor(self.condition_kernels[depth]), self.compute_dtype)
                h += tf.matmul(tf.cast(condition, self.compute_dtype), kernel)
            h, slope = self._activated(depth, h)
            slopes.append(slope)
        return tf.matmul(h, kernels[-1]) + biases[-1], slopes

    def call(self, x: Array, condition: Array | None = None) -> tf.Tensor:
        return self._apply(self._kernels(), x, condition)[0]

    def frozen(self, condition: Array | None = None) -> Callable:
        """The function x -> value with the matrices as they are, computed once: for a loop."""
        kernels = self._kernels()
        return lambda x: self._apply(kernels, x, condition)[0]

    def linearized(self, x: Array, condition: Array | None = None) -> tuple[tf.Tensor, Callable]:
        """The value [batch, features], and the function v -> J v of a vector v for each example [batch, features]."""
        kernels = self._kernels()
        value, slopes = self._apply(kernels, x, condition)

        def product(vector):
            tangent = tf.cast(vector, self.compute_dtype)
            for kernel, slope in zip(kernels, slopes, strict=False):
                tangent = tf.matmul(tangent, kernel) * slope
            return tf.matmul(tangent, kernels[-1])

        return value, product

    def with_jacobian(self, x: Array, condition: Array | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """The value, and J [batch, features, features] with J[:, i, j] = d value_i / d x_j."""
        kernels = self._kernels()
        value, slopes = self._apply(kernels, x, condition)
        tangents = kernels[0] * slopes[0][:, None, :]  # [batch, features, units]: one for each feature of x
        for kernel, slope in zip(kernels[1:], slopes[1:], strict=False):
            tangents = tf.tensordot(tangents, kernel, 1) * slope[:, None, :]
        return value, tf.linalg.matrix_transpose(tf.tensordot(tangents, kernels[-1], 1))

    def with_trace(self, x: Array, condition: Array | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """The value, and the trace of J [batch]."""
        if len(self.hidden) != 2:
            value, jacobian = self.with_jacobian(x, condition)
            return value, tf.linalg.trace(jacobian)
        # J = K3' D2 K2' D1 K1' with diagonal D: tr J = d1 (K2 o (K3 K1)') d2, no dearer than the value
        kernels = self._kernels()
        value, (first, second) = self._apply(kernels, x, condition)
        around = kernels[1] * tf.transpose(tf.matmul(kernels[2], kernels[0]))
        return value, tf.reduce_sum(tf.matmul(first, around) * second, axis=1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "features": self.features,
            "hidden": self.hidden,
            "activation": self.activation,
            "condition_dim": self.condition_dim,
        }
