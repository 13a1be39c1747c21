"""A dense network of bounded steepness.

Behrmann, Grathwohl, Chen, Duvenaud and Jacobsen, "Invertible Residual Networks" (2019),
https://arxiv.org/abs/1811.00995; Chen, Behrmann, Duvenaud and Jacobsen, "Residual Flows for Invertible Generative
Modeling" (2019), https://arxiv.org/abs/1906.02735.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.errors import InputError
from .tangent import TangentNetwork, lipswish

SQUARINGS = 8
TINY = 1e-30


def spectral_bound(kernel):
    """A bound of the largest singular value of W [m, n], too large by a factor of min(m, n)^(1/512) at most.

    It is tr((W W')^256)^(1/512), the Schatten norm of order 512, by eight squarings. Power iteration instead is never
    too large: where training raises the second singular value beyond the first, it takes long to notice.
    """
    rows, columns = kernel.shape
    gram = tf.matmul(kernel, kernel, transpose_a=rows > columns, transpose_b=rows <= columns)
    trace = tf.linalg.trace(gram) + TINY
    log_bound = 0.5 * tf.math.log(trace)
    for squaring in range(1, SQUARINGS + 1):
        gram /= trace  # no power overflows
        gram = tf.matmul(gram, gram)
        trace = tf.linalg.trace(gram) + TINY
        log_bound += 0.5 ** (squaring + 1) * tf.math.log(trace)
    return tf.exp(log_bound)


@keras.saving.register_keras_serializable("keraszoo")
class LipschitzNetwork(TangentNetwork):
    """A `TangentNetwork` g with |g(x) - g(y)| <= lipschitz |x - y|.

    Each of its k kernels is divided by as much as its largest singular value (`spectral_bound`) exceeds
    lipschitz^(1/k); smaller ones stay as they are. Between them stands LipSwish, x sigmoid(b x) / 1.1, whose slope is
    at most 1 for any b > 0: b is learned for each layer. The bound holds in x; the condition may act as it likes.
    Under the bound the inputs of n units are of the order 1/sqrt(n), on which a b near 1 is almost linear: it starts at
    sqrt(n).

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

    def __init__(
        self,
        features: int,
        hidden: Sequence[int] = (64, 64),
        *,
        lipschitz: float = 0.97,
        condition_dim: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(features, hidden, "lipswish", condition_dim, **kwargs)
        if not 0.0 < lipschitz < 1.0:
            raise InputError(
                "x + g(x) is invertible where g is a contraction: the bound is in (0, 1). "
                f"Received: lipschitz={lipschitz!r}. Nearest: 0.97."
            )
        self.lipschitz = lipschitz
        starts = [keras.initializers.Constant(units**0.5) for units in self.hidden]
        self.sharpness = [self._weight(f"sharpness_{depth}", (), start) for depth, start in enumerate(starts)]

    def _kernels(self):
        bound, kernels = self.lipschitz ** (1.0 / len(self.kernels)), []
        for kernel in self.kernels:
            matrix = tf.convert_to_tensor(kernel)
            scale = bound / tf.maximum(spectral_bound(matrix), bound)
            kernels.append(tf.cast(scale * matrix, self.compute_dtype))
        return kernels

    def _activated(self, depth, x):
        sharpness = tf.math.softplus(tf.convert_to_tensor(self.sharpness[depth]))
        return lipswish(x, tf.cast(sharpness, x.dtype))

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "lipschitz": self.lipschitz}
        del config["activation"]
        return config
