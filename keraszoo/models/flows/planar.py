"""Planar and radial flows.

Rezende and Mohamed, "Variational Inference with Normalizing Flows" (2015), https://arxiv.org/abs/1505.05770.
"""

from collections.abc import Sequence
from typing import Any

import keras

from ...bijectors import Inverted, Planar, Radial
from ...bijectors.transform import Transform
from ...core.errors import InputError, closest
from .vector_flow import VectorFlow

KINDS = {"planar": Planar, "radial": Radial}


@keras.saving.register_keras_serializable("keraszoo")
class PlanarFlow(VectorFlow):
    """Many simple steps, each of which stretches or squeezes space across a plane or around a point.

    Densities of data take the analytic direction. Samples of planar steps take a bisection each; those of radial ones
    are analytic too. There are no networks: a step has 2 d + 1 parameters (radial: d + 2), d the number of features.

    Args:
        event_shape: shape of one example.
        kind: "planar" or "radial".
        transforms, mixing, ...: as for `VectorFlow`, but for `hidden` and `activation`.

    Example:
        >>> flow = PlanarFlow((3,), transforms=4)
        >>> flow.log_prob(flow.sample(5, seed=0)).shape
        TensorShape([5])
    """

    faster_by_xla = True

    def __init__(
        self, event_shape: Sequence[int], *, kind: str = "planar", transforms: int = 32, **kwargs: Any
    ) -> None:
        if kind not in KINDS:
            raise InputError(f"Unknown kind. Received: kind={kind!r}. {closest(str(kind), KINDS)}")
        networks = {"hidden", "activation"} & set(kwargs)
        if networks:
            raise InputError(
                f"PlanarFlow has no networks. Received: {', '.join(sorted(networks))}. Nearest: transforms, the number "
                "of its steps, or RealNVP."
            )
        self.kind = kind
        super().__init__(event_shape, transforms=transforms, **kwargs)

    def transform(self, features: int, index: int, **options: Any) -> Transform:
        return Inverted(KINDS[self.kind](features, context_dim=options["context_dim"], dtype=options["dtype"]))
