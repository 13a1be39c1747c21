"""A dataset of images whose stored values become 0 to 1 by a window that is given, or measured."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from ...core.errors import InputError
from ...data.sources.source import Source
from ...scaling import DEPTHS, Scaling
from ..sources.tfds import RecordSplit

PERCENTILES = (0.1, 99.9)
VALUES = 2**24  # of the training split, at most, are looked at
FULL = {"uint8": 255.0, "uint16": 65535.0}


def rescaled(source: Source, scale: Any, split: str = "train") -> Source:
    """The source with a window of stored values that models see as 0 to 1; what lies outside is clipped.

    Args:
        source: a `Source` of images.
        scale: "dtype", all that the stored type can hold; "data", from the 0.1st to the 99.9th percentile of the
            training split (of up to 2^24 of its values, spread over it); or "LOW:HIGH" in stored values, such as
            "0:4095" for a camera of 12 bits.
        split: name of the training split.

    Returns:
        A `Source` whose `scaling` is a `keraszoo.scaling.Scaling`.

    Raises:
        InputError: another scale, data that are no images, "dtype" for floating point, "data" for a constant.

    Example:
        >>> from keraszoo.data import load, rescaled
        >>> rescaled(load("digits"), "0:128").scaling
        Scaling(dtype='uint8', low=0.0, high=128.0)
    """
    window = _window(scale)
    if not _has_images(source):
        raise InputError(
            f"A scale is for images. Received: {scale!r} for {source.name}, whose {source.input} has the shape "
            f"{list(source.shapes[source.input])}."
        )
    dtype = stored_as(source)
    if scale == "dtype":
        if dtype not in FULL:
            raise InputError(
                f"{source.name} is stored as {source.dtypes[source.input].name}, whose range no image fills. "
                "Received: scale 'dtype'. Nearest: 'data', or 'LOW:HIGH'."
            )
        window = (0.0, FULL[dtype])
    if scale == "data":
        window = [float(f"{value:.6g}") for value in np.percentile(some_values(source, split), PERCENTILES)]
        if window[0] >= window[1]:
            raise InputError(
                f"{source.name}: scale 'data' needs values that differ. Received: {window[0]:g} nearly everywhere. "
                "Nearest: 'LOW:HIGH'."
            )
    return source.with_scaling(Scaling.of((dtype, *window)))


def recorded(source, scaling):
    """The source as it was scaled before; InputError where it is stored otherwise now.

    Args:
        scaling: a `Scaling`.
    """
    if scaling.dtype != stored_as(source):
        raise InputError(
            f"{source.name} was recorded as images of {DEPTHS[scaling.dtype]}. Received: {DEPTHS[stored_as(source)]}."
        )
    return source.with_scaling(scaling)


def by_dtype(source, split="train"):
    """(the source scaled by what its type holds, a line about images of 16 bits that use few of them, or None)."""
    if not _has_images(source) or stored_as(source) != "uint16":
        return source, None
    highest = int(some_values(source, split).max())
    source = rescaled(source, "dtype", split)
    if highest > FULL["uint16"] / 2:
        return source, None
    return source, (
        f"{source.name}: warning: images of 16 bits whose highest value is {highest} of 65535, so the model sees "
        f"values up to {highest / FULL['uint16']:.2g} only. To use its whole range: --scale data, or "
        f"--scale 0:{2 ** max(1, highest.bit_length()) - 1} for images of {max(1, highest.bit_length())} bits."
    )


def stored_as(source):
    """ "uint8", "uint16", or "float32" for all other numbers."""
    name = source.dtypes[source.input].name
    return name if name in FULL else "float32"


def some_values(source, split):
    """Values of a split's input as they are stored, spread over the split: an array, of any shape."""
    part, shape = source.split(split), source.shapes[source.input]
    count = max(1, min(part.size, VALUES // math.prod(shape)))
    if isinstance(part, RecordSplit):
        step = part.size // count
        examples = part.only([source.input]).in_order().shard(step, 0).take(count)
        return np.stack([example[source.input] for example in examples.as_numpy_iterator()])
    rows = np.linspace(0, part.size - 1, count).astype("int64")
    pieces = (tf.constant(rows[start : start + 64]) for start in range(0, count, 64))
    return np.concatenate([part.gather(piece)[source.input].numpy() for piece in pieces])


def _has_images(source):
    return len(source.shapes[source.input]) == 3


def _window(scale):
    """(low, high) of a scale that says them, else None; InputError for what is no scale."""
    if scale in ("dtype", "data"):
        return None
    try:
        low, high = map(float, scale.split(":"))
        if -math.inf < low < high < math.inf:
            return low, high
    except (ValueError, AttributeError):
        pass
    raise InputError(
        f"A scale is 'dtype', 'data' or 'LOW:HIGH' with LOW < HIGH, such as '0:4095'. Received: {scale!r}."
    )
