"""What one replica, or one worker, must know of the others: the global batch, noise of its own, and who writes."""

import contextlib
import functools
import threading
from collections.abc import Sequence

import keras
import tensorflow as tf

from ..core.types import Array

SEED_STRIDE = 1000003  # prime, so that the seeds of many replicas and generators do not meet

_step = threading.local()  # of the step under way; each replica is traced in a thread of its own


@contextlib.contextmanager
def part_of_batch(weights, present):
    """Inside, `global_mean` and the layers know the replica's part of the batch.

    Args:
        weights: [examples] float32, or None where all are 1.
        present: 0.0 where the part stands in for an empty one, else 1.0; None where no part is empty.
    """
    _step.weights, _step.present = weights, present
    try:
        yield
    finally:
        _step.weights = _step.present = None


def global_mean(values: Array) -> tf.Tensor:
    """The weighted mean over the examples of the global batch: [examples, ...] -> [...] float32.

    It is the same on every replica, and gradients flow through it to all of them.
    """
    values = tf.cast(values, tf.float32)
    weights = getattr(_step, "weights", None)
    weights = tf.ones(tf.shape(values)[:1]) if weights is None else weights
    total, weight = sum_over_replicas([tf.tensordot(weights, values, 1), tf.reduce_sum(weights)])
    return tf.math.divide_no_nan(total, weight)


def global_rows(values):
    """The examples of all replicas, in their order: [examples, ...] -> ([batch, ...], first).

    This replica's examples are those from `first` on, an int32 scalar. Those that stand in for an empty part are not
    among them. Gradients flow to all replicas.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return values, tf.constant(0)
    present = getattr(_step, "present", None)
    count = tf.shape(values)[0] * tf.cast(1.0 if present is None else present, tf.int32)
    replica = context.replica_id_in_sync_group
    (counts,) = sum_over_replicas([tf.one_hot(replica, context.num_replicas_in_sync) * tf.cast(count, tf.float32)])
    counts = tf.cast(counts, tf.int32)
    first = tf.reduce_sum(counts[:replica])
    outside = [[first, tf.reduce_sum(counts) - first - count]] + [[0, 0]] * (values.shape.rank - 1)
    (together,) = sum_over_replicas([tf.pad(values[:count], outside)])
    return together, first


def global_moments(values):
    """Mean and variance of each channel over everything else, on all replicas: [..., channels] -> 2 x [channels].

    Every value counts alike, except those that stand in for an empty part.
    """
    values = tf.cast(values, tf.float32)
    axes = list(range(values.shape.rank - 1))
    count = tf.cast(tf.size(values) // values.shape[-1], tf.float32)
    total, count = global_sums([tf.reduce_sum(values, axes), count])
    mean = total / count
    (squares,) = global_sums([tf.reduce_sum(tf.square(values - mean), axes)])
    return mean, squares / count


def global_sums(sums: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """The sums over all replicas of what each summed over its examples, float32; stand-ins for a part do not count."""
    present = getattr(_step, "present", None)
    scale = 1.0 if present is None else present
    return sum_over_replicas([scale * tf.cast(part, tf.float32) for part in sums])


def sum_over_replicas(values):
    """The sums over all replicas, of each tensor of a list; differentiable."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return values
    return context.all_reduce(tf.distribute.ReduceOp.SUM, values)


def apply_gradients(optimizer, pairs):
    """A step of a Keras optimizer with [(gradient, variable), ...] of this replica.

    One replica alone sums nothing over replicas: Keras would, by an operation with a custom gradient, which TensorFlow
    keeps, with its whole graph, for the life of the process (5 MB for each training). A scaled loss needs Keras' way.
    """
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync > 1 or isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer.apply_gradients(pairs)
    else:
        context.merge_call(lambda strategy: optimizer.apply_gradients(pairs))


# ------------------------------------------------------------------ noise


def separate_replicas(model):
    """Gives each replica a noise stream of its own, in every SeedGenerator of the model and of its layers.

    Keras starts a SeedGenerator (and so Dropout, GaussianNoise, ...) with the same state on every replica: all of them
    would draw the same noise. Replica r continues from replica 0's seed + 1000003 r, also when replica 0 is on another
    worker. Calling it again changes nothing; call it after restoring a state.
    """
    strategy = model.distribute_strategy
    states = [v.value for v in model.non_trainable_variables if v.name == "seed_generator_state"]
    if not states or strategy.num_replicas_in_sync == 1:
        return

    def shift():
        context = tf.distribute.get_replica_context()
        replica = tf.cast(context.replica_id_in_sync_group, tf.int64)
        for state in states:
            own = tf.cast(state, tf.int64) * tf.cast(replica == 0, tf.int64)
            first = context.all_reduce(tf.distribute.ReduceOp.SUM, own)  # replica 0's, on every replica
            state.assign(tf.cast(first + tf.stack([replica * SEED_STRIDE, tf.zeros([], tf.int64)]), state.dtype))

    strategy.run(tf.function(shift, autograph=False))


# ------------------------------------------------------------------ workers


def is_chief(strategy):
    """Whether this process writes the run: the cluster's chief or, without one, worker 0; any other process alone."""
    return rank_of(strategy)[0] == 0


def rank_of(strategy):
    """(place of this process, number of processes) among those that train together."""
    resolver = strategy.cluster_resolver
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy) or not resolver.cluster_spec():
        return 0, 1
    jobs = resolver.cluster_spec().as_dict()
    first = len(jobs.get("chief", ())) if resolver.task_type == "worker" else 0
    return first + resolver.task_id, sum(map(len, jobs.values()))


def sum_over_workers(strategy, number):
    """The sum of an integer that every worker passes; all of them must call it, and none returns before all have."""
    _, workers = rank_of(strategy)
    if workers == 1:
        return number
    total = _adder(strategy)(tf.constant(number, tf.int64))
    return int(total) // (strategy.num_replicas_in_sync // workers)


@functools.cache
def _adder(strategy):
    def add(value):
        return strategy.reduce("SUM", strategy.run(tf.identity, args=(value,)), axis=None)

    return tf.function(add, autograph=False)
