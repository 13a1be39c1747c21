"""What the flows of like steps on vectors have in common."""

import functools
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from ...bijectors import ActNorm, BatchNorm, Bounds, Householder, Logit, LULinear, Permutation, Reshape, Standardize
from ...bijectors.elementwise.bounds import checked_bounds
from ...bijectors.transform import Transform
from ...core.checks import positive_integers
from ...core.errors import InputError, closest
from ...core.inputs import BoundedInput
from ...core.model import ZooModel
from ...core.seeds import spread
from ...layers.normalization.standardization import mean_and_scale
from ...system.tables import as_array
from ..first_examples import ROWS
from .flow import Flow, context_sizes

MIXINGS = ("none", "reverse", "random", "lu", "householder")
NORMALIZATIONS = ("none", "act", "batch")
LARGE = 1000.0  # of the values that a network is given
FLAT = 1e-10  # of a variance, what float32 makes of a feature that follows from others
WIDEST = 1000  # features up to which that is looked for


class VectorFlow(Flow):
    """Base class: `transforms` like steps on the flattened example, mixed and normalised between them.

    Args:
        event_shape: shape of one example; images become vectors.
        transforms: number of steps, >= 1.
        hidden: units of the hidden layers of each step's network.
        activation: of the networks.
        mixing: what stands between the steps: "none", "reverse" (the order of the features), "random" (fixed
            permutations), "lu" or "householder" (learned linear maps).
        normalization: what stands before each step: "none", "act" (ActNorm) or "batch" (BatchNorm).
        standardize: whether the data are first brought to mean 0 and standard deviation 1, as `adapt` or the first
            `fit` measures them. Log-densities are those of the data as they are. `fit` warns of large values otherwise.
        bounds: None, or {feature: (lowest, highest)}, None for no bound on that side, such as {0: (0.0, None)} where
            feature 0 is positive: the density is 0 beyond, and samples stay inside.
        logit: None, or the alpha of a `Logit` of data in [0, 1]: 1e-6 in the MAF paper.
        base, context_dim, context_network, num_classes, levels: as for `Flow`.
    """

    #: the features that are angles
    angles = ()

    def __init__(
        self,
        event_shape: Sequence[int],
        *,
        transforms: int = 5,
        hidden: Sequence[int] = (64, 64),
        activation: str | Callable = "relu",
        mixing: str = "none",
        normalization: str = "none",
        standardize: bool | Sequence[int] = False,
        bounds: Any = None,
        logit: float | None = None,
        base: Any = None,
        context_dim: int = 0,
        context_network: keras.Layer | None = None,
        num_classes: int | None = None,
        levels: int | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        event_shape = positive_integers("event_shape", event_shape)
        transforms = positive_integers("transforms", [transforms])[0]
        for name, value, known in (("mixing", mixing, MIXINGS), ("normalization", normalization, NORMALIZATIONS)):
            if value not in known:
                raise InputError(f"Unknown {name}. Received: {name}={value!r}. {closest(str(value), known)}")
        self._options = {
            "transforms": transforms,
            "hidden": positive_integers("hidden", hidden),
            "activation": activation,
            "mixing": mixing,
            "normalization": normalization,
            "standardize": standardize,
            "logit": logit,
        }
        features, chain = math.prod(event_shape), []
        shared = {
            "context_dim": num_classes or context_sizes(context_dim, context_network)[0],
            "hidden": self._options["hidden"],
            "activation": activation,
            "dtype": dtype,
        }
        if logit is not None:
            chain += [Logit(event_shape, logit, dtype=dtype)]
        if len(event_shape) > 1:
            chain += [Reshape(event_shape, dtype=dtype)]
        if bounds:
            bounds = self._checked_bounds(bounds, event_shape, logit, levels)
            chain += [Bounds(features, bounds, dtype=dtype)]
        if standardize:
            chain += [Standardize((features,), leave=self.angles if len(self.angles) < features else (), dtype=dtype)]
        for index in range(transforms):
            if normalization != "none":
                chain += [{"act": ActNorm, "batch": BatchNorm}[normalization]((features,), dtype=dtype)]
            if index and mixing in ("reverse", "random"):
                chain += [Permutation(features, mixing, seed=index, dtype=dtype)]
            if index and mixing == "lu":
                chain += [LULinear((features,), permute=index, dtype=dtype)]
            if index and mixing == "householder":
                chain += [Householder(features, dtype=dtype)]
            chain += [self.transform(features, index, **shared)]
        super().__init__(
            event_shape, chain, base=base, context_dim=context_dim, context_network=context_network,
            num_classes=num_classes, levels=levels, dtype=dtype,
            **kwargs,
        )  # fmt: skip
        if bounds:
            ends = [bounds.get(feature, (None, None)) for feature in range(features)]
            self.inputs = BoundedInput(
                self.event_shape, name=self.inputs.name, dtype=self.precision,
                lowest=tuple(-math.inf if low is None else low for low, _ in ends),
                highest=tuple(math.inf if high is None else high for _, high in ends),
            )  # fmt: skip
        if normalization == "batch":
            self.batch_term_names = (*self.term_names, *self.metric_names)

    @staticmethod
    def _checked_bounds(bounds, event_shape, logit, levels):
        if len(event_shape) > 1 or logit is not None or levels is not None:
            raise InputError(
                "bounds are those of the features of vectors, in the place of logit= and levels=. "
                f"Received: event_shape={event_shape}, logit={logit!r}, levels={levels!r}."
            )
        return checked_bounds(bounds, event_shape[0])

    @functools.wraps(ZooModel.fit)
    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        x = as_array(x, type(self).__name__, "x")
        numbers = isinstance(x, np.ndarray) and x.dtype.kind == "f"
        if numbers and x.shape[1:] == self.event_shape and self.levels is None:
            self._warn_of_flat(x)
        large = np.abs(x).max(initial=0.0) if numbers else 0.0
        if LARGE < large < np.inf and not self._options["standardize"]:
            warnings.warn(
                f"{type(self).__name__} learns badly from values as large as {large:.3g}, and may not learn at all. "
                "Nearest: standardize=True.",
                stacklevel=2,
            )
        return super().fit(x, *args, **kwargs)

    def _warn_of_flat(self, x):
        """Tells where the data fill no volume, so that their density has no bound."""
        rows = x[spread(len(x), ROWS)].reshape([-1, math.prod(self.event_shape)]).astype("float64")
        if not rows.shape[1] < len(rows) or rows.shape[1] > WIDEST or not np.isfinite(rows).all():
            return
        mean, scale = mean_and_scale(rows)
        z = (rows - mean) / scale
        spectrum = np.linalg.eigvalsh(z.T @ z / len(z))
        constant = np.flatnonzero(np.ptp(rows, axis=0) == 0).tolist()
        if spectrum[0] < FLAT * max(spectrum[-1], 1.0):
            which = f"features {constant} are constant" if constant else "some features follow from the others"
            warnings.warn(
                f"{type(self).__name__} finds no greatest likelihood where {which}: it rises without a bound, and the "
                "other features are learned worse. Nearest: drop these, or add noise to them.",
                stacklevel=3,
            )

    def transform(self, features: int, index: int, **options: Any) -> Transform:
        """The transform number `index`; options: hidden, activation, context_dim, dtype."""
        raise NotImplementedError
