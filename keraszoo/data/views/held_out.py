"""A dataset of which the last training examples are kept, to choose on what a model does not learn."""

import numpy as np

from ...core.errors import InputError
from ...data.sources.source import Source
from ..sources.source import ArraySplit
from ..sources.tfds import RecordSplit
from .chosen import Chosen


def held_out(source: Source, split: str, count: int) -> tuple[Source, Source]:
    """(the source without the last `count` examples of `split`, and a source that has these alone in that split).

    A threshold that was chosen on examples that a model has learned from is too bold for others. The last ones are
    taken and not random ones, because neighbours in a stack of slices look alike.

    Args:
        source: a `Source`.
        split: name of the split; the others stay as they are.
        count: how many, from 1 to one less than there are; or a share of them, from 0 to 1, which is one at least.

    Raises:
        InputError: another number, or records that are read one after the other.

    Example:
        >>> from keraszoo.data import held_out, load
        >>> [part.sizes["train"] for part in held_out(load("digits"), "train", 37)]
        [1400, 37]
        >>> [part.sizes["train"] for part in held_out(load("digits"), "train", 0.1)]
        [1293, 144]
    """
    part = source.split(split)
    if isinstance(count, float) and 0 < count < 1:
        count = max(1, round(count * part.size))
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count < part.size:
        raise InputError(
            f"Of {part.size} training examples from 1 to {part.size - 1} can be held out. Received: {count!r}. "
            "Nearest: --hold-out 0."
        )
    if isinstance(part, RecordSplit):
        raise InputError(f"Examples are held out of data in memory or in files. Received: {source.name}, in records.")
    rows = np.arange(part.size)
    first, last = (source.with_splits({split: _chosen(source, split, kept)}) for kept in (rows[:-count], rows[-count:]))
    return first, last


def _chosen(source, split, rows):
    part = source.split(split)
    if not source.in_memory:
        return Chosen(part, rows)
    return ArraySplit({feature: source.array(split, feature)[rows] for feature in part.shapes})
