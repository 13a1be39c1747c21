"""The histogram as a density: of one, two or three features.

Freedman and Diaconis, "On the Histogram as a Density Estimator" (1981); Scott, "Multivariate Density Estimation"
(1992), whose rules have the exponent -1 / (2 + dimensions).
"""

import functools
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.checks import positive_integers, real_numbers
from ...core.errors import InputError, closest
from ...core.types import Array, Targets
from ...core.updates import ClosedForm, Gradient
from .density import Density, checked_number, example_weights, uniforms

#: the most bins of a feature, by the number of features: 2 MB of counts at most
MOST_BINS = {1: 4096, 2: 256, 3: 64}
RULES = ("fd", "scott")
WIDEST = 2**20  # examples that are looked at for the edges


@keras.saving.register_keras_serializable("keraszoo")
class Histogram(Density):
    """p(x) = (share of the examples in the cell of x) / (volume of the cell); 0 outside the edges.

    The edges are set by the first `fit` or by `adapt`, from the lowest example to the highest; the examples are counted
    in each epoch anew, so that one epoch is enough. Before that each cell is as probable as another.

    Args:
        event_shape: shape of one example, of one to three values.
        bins: "fd" (a width of 2 interquartile ranges, times n^(-1/(2 + d))), "scott" (3.49 standard deviations), a
            number, or one for each feature.
        range: (lowest, highest) edge of the bins, or one such pair for each feature; None: of the examples.
        edges: given edges instead, for each feature a rising list of numbers.
        pseudocount: added to the count of each cell, >= 0, so that no cell within the edges has the density 0.

    Raises:
        InputError: (a ValueError) for more than three values, impossible bins or edges.

    Example:
        >>> x = np.array([[0.0], [0.1], [0.2], [1.0]], "float32")
        >>> histogram = Histogram((1,), bins=2)
        >>> histogram.compile()
        >>> history = histogram.fit(x, verbose=0)
        >>> np.exp(histogram.log_prob(np.array([[0.25], [0.75]], "float32"))).round(3).tolist()
        [1.5, 0.5]
    """

    def __init__(
        self,
        event_shape: Sequence[int],
        *,
        bins: int | str | Sequence[int] = "fd",
        range: Any = None,
        edges: Any = None,
        pseudocount: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(event_shape, **kwargs)
        if self.size not in MOST_BINS:
            raise InputError(
                f"A histogram has one to three features: beyond them nearly all cells are empty. Received: {self.size}."
            )
        self.bins, self.pseudocount = _checked_bins(bins, self.size), checked_number("pseudocount", pseudocount)
        self.range = None if range is None else _checked_range(range, self.size)
        self.given_edges = None if edges is None else _checked_edges(edges, self.size, self.precision)
        counts = self.bins if self.given_edges is None else tuple(len(each) - 1 for each in self.given_edges)
        self.most = MOST_BINS[self.size] if isinstance(counts, str) else max(counts)
        self.edges = self.variable("edges", (self.size, self.most + 1))
        self.used = self.variable("used", (self.size,), "ones")  # bins of each feature
        self.counts = self.variable("counts", (self.most**self.size,))
        start = self.given_edges or [np.linspace(0.0, 1.0, 2)] * self.size
        self._set_edges(start)
        exists = [np.arange(self.most) < len(each) - 1 for each in start]
        self.counts.assign(functools.reduce(np.logical_and.outer, exists).reshape(-1))

    def _set_edges(self, edges):
        padded = [np.concatenate([each, np.full(self.most + 1 - len(each), np.inf)]) for each in edges]
        self.edges.assign(np.stack(padded))
        self.used.assign([len(each) - 1 for each in edges])

    def adapt(self, x: Array, y: Targets | None = None, sample_weight: Array | None = None) -> None:
        """Sets the edges, unless they were given, and counts these examples [n, *event_shape]."""
        rows = self._examples(x)
        weights = example_weights(len(rows), sample_weight)
        if self.given_edges is None:
            columns = zip(
                rows.T, self._bins(rows), [None] * self.size if self.range is None else self.range, strict=True
            )
            self._set_edges([self._edges_of(*column) for column in columns])
        counts = self.statistics(rows, None, weights)["counts"]
        if not self.pseudocount and not np.any(counts):
            raise InputError(
                f"A histogram needs examples between its edges. Received: {len(rows)} from {rows.min():g} to "
                f"{rows.max():g}, none of them there. Nearest: pseudocount=1.0, or other edges."
            )
        self.counts.assign(counts)
        self.adapted.assign(1.0)

    def _bins(self, rows):
        if not isinstance(self.bins, str):
            return self.bins
        return [min(self.most, bins_by_rule(column, self.bins, self.size)) for column in rows.T]

    def _edges_of(self, column, bins, given):
        low, high = (column.min(), column.max()) if given is None else given
        if low == high:
            low, high = low - 0.5, high + 0.5
        edges = np.linspace(low, high, bins + 1)
        # the same numbers in another precision are inside too
        edges[0] = min(low, np.nextafter(np.float32(low), np.float32(-np.inf)))
        edges[-1] = max(high, np.nextafter(np.float32(high), np.float32(np.inf)))
        return np.unique(edges.astype(self.precision))  # bins may be narrower than its numbers tell apart

    @property
    def rows_measured(self) -> int:
        return WIDEST

    def updates(self) -> dict[str, Gradient | ClosedForm]:
        shapes = {"counts": tuple(self.counts.shape)}
        apply = lambda sums: self.counts.assign(sums["counts"])  # noqa: E731
        return {"histogram": ClosedForm(self.statistics, apply, "epoch", shapes, self.precision)}

    def statistics(self, x: Array, y: Targets | None, weights: Array) -> dict[str, tf.Tensor]:
        """The sum of the weights of the examples in each cell."""
        cell, _, inside = self._cells(self._rows(x))
        weights = tf.where(inside, tf.cast(weights, self.precision), 0.0)
        return {"counts": tf.math.unsorted_segment_sum(weights, cell, self.counts.shape[0])}

    def _cells(self, rows):
        """Of each row the number of its cell, the log of the cell's volume, and whether there is one."""
        edges, used = tf.convert_to_tensor(self.edges), tf.cast(tf.convert_to_tensor(self.used), tf.int32)
        columns = tf.transpose(rows)
        last = tf.gather(edges, used, axis=1, batch_dims=1)[:, None]
        inside = tf.reduce_all((columns >= edges[:, :1]) & (columns <= last), axis=0)
        place = tf.searchsorted(edges, columns, side="right") - 1
        place = tf.clip_by_value(place, 0, used[:, None] - 1)  # the last edge belongs to the last bin
        width = tf.gather(edges, place + 1, axis=1, batch_dims=1) - tf.gather(edges, place, axis=1, batch_dims=1)
        powers = tf.constant([self.most ** (self.size - 1 - axis) for axis in range(self.size)])
        return tf.reduce_sum(place * powers[:, None], axis=0), tf.reduce_sum(tf.math.log(width), axis=0), inside

    def log_density(self, rows: Array) -> tf.Tensor:
        cell, log_volume, inside = self._cells(rows)
        counts = tf.convert_to_tensor(self.counts)
        total = tf.reduce_sum(counts) + self.pseudocount * tf.reduce_prod(tf.convert_to_tensor(self.used))
        log_share = tf.math.log(tf.gather(counts, cell) + self.pseudocount) - tf.math.log(total)
        return tf.where(inside, log_share - log_volume, -math.inf)

    def of_noise(self, noise: Array) -> tf.Tensor:
        edges, used = tf.convert_to_tensor(self.edges), tf.cast(tf.convert_to_tensor(self.used), tf.int32)
        exists = tf.sequence_mask(used, self.most)
        weights = tf.reshape(tf.convert_to_tensor(self.counts), [self.most] * self.size) + self.pseudocount
        for axis in range(self.size):
            shape = [self.most if each == axis else 1 for each in range(self.size)]
            weights = tf.where(tf.reshape(exists[axis], shape), weights, 0.0)
        ends = tf.cumsum(tf.reshape(weights, [-1]))
        uniform = uniforms(noise)
        cell = tf.minimum(tf.searchsorted(ends, uniform[:, 0] * ends[-1], side="right"), self.most**self.size - 1)
        columns = []
        for axis in range(self.size):
            place = cell // self.most ** (self.size - 1 - axis) % self.most
            low, high = tf.gather(edges[axis], place), tf.gather(edges[axis], place + 1)
            columns.append(low + uniform[:, 1 + axis] * (high - low))
        return tf.stack(columns, axis=1)


def bins_by_rule(column, rule, dimensions=1):
    """How many bins of equal width a rule gives a feature, >= 1.

    Args:
        column: [n] numbers.
        rule: "fd" or "scott"; where the quartiles are equal, "fd" is "scott".
        dimensions: of the histogram.

    Example:
        >>> column = np.random.default_rng(0).normal(size=1000)
        >>> bins_by_rule(column, "fd") == len(np.histogram_bin_edges(column, "fd")) - 1
        True
    """
    low, quarter, three_quarters, high = np.quantile(column, [0.0, 0.25, 0.75, 1.0])
    width = 2.0 * (three_quarters - quarter)
    if rule == "scott" or width == 0:
        width = (24.0 * math.sqrt(math.pi)) ** (1 / 3) * column.std()
    width *= len(column) ** (-1.0 / (2 + dimensions))
    return max(1, math.ceil((high - low) / width)) if width > 0 and math.isfinite((high - low) / width) else 1


def _checked_bins(bins, size):
    if isinstance(bins, str):
        if bins not in RULES:
            raise InputError(f"Unknown rule for the bins. Received: bins={bins!r}. {closest(bins, RULES)}")
        return bins
    bins = positive_integers("bins", bins)
    bins = bins * size if len(bins) == 1 else bins
    if len(bins) != size or max(bins) > MOST_BINS[size]:
        raise InputError(
            f"bins is a number for all features, or one for each of the {size}, up to {MOST_BINS[size]}. "
            f"Received: {bins}."
        )
    return bins


def _checked_range(given, size):
    pairs = real_numbers("range", given)
    pairs = np.tile(pairs, (size, 1)) if pairs.shape == (2,) else pairs
    if pairs.shape != (size, 2) or not (pairs[:, 0] < pairs[:, 1]).all() or not np.isfinite(pairs).all():
        raise InputError(
            f"range is (lowest, highest), or such a pair for each of the {size} features. Received: {given!r}."
        )
    return pairs


def _checked_edges(edges, size, precision):
    one = np.iterable(edges) and size == 1 and len(edges) and not np.iterable(edges[0])
    edges = [real_numbers("edges", each) for each in ([edges] if one or not np.iterable(edges) else edges)]
    if len(edges) != size or not all(_rising(each, precision) for each in edges):
        raise InputError(
            f"edges are a rising list of two finite {precision} numbers or more for each of the {size} features. "
            f"Received: {[np.ravel(each)[:4].tolist() for each in edges]}."
        )
    if max(map(len, edges)) > MOST_BINS[size] + 1:
        raise InputError(
            f"A histogram of {size} features has up to {MOST_BINS[size]} bins of each. "
            f"Received: {[len(each) for each in edges]} edges."
        )
    return edges


def _rising(edges, precision):
    one_row = edges.ndim == 1 and len(edges) > 1 and np.isfinite(edges).all()
    return one_row and (np.diff(edges.astype(precision)) > 0).all()
