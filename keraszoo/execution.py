"""Many steps of a model in one call from Python, on any number of replicas."""

import functools

import tensorflow as tf

from .data.resident_batches import Resident


def many_steps(model, steps, following=None):
    """A function `(batches, limit, first) -> (steps done, {metric: value})` that runs up to `limit` steps in one graph.

    Its `batches` are an iterator, or a `keraszoo.data.Resident` from its step `first` on.

    Keras' own loop fails on several replicas with steps_per_execution > 1, and on several workers at all.

    Args:
        model: a compiled ZooModel, whose strategy, metrics and compile options count.
        steps: the kinds of its steps: functions of a batch, such as `test_step`.
        following: function () -> int32 scalar, which of them is next; None where there is but one.

    Raises:
        StopIteration: by the returned function, when the data has ended.
    """
    strategy = model.distribute_strategy
    if model.jit_compile:
        steps = [tf.function(step, jit_compile=True, reduce_retracing=True, autograph=False) for step in steps]

    def run(batch, *args):
        """The next step on each replica, with the batch that `batch(*args)` makes there of the replica's `args`."""

        def run_one(step):
            strategy.run(lambda *args: step(batch(*args)), args=args)
            return 0

        if following is None:
            run_one(steps[0])
        else:
            tf.switch_case(following(), [functools.partial(run_one, step) for step in steps])

    def metrics():
        # One reduction per execution, not one per metric and step.
        local = strategy.run(lambda: tf.stack([metric.result() for metric in model.metrics]))
        return strategy.reduce("MEAN", local, axis=None)

    def from_iterator(iterator, limit):
        def body(done, batch):
            run(_itself, batch.get_value())
            # Asking for a batch after the last step would lose it.
            following = tf.cond(done + 1 < limit, iterator.get_next_as_optional, lambda: batch)
            return done + 1, following

        def more(done, batch):
            return tf.logical_and(done < limit, batch.has_value())

        done, _ = tf.while_loop(more, body, (0, iterator.get_next_as_optional()), parallel_iterations=1)
        return done, metrics()

    def from_resident(resident, values, first, limit):
        def body(index):
            run(lambda values: resident.batch(values, index), values)
            return index + 1

        tf.while_loop(lambda index: index < first + limit, body, (first,), parallel_iterations=1)
        return limit, metrics()

    def from_batch(batch):
        run(_itself, batch)
        return 1, metrics()

    if not model.run_eagerly:
        from_iterator = tf.function(from_iterator, autograph=False)
        from_resident = tf.function(from_resident, autograph=False)
        from_batch = tf.function(from_batch, reduce_retracing=True, autograph=False)
    resident_values = functools.lru_cache(maxsize=1)(lambda resident: resident.values(strategy))

    def execute(batches, limit, first=None):
        if isinstance(batches, Resident):
            first, limit = tf.constant(first, tf.int64), tf.constant(limit, tf.int64)
            done, values = from_resident(batches, resident_values(batches), first, limit)
        elif isinstance(batches, (tf.data.Iterator, tf.distribute.DistributedIterator)):
            done, values = from_iterator(batches, tf.constant(limit))
        else:  # train_on_batch and test_on_batch
            done, values = from_batch(next(batches))
        if int(done) == 0:
            raise StopIteration
        logs = {metric.name: value for metric, value in zip(model.metrics, tf.unstack(values), strict=True)}
        return int(done), logs

    return execute


def _itself(batch):
    return batch
