"""The inverse autoregressive flow.

Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (2016),
https://arxiv.org/abs/1606.04934.
"""

from collections.abc import Sequence
from typing import Any

import keras

from ...bijectors import Autoregressive, Inverted
from ...bijectors.transform import Transform
from .vector_flow import VectorFlow


@keras.saving.register_keras_serializable("keraszoo")
class IAF(VectorFlow):
    """`MAF`'s steps the other way round: samples take one pass; densities of data as many passes as features.

    So it is made for sampling and for posteriors of VAEs, and trains on data slowly; `MAF` trains fast.

    Args:
        event_shape, residual, passes, transforms, hidden, ...: as for `MAF`.

    Example:
        >>> flow = IAF((3,), transforms=2, hidden=(32,))
        >>> flow.sample(5, seed=0).shape
        TensorShape([5, 3])
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
        return Inverted(Autoregressive(features, "affine", residual=self.residual, **passes, **options))
