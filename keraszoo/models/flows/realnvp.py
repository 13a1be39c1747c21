"""RealNVP on vectors.

Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP" (2017), https://arxiv.org/abs/1605.08803.
"""

from collections.abc import Sequence
from typing import Any

import keras

from ...bijectors import Coupling
from ...bijectors.transform import Transform
from .vector_flow import VectorFlow


@keras.saving.register_keras_serializable("keraszoo")
class RealNVP(VectorFlow):
    """Affine couplings: half of the features tell the other half how to shift and scale, in turns.

    Densities and samples take one pass each.

    Args:
        event_shape: shape of one example, of at least two features.
        kind: "affine", or "shift" for NICE (Dinh, Krueger and Bengio, 2015, https://arxiv.org/abs/1410.8516).
        transforms, hidden, ...: as for `VectorFlow`.

    Example:
        >>> flow = RealNVP((2,), transforms=4, hidden=(32,))
        >>> flow.sample(3, seed=0).shape
        TensorShape([3, 2])
    """

    def __init__(self, event_shape: Sequence[int], *, kind: str = "affine", transforms: int = 8, **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(event_shape, transforms=transforms, **kwargs)

    def transform(self, features: int, index: int, **options: Any) -> Transform:
        return Coupling(features, self.kind, mask=("even", "odd")[index % 2], **options)
