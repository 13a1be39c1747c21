"""The residual flow.

Behrmann, Grathwohl, Chen, Duvenaud and Jacobsen, "Invertible Residual Networks" (2019),
https://arxiv.org/abs/1811.00995; Chen, Behrmann, Duvenaud and Jacobsen, "Residual Flows for Invertible Generative
Modeling" (2019), https://arxiv.org/abs/1906.02735.
"""

from collections.abc import Sequence
from typing import Any

import keras

from ...bijectors import Residual
from ...bijectors.transform import Transform
from ...core.errors import InputError
from .vector_flow import VectorFlow


@keras.saving.register_keras_serializable("keraszoo")
class ResidualFlow(VectorFlow):
    """Residual blocks x + g(x) that can be undone because g is a contraction: a free-form network with ActNorm before.

    Densities of data take one pass and determinants of the Jacobians; from 17 features on training estimates those
    without a bias. Samples solve a fixed point in each block: see `Residual`.

    Args:
        event_shape: shape of one example.
        transforms: number of blocks, each of which stretches space at most (1 + lipschitz)-fold on the way to z.
        lipschitz: the bound of each g's steepness, in (0, 1).
        log_det: "exact", "series" or None: as for `Residual`.
        hidden, mixing, normalization, ...: as for `VectorFlow`, but for `activation`, which is LipSwish.

    Example:
        >>> flow = ResidualFlow((3,), transforms=2, hidden=(16, 16))
        >>> flow.log_prob(flow.sample(5, seed=0)).shape
        TensorShape([5])
    """

    def __init__(
        self,
        event_shape: Sequence[int],
        *,
        transforms: int = 8,
        lipschitz: float = 0.97,
        log_det: str | None = None,
        normalization: str = "act",
        **kwargs: Any,
    ) -> None:
        if "activation" in kwargs:
            raise InputError(
                "The activation of a ResidualFlow is LipSwish, whose slope is at most 1. "
                f"Received: activation={kwargs['activation']!r}. Nearest: leave it out."
            )
        self.lipschitz, self.log_det = lipschitz, log_det
        super().__init__(event_shape, transforms=transforms, normalization=normalization, **kwargs)

    def transform(self, features: int, index: int, **options: Any) -> Transform:
        del options["activation"]
        return Residual(features, lipschitz=self.lipschitz, log_det=self.log_det, **options)
