"""The masked autoregressive flow.

Papamakarios, Pavlakou and Murray, "Masked Autoregressive Flow for Density Estimation" (2017),
https://arxiv.org/abs/1705.07057. A single transform is MADE with Gaussian conditionals (Germain et al., 2015,
https://arxiv.org/abs/1502.03509).
"""

import keras

from ...bijectors import Autoregressive
from .vector_flow import VectorFlow


@keras.saving.register_keras_serializable("keraszoo")
class MAF(VectorFlow):
    """Affine autoregressive steps, the order of the features reversed from each to the next.

    Densities take one pass; samples as many passes as there are features.

    Args:
        event_shape: shape of one example.
        residual: whether the masked networks are made of residual blocks.
        transforms, hidden, ...: as for `VectorFlow`.

    Example:
        >>> flow = MAF((3,), hidden=(32, 32))
        >>> flow.log_prob(keras.ops.zeros([5, 3])).shape
        TensorShape([5])
    """

    faster_by_xla = True

    def __init__(self, event_shape, *, residual=False, **kwargs):
        self.residual = residual
        super().__init__(event_shape, **kwargs)

    def transform(self, features, index, **options):
        order = ("forward", "reverse")[index % 2]
        return Autoregressive(features, "affine", order=order, residual=self.residual, **options)
