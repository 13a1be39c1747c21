"""Glow, the flow on images.

Kingma and Dhariwal, "Glow: Generative Flow with Invertible 1x1 Convolutions" (2018), https://arxiv.org/abs/1807.03039.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from ...bijectors import Logit, MultiScale
from ...bijectors.images.steps import image_sizes
from ...core.types import Array
from ...networks import sizes
from .flow import Flow, context_sizes

FIRST_LOOK = 1024  # examples: enough for the moments of a channel, and few enough for the networks' activations


@keras.saving.register_keras_serializable("keraszoo")
class Glow(Flow):
    """Steps of (actnorm, 1x1 convolution, convolutional coupling) at several scales: see `MultiScale`.

    Densities and samples take one pass each.

    Args:
        event_shape: (height, width, channels), height and width divisible by 2 ** scales.
        scales: how often the image is squeezed to half its height and width, >= 1.
        steps: steps at each scale, >= 1.
        filters: of the hidden layers of each step's network.
        kind: "affine" couplings, or "spline" ones, as in Neural Spline Flows (Durkan et al., 2019,
            https://arxiv.org/abs/1906.04032): better densities for about three times the computation.
        options: arguments of the map, such as {"bins": 8, "bound": 5.0} of the spline.
        activation: of the networks.
        logit: None, or the alpha of a `Logit` of data in [0, 1]: 1e-6 in the MAF paper.
        base, context_dim, context_network, num_classes, levels: as for `Flow`; `levels` are the values of a pixel, not
            the scales.

    Example:
        >>> flow = Glow((8, 8, 1), scales=2, steps=2, filters=16, levels=17)
        >>> flow.log_prob(flow.sample(5, seed=0)).shape
        TensorShape([5])
    """

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        return {"scales": min(3, max(1, sizes.halvings(shape)))}

    def __init__(
        self,
        event_shape: Sequence[int],
        *,
        scales: int = 2,
        steps: int = 8,
        filters: int = 64,
        kind: str = "affine",
        options: dict[str, Any] | None = None,
        activation: str | Callable = "relu",
        logit: float | None = None,
        base: Any = None,
        context_dim: int = 0,
        context_network: keras.Layer | None = None,
        num_classes: int | None = None,
        levels: int | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        event_shape = image_sizes(event_shape, "Glow")
        self._options: dict[str, Any] = {
            "scales": scales,
            "steps": steps,
            "filters": filters,
            "kind": kind,
            "options": dict(options or {}),
            "activation": activation,
        }
        self.logit = logit
        chain = [] if logit is None else [Logit(event_shape, logit, dtype=dtype)]
        size = num_classes or context_sizes(context_dim, context_network)[0]
        chain += [MultiScale(event_shape, **self._options, context_dim=size, dtype=dtype)]
        super().__init__(
            event_shape, chain, base=base, context_dim=context_dim, context_network=context_network,
            num_classes=num_classes, levels=levels, dtype=dtype,
            **kwargs,
        )  # fmt: skip

    def adapt(self, x: Array, y: Any = None) -> None:
        every = -(-len(x) // FIRST_LOOK)
        super().adapt(x[::every], None if y is None else y[::every])
