"""The masked autoregressive flow.

Papamakarios, Pavlakou and Murray, "Masked Autoregressive Flow for Density Estimation" (2017),
https://arxiv.org/abs/1705.07057. A single transform is MADE with Gaussian conditionals (Germain et al., 2015,
https://arxiv.org/abs/1502.03509).
"""

from collections.abc import Sequence
from typing import Any

import keras

from ...bijectors import Autoregressive
from ...bijectors.transform import Transform
from .vector_flow import VectorFlow


@keras.saving.register_keras_serializable("keraszoo")
class MAF(VectorFlow):
    """Affine autoregressive steps, the order of the features reversed from each to the next.

    Densities take one pass; samples `passes`, as many as there are features.

    Args:
        event_shape: shape of one example.
        residual: whether the masked networks are made of residual blocks.
        passes: that a sample takes in each step, 2 or more: the features come in as many groups, each told by those
            before it. 2 is a coupling; None: one pass for each feature.
        transforms, hidden, ...: as for `VectorFlow`.

    Example:
        >>> flow = MAF((3,), hidden=(32, 32))
        >>> flow.log_prob(keras.ops.zeros([5, 3])).shape
        TensorShape([5])
    """

    faster_by_xla = True

    def __init__(
        self, event_shape: Sequence[int], *, residual: bool = False, passes: int | None = None, **kwargs: Any
    ) -> None:
        self.residual, self.passes = residual, passes
        super().__init__(event_shape, **kwargs)

    def transform(self, features: int, index: int, **options: Any) -> Transform:
        order = ("forward", "reverse")[index % 2]
        passes: dict[str, Any] = {"order": order, "passes": self.passes}
        return Autoregressive(features, "affine", residual=self.residual, **passes, **options)
