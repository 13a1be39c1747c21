"""Neural spline flows.

Durkan, Bekasov, Murray and Papamakarios, "Neural Spline Flows" (2019), https://arxiv.org/abs/1906.04032.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability.python import distributions as tfd

from ...bijectors import Autoregressive, Coupling
from ...bijectors.transform import Transform
from ...core.checks import positive_integers
from ...core.errors import InputError
from .vector_flow import VectorFlow

FORMS = ("autoregressive", "coupling")


@keras.saving.register_keras_serializable("keraszoo")
class NSF(VectorFlow):
    """Rational-quadratic splines in autoregressive or coupling form.

    Inside [-bound, bound] each feature goes through a spline, outside it stays as it is, so data of another scale
    should be standardised.

    Args:
        event_shape: shape of one example; at least two features for couplings.
        form: "autoregressive" (densities in one pass, samples in one for each feature) or "coupling" (one pass each).
        bins: of each spline, >= 2.
        bound: half the width of the box, > 0.
        circular: whether the features are angles in [-pi, pi), or which of them are, such as (0, 2): splines of the
            circle, a uniform base, no `bound` (Rezende et al., 2020, https://arxiv.org/abs/2002.02428). Where some are,
            `standardize` leaves them, and `mixing` is "none".
        residual: whether masked networks are made of residual blocks.
        passes: of the autoregressive form, as for `MAF`.
        transforms, hidden, ...: as for `VectorFlow`.

    Example:
        >>> flow = NSF((2,), transforms=2, bins=4, hidden=(32,))
        >>> bool(tf.reduce_all(tf.math.is_finite(flow.log_prob([[100.0, -100.0]]))))
        True
    """

    faster_by_xla = True

    def __init__(
        self,
        event_shape: Sequence[int],
        *,
        form: str = "autoregressive",
        bins: int = 8,
        bound: float = 5.0,
        circular: bool | Sequence[int] = False,
        residual: bool = False,
        passes: int | None = None,
        base: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        event_shape = positive_integers("event_shape", event_shape)
        if form not in FORMS:
            raise InputError(f"Unknown form. Received: form={form!r}. Known: {', '.join(FORMS)}.")
        if passes is not None and form == "coupling":
            raise InputError(
                f"passes are of the autoregressive form, and a coupling has 2. Received: passes={passes!r}."
            )
        self._spline = {"form": form, "bins": bins, "bound": bound, "residual": residual, "passes": passes}
        self.angles = _places(circular, math.prod(event_shape))
        if self.angles and base is None:
            base = _base(self.angles, math.prod(event_shape), "float64" if dtype == "float64" else "float32")
        super().__init__(event_shape, base=base, dtype=dtype, **kwargs)

    def transform(self, features: int, index: int, **options: Any) -> Transform:
        spline = self._spline
        kind, box = "spline", {"bins": spline["bins"], "bound": spline["bound"]}
        if len(self.angles) == features:
            kind, box = "circular_spline", {"bins": spline["bins"]}
        elif self.angles:
            kind, box["angles"] = "mixed_spline", tuple(place in self.angles for place in range(features))
        if spline["form"] == "coupling":
            return Coupling(features, kind, mask=("even", "odd")[index % 2], options=box, **options)
        order = ("forward", "reverse")[index % 2]
        networks: dict[str, Any] = {"order": order, "residual": spline["residual"], "passes": spline["passes"]}
        return Autoregressive(features, kind, options=box, **networks, **options)


def _places(circular, features):
    """The places of the features that are angles."""
    if isinstance(circular, bool):
        return tuple(range(features)) if circular else ()
    try:
        kinds = {isinstance(place, (bool, np.bool_)) for place in circular}
        places = tuple(sorted({int(place) for place in circular})) if kinds <= {False} else (-1,)
    except (TypeError, ValueError):
        places = (-1,)
    if not all(0 <= place < features for place in places):
        raise InputError(
            f"circular is True, False or lists those of the features 0 to {features - 1} that are angles. "
            f"Received: {circular!r}."
        )
    return places


def _base(angles, features, dtype):
    """Uniform on the circle for angles, standard normal for the rest, in the order of the features."""
    edge, parts = tf.constant(math.pi, dtype), []
    for circular, places in itertools.groupby(range(features), lambda place: place in angles):
        zeros = tf.zeros([len(list(places))], dtype)
        part = tfd.Uniform(zeros - edge, zeros + edge) if circular else tfd.Normal(zeros, tf.ones_like(zeros))
        parts.append(tfd.Independent(part, 1))
    return parts[0] if len(parts) == 1 else tfd.Blockwise(parts)
