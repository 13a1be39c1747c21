"""A dataset whose training examples come several times in an epoch."""

import numpy as np

from ...core.errors import InputError
from ...data.sources.source import Source
from ..sources.source import ArraySplit


def repeated(source: Source, split: str, times: int) -> Source:
    """The source with the examples of `split` repeated, for few large images of which each step sees a random part.

    An epoch is what stands between two evaluations and two checkpoints; one of 16 images would be over in a few steps.

    Args:
        source: a `Source` in memory.
        split: name of the split; the others stay as they are.
        times: integer >= 1.

    Raises:
        InputError: data that are not in memory, another number.

    Example:
        >>> from keraszoo.data import load, repeated
        >>> repeated(load("digits"), "train", 3).sizes
        {'train': 4311, 'test': 360}
    """
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise InputError(f"Examples are repeated a number of times, an integer >= 1. Received: {times!r}.")
    if not source.in_memory:
        raise InputError(f"Examples are repeated in memory, which {source.name} is too large for.")
    return source.with_splits({split: RepeatedSplit(source.split(split), times)})


class RepeatedSplit(ArraySplit):
    """The examples of an ArraySplit, one after the other, `times` times; memory holds them once."""

    def __init__(self, part, times):
        self._part, self._times = part, times
        self.size, self.stored = times * part.size, part.stored
        self.shapes, self.dtypes = part.shapes, part.dtypes

    def rows(self, indices):
        return self._part.rows(indices % self._part.size)

    def gather(self, indices):
        return self._part.gather(indices % self._part.size)

    def values(self):
        return self._part.values()

    def array(self, feature):
        """All values of one feature, which are copied here: [size, ...]."""
        return np.concatenate([self._part.array(feature)] * self._times)

    def checksum(self):
        return self._part.checksum()
