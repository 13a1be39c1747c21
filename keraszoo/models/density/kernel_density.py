"""Kernel density estimation: a small density around each example.

Rosenblatt (1956); Parzen, "On Estimation of a Probability Density Function and Mode" (1962); Silverman, "Density
Estimation for Statistics and Data Analysis" (1986).
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy import optimize, spatial

from ...bijectors.elementwise.bounds import checked_bounds
from ...core.checks import positive_integers, real_numbers
from ...core.errors import InputError, closest
from ...core.model import takes
from ...core.seeds import spread
from ...core.types import Array, Targets
from ...core.updates import ClosedForm, Gradient
from .bandwidths import effective_count, improved_sheather_jones, scott, silverman
from .density import Density, example_weights, uniforms
from .kernels import KERNELS

RULES = ("scott", "silverman", "isj", "likelihood")
COVARIANCES = ("diag", "full")
VALUES = 2**22  # distances that are computed at a time, 16 MiB of float32
ROUNDING = 1e-12  # of numbers, what a constant feature or one that follows from others is left with
COMPARED = 2000  # examples on which the bandwidth of the greatest likelihood is found


@keras.saving.register_keras_serializable("keraszoo")
class KernelDensity(Density):
    """p(x) = sum_i w_i K(x - x_i), with a kernel K of some bandwidth around each example x_i.

    There is nothing to be learned by gradients: the first `fit`, or `adapt`, keeps the examples and measures the
    bandwidth, and an epoch only tells the density of the examples, each with its own kernel.

    Args:
        event_shape: shape of one example.
        kernel: "gaussian", "exponential", "tophat", "epanechnikov", "linear" or "cosine"; of the distance, as in
            scikit-learn, and a standard deviation or a radius of 1 before the bandwidth.
        bandwidth: a number; one for each feature; a matrix [size, size], the covariance of a Gaussian kernel; or a
            rule that measures it: "scott" or "silverman", in standard deviations of each feature; "isj", each feature's
            own, as Botev et al. do (`bandwidths.improved_sheather_jones`); "likelihood", the multiple of Scott's
            with the greatest leave-one-out likelihood.
        covariance: "diag", or "full": rules then give a multiple of the data's covariance, not of its diagonal.
        examples: how many are kept at most, evenly spread over all that there are.
        bounds: {feature: (lowest, highest)}, None for no bound on that side: the density is 0 beyond, and what the
            kernels have there is reflected.
        periods: {feature: period}, of angles in radians 2 pi: the density goes around. Kernels are at most as wide as
            reflections and rounds make up for: a Gaussian's standard deviation a third of the interval or the period.

    Raises:
        InputError: (a ValueError) for unknown names and impossible numbers, and where a rule finds no bandwidth.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(1000, 2)).astype("float32")
        >>> density = KernelDensity((2,), bandwidth="silverman")
        >>> density.adapt(x)
        >>> density.log_prob(x[:5]).shape, density.sample(3, seed=0).shape
        (TensorShape([5]), TensorShape([3, 2]))
    """

    def __init__(
        self,
        event_shape: Sequence[int],
        *,
        kernel: str = "gaussian",
        bandwidth: Any = "scott",
        covariance: str = "diag",
        examples: int = 10_000,
        bounds: Any = None,
        periods: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(event_shape, **kwargs)
        for name, value, known in (("kernel", kernel, KERNELS), ("covariance", covariance, COVARIANCES)):
            if value not in known:
                raise InputError(f"Unknown {name}. Received: {name}={value!r}. {closest(str(value), known)}")
        self.kernel, self.covariance = KERNELS[kernel], covariance
        self.rule = bandwidth if isinstance(bandwidth, str) else None
        self.given = None if self.rule else _checked_bandwidth(bandwidth, self.size)
        if self.rule and self.rule not in RULES:
            raise InputError(f"Unknown bandwidth. Received: {bandwidth!r}. {closest(bandwidth, RULES)}")
        if self.rule == "isj" and (covariance == "full" or kernel != "gaussian"):
            raise InputError(
                "The rule 'isj' measures each feature by itself, for Gaussian kernels. Received: "
                f"kernel={kernel!r}, covariance={covariance!r}. Nearest: bandwidth='likelihood'."
            )
        self.examples_kept = positive_integers("examples", [examples])[0]
        self.noise_size = 1 + 2 * self.size
        self.bounds = checked_bounds(bounds, self.size) if bounds else {}
        self.periods = _checked_periods(periods, self.size) if periods else {}
        if set(self.bounds) & set(self.periods) or len(self.bounds) + len(self.periods) > 6:
            raise InputError(
                "Bounds and periods are those of different features, and each makes up to three images of every query: "
                f"six features may have one. Received: bounds={bounds!r}, periods={periods!r}."
            )
        self.points = self.variable("points", (self.examples_kept, self.size))
        even = keras.initializers.Constant(-math.log(self.examples_kept))
        self.log_weights = self.variable("log_weights", (self.examples_kept,), even)
        self.center = self.variable("center", (self.size,))
        self.scale_tril = self.variable("scale_tril", (self.size, self.size), keras.initializers.Identity())

    # ------------------------------------------------------------------ what is measured

    @property
    def rows_measured(self) -> int:
        return self.examples_kept

    def adapt(self, x: Array, y: Targets | None = None, sample_weight: Array | None = None) -> None:
        """Keeps these examples [n, *event_shape], with their weights [n] >= 0, and measures the bandwidth on them."""
        rows = self._folded(self._examples(x))
        self._check_inside(rows)
        weights = example_weights(len(rows), sample_weight)
        kept = spread(len(rows), self.examples_kept)
        rows, weights = rows[kept], weights[kept] / weights[kept].sum()
        center = np.average(rows, axis=0, weights=weights)
        self.center.assign(center)
        self.points.assign(np.pad(rows - center, [(0, self.examples_kept - len(rows)), (0, 0)]))
        with np.errstate(divide="ignore"):
            self.log_weights.assign(np.log(np.pad(weights, (0, self.examples_kept - len(rows)))))
        self.scale_tril.assign(self._measured(rows - center, weights))
        if self.rule == "likelihood":
            self._widen(rows, weights)
        self._check_width()
        self.adapted.assign(1.0)

    def _check_inside(self, rows):
        for place, (low, high) in self.bounds.items():
            column, ends = rows[:, place], (-math.inf if low is None else low, math.inf if high is None else high)
            if column.min() < ends[0] or column.max() > ends[1]:
                raise InputError(
                    f"{type(self).__name__} as configured takes values inside bounds=. Received: feature {place} from "
                    f"{column.min():g} to {column.max():g}. Drop those rows, or move the bounds."
                )

    def _check_width(self):
        """Kernels that a rule made too wide for their interval or period are narrowed, given ones are refused."""
        factor = self.scale_tril.numpy()
        widths = {place: high - low for place, (low, high) in self.bounds.items() if None not in (low, high)}
        for place, width in {**widths, **self.periods}.items():
            found, most = np.linalg.norm(factor[place]), width / self.kernel.reach
            if found > most and self.given is not None:
                raise InputError(
                    f"Kernels at bounds or around a period of width {width:g} have a bandwidth of {most:g} at most. "
                    f"Received: {found:g} of feature {place}."
                )
            factor[place] *= min(1.0, most / found)
        self.scale_tril.assign(factor)

    def _measured(self, rows, weights):
        """The lower factor of the covariance of the kernels."""
        if self.given is not None:
            return np.linalg.cholesky(self.given)
        if self.rule == "isj":
            widths = [improved_sheather_jones(column, weights) if np.ptp(column) else None for column in rows.T]
            if None in widths:
                raise InputError(
                    f"The rule 'isj' finds no bandwidth for feature {widths.index(None)} of {len(rows)} examples. "
                    "Nearest: bandwidth='silverman'."
                )
            return np.diag(widths)
        count = effective_count(weights)
        factor = (silverman if self.rule == "silverman" else scott)(count, self.size)
        unbiased = 1.0 / max(1.0 - 1.0 / count, 1e-3) if count > 1 else 1.0
        covariance = unbiased * (rows * weights[:, None]).T @ rows
        for place, period in self.periods.items():
            covariance[place, place] = _circular_variance(rows[:, place], weights, period)
        if self.covariance == "diag":
            covariance = np.diag(np.diag(covariance))
        differ = np.sqrt(np.diag(covariance)) > ROUNDING * np.abs(self.center.numpy())
        if not differ.all() or not (np.linalg.eigvalsh(covariance) > ROUNDING * np.trace(covariance)).all():
            raise InputError(
                f"The rule {self.rule!r} takes features that differ, and none that follows from the others. "
                f"Received: {len(rows)} examples with standard deviations from {np.sqrt(np.diag(covariance).min()):g} "
                f"to {np.sqrt(np.diag(covariance).max()):g}. Nearest: bandwidth=0.1."
            )
        return factor * np.linalg.cholesky(covariance)

    def _widen(self, rows, weights):
        """The multiple of Scott's bandwidth that is most likely when each example is left out of its own density."""
        start, chosen = np.array(self.scale_tril.numpy()), spread(len(rows), COMPARED)
        others = tf.constant(rows[chosen], self.precision)

        def loss(log_factor):
            self.scale_tril.assign(math.exp(log_factor) * start)
            left = self._log_density(others, chosen).numpy().astype("float64")
            return -np.average(np.maximum(left, -1e4), weights=weights[chosen])

        best = optimize.minimize_scalar(loss, bounds=(math.log(0.02), math.log(5.0)), options={"xatol": 1e-3})
        self.scale_tril.assign(math.exp(best.x) * start)

    @takes("inputs")
    def leave_one_out(self, x: Array) -> np.ndarray:
        """log density of examples that were kept, each without its own kernel: [n, *event_shape] -> [n] float64.

        The kernel that is left out is that of the nearest example.
        """
        kept = np.flatnonzero(np.isfinite(self.log_weights.numpy()))
        if len(kept) < 2:
            raise InputError(f"One example is left out of two or more that were kept. Received: {len(kept)}.")
        rows = self._rows(x)
        centred = np.asarray(self._folded(rows)) - self.center.numpy()
        nearest = spatial.KDTree(self.points.numpy()[kept]).query(centred)[1]
        return np.asarray(self._log_density(rows, kept[nearest]), "float64")

    def updates(self) -> dict[str, Gradient | ClosedForm]:
        return {}

    # ------------------------------------------------------------------ the density

    def log_density(self, rows: Array) -> tf.Tensor:
        return self._log_density(rows)

    def _log_density(self, rows, own=None):
        """log_density; given the places `own` [n] of examples, that of all others, one left out for each row."""
        points, scale = tf.convert_to_tensor(self.points), tf.convert_to_tensor(self.scale_tril)
        inverse = tf.linalg.triangular_solve(scale, tf.eye(self.size, dtype=self.precision))
        white, log_weights = tf.matmul(points, inverse, transpose_b=True), tf.convert_to_tensor(self.log_weights)
        log_scale = tf.reduce_sum(tf.math.log(tf.linalg.diag_part(scale)))
        inside, images = self._images(rows)
        found = []
        for image in images:
            queries = tf.matmul(image - tf.convert_to_tensor(self.center), inverse, transpose_b=True)
            found.append(self._log_sums(queries, white, log_weights, own))
        log_sum = found[0] if len(found) == 1 else tf.reduce_logsumexp(tf.stack(found), axis=0)
        if own is not None:
            log_sum -= tf.math.log1p(-tf.exp(tf.gather(log_weights, own)))
        return tf.where(inside, log_sum + (self.kernel.log_constant(self.size) - log_scale), -math.inf)

    def _log_sums(self, queries, points, log_weights, own=None):
        """log sum_i w_i K(|query - point_i|) of each query [n, size], in pieces of bounded size."""
        piece = max(1, VALUES // (self.examples_kept * self.size))

        def of(part):
            some = queries[part]
            squares = tf.reduce_sum(tf.math.squared_difference(some[:, None], points[None]), axis=2)
            logs = self.kernel.log_profile(squares) + log_weights
            if own is not None:  # as a difference of sums the others' would have no digits left
                logs = tf.where(tf.one_hot(own[part], len(points), True, False, dtype=tf.bool), -math.inf, logs)
            return tf.reduce_logsumexp(logs, axis=1)

        if queries.shape[0] is not None and queries.shape[0] <= piece:
            return of(slice(None))
        own = None if own is None else tf.constant(own)
        count = tf.shape(queries)[0]
        pieces = (count + piece - 1) // piece
        parts = tf.TensorArray(self.precision, pieces, infer_shape=False, element_shape=[None])

        def body(number, parts):
            return number + 1, parts.write(number, of(slice(number * piece, (number + 1) * piece)))

        _, parts = tf.while_loop(lambda number, _: number < pieces, body, (0, parts), parallel_iterations=1)
        return tf.ensure_shape(parts.concat(), queries.shape[:1])

    def _images(self, rows):
        """Whether each row is inside the bounds, and the rows with their reflections and shifts."""
        inside, choices = tf.ones(tf.shape(rows)[:1], tf.bool), []
        for place, (low, high) in self.bounds.items():
            column, mirrors = rows[:, place], [end for end in (low, high) if end is not None]
            for end, compare in ((low, tf.greater_equal), (high, tf.less_equal)):
                inside &= True if end is None else compare(column, end)
            choices.append([(place, 1.0, 0.0), *((place, -1.0, 2.0 * end) for end in mirrors)])
        rows = self._folded(rows)
        for place, period in self.periods.items():
            choices.append([(place, 1.0, shift) for shift in (0.0, -period, period)])
        images = []
        for chosen in itertools.product(*choices):
            factor, shift = np.ones(self.size), np.zeros(self.size)
            for place, by, to in chosen:
                factor[place], shift[place] = by, to
            images.append(rows * tf.constant(factor, self.precision) + tf.constant(shift, self.precision))
        return inside, images

    def _folded(self, rows):
        """Rows whose periodic features lie in [-period / 2, period / 2): arrays or tensors."""
        if not self.periods:
            return rows
        columns = [rows[:, place] for place in range(self.size)]
        for place, period in self.periods.items():
            columns[place] = (columns[place] + 0.5 * period) % period - 0.5 * period
        return (np if isinstance(rows, np.ndarray) else tf).stack(columns, axis=1)

    # ------------------------------------------------------------------ samples

    def of_noise(self, noise: Array) -> tf.Tensor:
        ends = tf.cumsum(tf.exp(tf.convert_to_tensor(self.log_weights)))
        uniform = uniforms(noise)
        chosen = tf.searchsorted(ends, uniform[:, 0] * ends[-1])
        chosen = tf.minimum(chosen, self.examples_kept - 1)
        around = self.kernel.draws(noise[:, 1 : 1 + self.size], uniform[:, 1 + self.size :])
        moved = tf.matmul(around, tf.convert_to_tensor(self.scale_tril), transpose_b=True)
        rows = tf.gather(tf.convert_to_tensor(self.points), chosen) + tf.convert_to_tensor(self.center) + moved
        columns = [rows[:, place] for place in range(self.size)]
        for place, (low, high) in self.bounds.items():
            columns[place] = _reflected(columns[place], low, high)
        return self._folded(tf.stack(columns, axis=1))


def _checked_periods(periods, size):
    """`{feature: period}`; InputError for anything else."""
    try:
        periods = {int(place): float(period) for place, period in dict(periods).items()}
    except (TypeError, ValueError) as error:
        raise InputError(f"periods is a dictionary {{feature: period}}. Received: {periods!r}.") from error
    for place, period in periods.items():
        if not (0 <= place < size and 0 < period < math.inf):
            raise InputError(
                f"Features from 0 to {size - 1} may have a period > 0. Received: {period} of feature {place}."
            )
    return periods


def _reflected(column, low, high):
    """Numbers beyond the bounds, as a mirror at the bound shows them."""
    column = column if low is None else tf.maximum(column, 2.0 * low - column)
    column = column if high is None else tf.minimum(column, 2.0 * high - column)
    return column if low is None else tf.maximum(column, low)


def _circular_variance(column, weights, period):
    """-2 log R in squared units of an angle, R the length of the mean direction: the variance of a wrapped normal."""
    angle = 2.0 * np.pi * column / period
    length = abs(np.sum(weights * np.exp(1j * angle)))
    return -2.0 * math.log(min(max(length, 1e-12), 1.0)) * (period / (2.0 * np.pi)) ** 2


def _checked_bandwidth(bandwidth, size):
    """A given bandwidth as the covariance of the kernels, [size, size]."""
    values = real_numbers("bandwidth", bandwidth)
    if values.ndim < 2 and values.size in (1, size) and (values > 0).all() and np.isfinite(values).all():
        return np.diag(np.broadcast_to(values, size) ** 2)
    symmetric = values.shape == (size, size) and np.allclose(values, values.T)
    if symmetric and (np.linalg.eigvalsh(values) > 0).all():
        return values
    raise InputError(
        f"bandwidth is a number > 0, one for each of the {size} features, a covariance of shape {(size, size)}, or "
        f"one of {', '.join(RULES)}. Received: {bandwidth!r}."
    )
