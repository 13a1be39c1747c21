"""What is told of a table's columns before anything learns from them."""

import numpy as np

from ..core.seeds import spread
from .sources.account import some

FAR = 20.0  # standard deviations from the mean
OFTEN = 0.2  # of the rows have the same value
UNLIKE = 1e3  # times the scale of another column
MANY = 1000  # columns; the pairs of more take too long
ROWS = 2**15  # that are looked at for columns that tell the same


def remarks(x, names, standardized):
    """A line for each kind of column that spoils a density: constant, repeated, far out, of another scale.

    Args:
        x: [rows, columns] float32.
        names: of the columns.
        standardized: whether the model brings them to one scale.

    Example:
        >>> x = np.array([[0.0, 1.0, 5.0], [1.0, 3.0, 5.0], [3.0, 7.0, 5.0], [2.0, 5.0, 5.0]])
        >>> for line in remarks(x, ("a", "b", "c"), standardized=True):
        ...     print(line)
        warning: columns of one value, of which a density grows without bound: 'c' (5); leave them out
        warning: columns that tell the same, so that a density grows without bound: 'a' and 'b'; leave one out
    """
    x = np.asarray(x)
    lowest, highest = x.min(axis=0), x.max(axis=0)
    constant = lowest == highest
    mean, deviation = x.mean(axis=0, dtype="float64"), x.std(axis=0, dtype="float64")
    moving = np.flatnonzero(~constant & (deviation > 0))
    lines = []
    if constant.any():
        listed = some([f"{names[place]!r} ({lowest[place]:.6g})" for place in np.flatnonzero(constant)])
        lines.append(f"warning: columns of one value, of which a density grows without bound: {listed}; leave them out")
    lines += _same(x, names, moving, mean, deviation)
    lines += _frequent(x, names, moving)
    distance = np.maximum(highest - mean, mean - lowest)
    far = [place for place in moving if distance[place] > FAR * deviation[place]]
    if far:
        listed = some([
            f"{names[place]!r} ({distance[place] / deviation[place]:.0f} in row "
            f"{int(np.argmax(np.abs(x[:, place] - mean[place])))})" for place in far
        ])  # fmt: skip
        lines.append(
            f"warning: values far from the rest, in standard deviations: {listed}; check them, or take the column's "
            "logarithm"
        )
    if len(moving) and not standardized:
        lines += _scales(names, moving, mean, deviation)
    return lines


def _same(x, names, moving, mean, deviation):
    """Columns of which one is a linear function of the other."""
    if len(moving) > MANY:
        return []
    z = (x[spread(len(x), ROWS)][:, moving] - mean[moving]) / deviation[moving]
    z = z - z.mean(axis=0)
    length = np.sqrt(np.square(z).sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        alike = np.abs(z.T @ z) / np.outer(length, length) > 1 - 1e-6
    pairs = [(moving[one], moving[two]) for one, two in zip(*np.nonzero(np.triu(alike, 1)), strict=True)]
    if not pairs or len(x) < 3:
        return []
    listed = some([f"{names[one]!r} and {names[two]!r}" for one, two in pairs])
    return [f"warning: columns that tell the same, so that a density grows without bound: {listed}; leave one out"]


def _frequent(x, names, moving):
    """Columns of which many rows have the same value."""
    found = []
    for place in moving if len(x) >= 20 else ():
        values, counts = np.unique(x[:, place], return_counts=True)
        most = int(np.argmax(counts))
        if counts[most] > OFTEN * len(x):
            found.append(f"{names[place]!r} ({values[most]:.6g} in {100 * counts[most] / len(x):.0f} % of the rows)")
    told = "warning: columns in which one value is frequent, at which a density grows without bound"
    return [f"{told}: {some(found)}; add noise of a rounding's size, or leave them out"] if found else []


def _scales(names, moving, mean, deviation):
    """Columns of scales far from each other, or from 1."""
    sizes = np.maximum(np.abs(mean), deviation)[moving]
    small, large = int(np.argmin(deviation[moving])), int(np.argmax(sizes))
    if (
        sizes[large] < UNLIKE * deviation[moving][small]
        and sizes[large] < UNLIKE
        and deviation[moving][small] * UNLIKE > 1
    ):
        return []
    return [
        f"warning: columns of other scales: {names[moving[small]]!r} has a deviation of "
        f"{deviation[moving][small]:.3g}, {names[moving[large]]!r} values about {sizes[large]:.3g}; "
        "--set standardize=True brings them to one"
    ]
