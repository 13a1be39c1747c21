"""The arrays that a user gives to `fit`, as batches that are gathered inside the training step."""

import dataclasses
import functools
import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..replicas import is_chief, rank_of, sum_over_workers
from .resident import RESIDENT_LIMIT


class ArraysInMemory:
    """What `fit` was given as arrays, in memory beside the model: no iterator, and many steps in one graph.

    The batches are Keras' own in number and size, the smaller last one included. Every pass has an order of its own,
    which follows from `keras.utils.set_random_seed` and is the same on any number of replicas.

    Attributes:
        plan: makes a batch of `values`; one object for all arrays that are batched alike, so that one graph serves
            them.
        steps_per_epoch: batches in one pass.
    """

    def __init__(self, data: Any, batch_size: int, shuffle: bool, seed: int) -> None:
        """
        Args:
            data: x, (x, y) or (x, y, weights), each an array or a structure of arrays [examples, ...].
            batch_size: of all but the last batch, on all replicas together.
            shuffle: whether each pass has an order of its own, or all that of the arrays.
            seed: of the orders.
        """
        self.plan = _plan(batch_size, shuffle)
        self.steps_per_epoch = math.ceil(len(tf.nest.flatten(data)[0]) / batch_size)
        self._bytes = sum(part.nbytes for part in tf.nest.flatten(data) if part is not None)
        data = tf.nest.map_structure(lambda part: None if part is None else tf.convert_to_tensor(part), data)
        self._values = {"data": data, "seed": tf.constant(seed, tf.int64)}

    def values(self, strategy: tf.distribute.Strategy) -> dict:
        """What `plan.batch` takes."""
        return self._values

    def is_resident(self, strategy: tf.distribute.Strategy) -> bool:
        """Whether steps gather their own batches: of one replica, and up to RESIDENT_LIMIT (1 GiB)."""
        return strategy.num_replicas_in_sync == 1 and self._bytes <= RESIDENT_LIMIT

    def dataset(self) -> tf.data.Dataset:
        """The same batches without end as a dataset, for a strategy to divide."""
        steps = tf.data.Dataset.zip(tf.data.Dataset.counter(), tf.data.Dataset.from_tensors(self._values).repeat())
        batches = steps.map(lambda step, values: self.plan.batch(values, step), num_parallel_calls=tf.data.AUTOTUNE)
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
        return batches.prefetch(tf.data.AUTOTUNE).with_options(options)


@dataclasses.dataclass(frozen=True)
class Plan:
    """Which rows each step reads."""

    batch_size: int
    shuffle: bool

    def batch(self, values: dict, step: Any) -> Any:
        """The batch of a training step, counted from the start of the first epoch."""
        arrays, size = values["data"], self.batch_size
        first = tf.nest.flatten(arrays)[0]
        count = tf.shape(first, tf.int64)[0]
        passes, place = step // -(-count // size), step % -(-count // size) * size
        rows = tf.range(place, tf.minimum(place + size, count))
        if self.shuffle:
            rows = tf.random.experimental.index_shuffle(rows, tf.stack([values["seed"], passes]), count - 1)
        if first.shape[0] is not None and first.shape[0] % size == 0:
            rows = tf.ensure_shape(rows, [size])
        return tf.nest.map_structure(lambda array: None if array is None else tf.gather(array, rows), arrays)


#: one object for each: TensorFlow traces for each object anew
_plan = functools.cache(Plan)


def in_memory(arguments: dict, strategy: tf.distribute.Strategy) -> ArraysInMemory | None:
    """The arrays among the arguments of `fit`, taken out of them; None where Keras must read what there is.

    Keras does where x is no array of numbers, with class weights, with an order that is neither shuffled nor the
    arrays' own, and where an epoch asks for more steps than there are batches.

    Args:
        arguments: those of `fit`, by name. Where arrays are returned, x, y, sample_weight, batch_size and
            validation_split are no longer among them, and what was split off is validation_data.
        strategy: that of the model.
    """
    data = keras.utils.pack_x_y_sample_weight(*(arguments.get(name) for name in ("x", "y", "sample_weight")))
    shuffle = arguments.get("shuffle", True)
    if arguments.get("class_weight") is not None or not isinstance(shuffle, bool) or not _are_arrays(data):
        return None
    splits = bool(arguments.get("validation_split")) and arguments.get("validation_data") is None
    count = len(tf.nest.flatten(data)[0])
    kept = math.floor(count * (1.0 - arguments["validation_split"])) if splits else count
    if not 0 < kept <= count or splits and kept == count:
        return None
    size, steps = arguments.get("batch_size"), arguments.get("steps_per_epoch")
    size = size or (math.ceil(kept / steps) if steps else 32)
    if not isinstance(size, int) or size < 1 or (steps or 0) > math.ceil(kept / size):
        return None
    if splits:
        arguments["validation_data"] = _rows(data, slice(kept, None))
    arguments["validation_batch_size"] = arguments.get("validation_batch_size") or size
    for name in ("x", "y", "sample_weight", "batch_size", "validation_split"):
        arguments.pop(name, None)
    seed = int(tf.random.uniform([], maxval=2**31 - 1, dtype=tf.int32))
    if rank_of(strategy)[1] > 1:  # all workers read in the chief's order
        seed = sum_over_workers(strategy, seed * is_chief(strategy))
    return ArraysInMemory(tf.nest.map_structure(_as_keras_reads, _rows(data, slice(kept))), size, shuffle, seed)


def _are_arrays(data):
    parts = [part for part in tf.nest.flatten(data) if part is not None]
    numbers = all(isinstance(part, np.ndarray) and part.ndim and part.dtype.kind in "fiub" for part in parts)
    return numbers and len({len(part) for part in parts}) == 1


def _rows(data, rows):
    return tf.nest.map_structure(lambda part: None if part is None else part[rows], data)


def _as_keras_reads(array):
    return array.astype(keras.config.floatx(), copy=False) if array is not None and array.dtype.kind == "f" else array
