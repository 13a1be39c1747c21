"""Neural spline flows.

Durkan, Bekasov, Murray and Papamakarios, "Neural Spline Flows" (2019), https://arxiv.org/abs/1906.04032.
"""

import math

import keras
import tensorflow as tf
from tensorflow_probability.python import distributions as tfd

from ...bijectors import Autoregressive, Coupling
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
        circular: whether the features are angles in [-pi, pi): splines of the circle, a uniform base, no `bound`
            (Rezende et al., 2020, https://arxiv.org/abs/2002.02428).
        residual: whether masked networks are made of residual blocks.
        transforms, hidden, ...: as for `VectorFlow`.

    Example:
        >>> flow = NSF((2,), transforms=2, bins=4, hidden=(32,))
        >>> bool(tf.reduce_all(tf.math.is_finite(flow.log_prob([[100.0, -100.0]]))))
        True
    """

    faster_by_xla = True

    def __init__(
        self, event_shape, *, form="autoregressive", bins=8, bound=5.0, circular=False, residual=False, base=None,
        dtype=None, **kwargs,
    ):  # fmt: skip
        if form not in FORMS:
            raise InputError(f"Unknown form. Received: form={form!r}. Known: {', '.join(FORMS)}.")
        self._spline = {"form": form, "bins": bins, "bound": bound, "circular": circular, "residual": residual}
        if circular and base is None:
            edge = tf.fill([math.prod(event_shape)], tf.constant(math.pi, dtype or "float32"))
            base = tfd.Independent(tfd.Uniform(-edge, edge), 1)
        super().__init__(event_shape, base=base, dtype=dtype, **kwargs)

    def transform(self, features, index, **options):
        spline = self._spline
        kind = "circular_spline" if spline["circular"] else "spline"
        box = {"bins": spline["bins"]} | ({} if spline["circular"] else {"bound": spline["bound"]})
        if spline["form"] == "coupling":
            return Coupling(features, kind, mask=("even", "odd")[index % 2], options=box, **options)
        order = ("forward", "reverse")[index % 2]
        return Autoregressive(features, kind, order=order, residual=spline["residual"], options=box, **options)
