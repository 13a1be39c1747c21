"""The factors of which some datasets' examples are made, and which a good code keeps apart."""

import typing

import numpy as np

from ...core.errors import InputError
from ..sources.source import ArraySplit
from .sprites import SIZES


class Factors(typing.NamedTuple):
    """What is known of a dataset's factors.

    Attributes:
        names: of the factors.
        sizes: how many values each has.
        features: names of the dataset's features that hold them, in this order.
    """

    names: tuple
    sizes: tuple
    features: tuple


def _labels(**sizes):
    return Factors(tuple(sizes), tuple(sizes.values()), tuple(f"label_{name}" for name in sizes))


#: by the names of tensorflow-datasets
FACTORS = {
    "shapes": Factors(tuple(SIZES), tuple(SIZES.values()), ("factors",)),
    "dsprites": _labels(shape=3, scale=6, orientation=40, x_position=32, y_position=32),
    "shapes3d": _labels(floor_hue=10, wall_hue=10, object_hue=10, scale=8, shape=4, orientation=15),
}


def known_factors(dataset):
    """The `Factors` of a dataset by the name that `load` takes, or None where none are known.

    Example:
        >>> known_factors("shapes/32").names, known_factors("shapes/32").sizes
        (('shape', 'scale', 'rotation', 'x', 'y'), (3, 6, 20, 16, 16))
        >>> known_factors("digits") is None
        True
    """
    return FACTORS.get(dataset.partition(":")[0].partition("/")[0])


def factor_values(source, split):
    """The factors of every example of a split, in the order of `batches(..., training=False)`.

    Args:
        source: what `load` returned, of a dataset with known factors.
        split: name of one of its splits.

    Returns:
        [size, factors] int64.

    Raises:
        InputError: no known factors, or unknown split.
    """
    part, known = source.split(split), known_factors(source.name)
    if known is None:
        raise InputError(
            f"The factors of this dataset are not known. Received: {source.name}. {datasets_with_factors()}"
        )
    if not isinstance(part, ArraySplit):
        values = part.only(known.features).arrays()
    else:
        values = {feature: part.array(feature) for feature in known.features}
    columns = [values[feature].reshape(part.size, -1) for feature in known.features]
    return np.concatenate(columns, axis=1).astype("int64")


def datasets_with_factors():
    """A sentence for error messages."""
    first, *others = FACTORS
    return f"Those of {first}/32 and {first}/64 are, and of {' and '.join(others)} of tensorflow-datasets."
