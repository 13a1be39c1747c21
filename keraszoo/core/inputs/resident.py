"""Training batches that are gathered inside the training step, from data that lie beside the model."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

RESIDENT_LIMIT = 2**30  # bytes of data on each device; more leaves too little of a small GPU to the model


class Resident:
    """The training batches of data in memory as a function of the step, for `ZooModel.fit`: no iterator, no transfer.

    `keraszoo.data.resident` makes them. They are the batches that `keraszoo.data.pipeline.batches` gives.

    Attributes:
        plan: what makes a batch of `values`: itself.
        steps_per_epoch: batches in one epoch.
    """

    def __init__(self, part: Any, steps_per_epoch: int, batch_at: Callable) -> None:
        """
        Args:
            part: the ArraySplit to read.
            batch_at: function of (gather, step, share), as in `batches.py`.
        """
        self._part, self._batch_at = part, batch_at
        self.steps_per_epoch = steps_per_epoch
        self.plan = self
        self._placed = (None, None)

    def values(self, strategy: tf.distribute.Strategy) -> Any:
        """The data, `{feature: [stored, ...]}`, on the device of each replica of this process."""
        if self._placed[0] is not strategy:
            self._placed = strategy, self._place(strategy)
        return self._placed[1]

    def _place(self, strategy):
        # CPUs all use the same memory. TensorFlow gathers no 8- or 16-bit integers on GPUs; all of their values are
        # exact in the types that it does.
        copy = _gatherable if tf.config.list_logical_devices("GPU") else tf.identity

        def placed():
            return strategy.run(lambda: {feature: copy(value) for feature, value in self._part.values().items()})

        return tf.function(placed, autograph=False).get_concrete_function()()  # once: no retracing to warn of

    def batch(self, values: Any, step: Any) -> Any:
        """The batch of a training step, or in a replica its part of it.

        Args:
            values: what `values` gave this replica.
            step: int64 scalar tensor, counted from the start of the first epoch.
        """
        context = tf.distribute.get_replica_context()
        share = (context.replica_id_in_sync_group, context.num_replicas_in_sync)

        def gather(indices):
            rows = self._part.rows(indices)
            return {feature: tf.gather(value, rows) for feature, value in values.items()}

        return self._batch_at(gather, step, share)


def _gatherable(value):
    if value.dtype in (tf.uint8, tf.int8):
        return tf.cast(value, tf.float16)
    return tf.cast(value, tf.float32) if value.dtype in (tf.uint16, tf.int16) else tf.identity(value)
