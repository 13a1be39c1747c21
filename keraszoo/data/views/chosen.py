"""Some of the examples of a split."""

import tensorflow as tf


class Chosen:
    """The examples of an ArraySplit or FileSplit at these rows, in the order of `rows`.

    Args:
        part: the split.
        rows: [size] integers.
    """

    def __init__(self, part, rows):
        self._part, self._rows = part, tf.constant(rows, tf.int64)
        self.size, self.shapes, self.dtypes = len(rows), part.shapes, part.dtypes
        self.parallel_calls = part.parallel_calls

    def gather(self, indices):
        """`{feature: [batch, ...]}` of the examples at `indices` [batch]."""
        return self._part.gather(tf.gather(self._rows, indices))
