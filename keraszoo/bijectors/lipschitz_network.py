"""A dense network of bounded steepness.

Behrmann, Grathwohl, Chen, Duvenaud and Jacobsen, "Invertible Residual Networks" (2019),
https://arxiv.org/abs/1811.00995; Chen, Behrmann, Duvenaud and Jacobsen, "Residual Flows for Invertible Generative
Modeling" (2019), https://arxiv.org/abs/1906.02735.
"""

import keras
import tensorflow as tf

from ..errors import InputError
from ..layers.spectral_normalization import power_iteration
from .tangent_network import TangentNetwork, lipswish

ITERATIONS_AT_START = 100
ITERATIONS = 3


@keras.saving.register_keras_serializable("keraszoo")
class LipschitzNetwork(TangentNetwork):
    """A `TangentNetwork` g with |g(x) - g(y)| <= lipschitz |x - y|.

    Each of its k kernels is divided by as much as its largest singular value, which power iteration finds, exceeds
    lipschitz^(1/k); smaller ones stay as they are. Between them stands LipSwish, x sigmoid(b x) / 1.1, whose slope is
    at most 1 for any b > 0: b is learned for each layer. The bound holds in x; the condition may act as it likes.
    Under the bound the inputs of n units are of the order 1/sqrt(n), on which a b near 1 is almost linear: it starts at
    sqrt(n).

    The singular vectors are weights that `update` improves, once in a training step; they follow from the kernels
    alone, so replicas agree on them.

    Args:
        features: length of the vectors.
        hidden: units of the hidden layers, at least one layer.
        lipschitz: the bound, in (0, 1).
        condition_dim: length of what the first layer also sees but the Jacobian leaves out; 0 for none.

    Shapes:
        x [batch, features], condition [batch or 1, condition_dim] -> [batch, features].

    Example:
        >>> network = LipschitzNetwork(2, hidden=(16,), lipschitz=0.5)
        >>> x = tf.constant([[0.0, 0.0], [3.0, 4.0]])
        >>> bool(tf.norm(network(x)[1] - network(x)[0]) <= 0.5 * 5.0)
        True
    """

    def __init__(self, features, hidden=(64, 64), *, lipschitz=0.97, condition_dim=0, **kwargs):
        super().__init__(features, hidden, "lipswish", condition_dim, **kwargs)
        if not 0.0 < lipschitz < 1.0:
            raise InputError(
                "x + g(x) is invertible where g is a contraction: the bound is in (0, 1). "
                f"Received: lipschitz={lipschitz!r}. Nearest: 0.97."
            )
        self.lipschitz = lipschitz
        starts = [keras.initializers.Constant(units**0.5) for units in self.hidden]
        self.sharpness = [self._weight(f"sharpness_{depth}", (), start) for depth, start in enumerate(starts)]
        self.vectors = [self._vector(depth, kernel.shape[-1]) for depth, kernel in enumerate(self.kernels)]
        self.update(ITERATIONS_AT_START)

    def _vector(self, depth, size):
        options = {"initializer": "random_normal", "trainable": False, "autocast": False}
        return self.add_weight(name=f"vector_{depth}", shape=(size,), **options)

    def update(self, iterations=ITERATIONS):
        """Improves the singular vectors of the kernels by some power iterations."""
        for variable, vector in zip(self.vectors, self._improved(iterations), strict=True):
            variable.assign(vector)

    def _improved(self, iterations):
        for kernel, variable in zip(self.kernels, self.vectors, strict=True):
            matrix, vector = tf.stop_gradient(tf.convert_to_tensor(kernel)), tf.convert_to_tensor(variable)
            for _ in range(iterations):
                vector, _ = power_iteration(matrix, vector)
            yield vector

    def _kernels(self):
        bound, kernels = self.lipschitz ** (1.0 / len(self.kernels)), []
        # An optimizer has moved the kernels since the last update: their vectors are improved here too.
        for kernel, vector in zip(self.kernels, self._improved(ITERATIONS), strict=True):
            matrix = tf.convert_to_tensor(kernel)
            image = tf.linalg.matvec(matrix, vector)
            norm = tf.tensordot(tf.stop_gradient(tf.math.l2_normalize(image)), image, 1)  # has a gradient at 0 too
            kernels.append(tf.cast(matrix * (bound / tf.maximum(norm, bound)), self.compute_dtype))
        return kernels

    def _activated(self, depth, x):
        sharpness = tf.math.softplus(tf.convert_to_tensor(self.sharpness[depth]))
        return lipswish(x, tf.cast(sharpness, x.dtype))

    def get_config(self):
        config = {**super().get_config(), "lipschitz": self.lipschitz}
        del config["activation"]
        return config
