"""Many steps of a model in one call from Python, on any number of replicas."""

import functools

import numpy as np
import tensorflow as tf

from .look import check_batch, first_look, refuse
from .resident import Resident
from .trainer import Trainer


def many_steps(model, method, steps, following=None):
    """A function `(batches, limit, first) -> (steps done, {metric: value})` that runs up to `limit` steps in one graph.

    Its `batches` are an iterator, or a `keraszoo.data.Resident` from its step `first` on.

    Keras' own loop fails on several replicas with steps_per_execution > 1, and on several workers at all.

    Args:
        model: a compiled ZooModel, whose strategy, metrics and compile options count.
        method: "train_step" or "test_step". Where a subclass has overridden it, what it returns are the metrics, and
            each step is a call from Python.
        steps: the kinds of its steps: functions of a batch, such as `test_step`.
        following: function () -> int32 scalar, which of them is next; None where there is but one.

    Raises:
        StopIteration: by the returned function, when the data has ended.
    """
    strategy = model.distribute_strategy
    overridden = getattr(type(model), method) is not getattr(Trainer, method)
    if model.jit_compile:
        steps = [tf.function(step, jit_compile=True, reduce_retracing=True, autograph=False) for step in steps]

    def run(batch, *args):
        """The next step on each replica, with the batch that `batch(*args)` makes there of the replica's `args`."""

        def run_one(step):
            logs = strategy.run(lambda *args: step(batch(*args)), args=args)
            return {name: _mean(strategy, value) for name, value in logs.items()} if overridden else 0

        if following is None:
            return run_one(steps[0])
        return tf.switch_case(following(), [functools.partial(run_one, step) for step in steps])

    def metrics():
        # One reduction per execution, not one per metric and step.
        own = {tracker.name for tracker in model.trackers}
        local = strategy.run(lambda: tf.stack([metric.result() for metric in model.trackers]))
        values = dict(zip([t.name for t in model.trackers], tf.unstack(_mean(strategy, local)), strict=True))
        for metric in model.metrics:
            if metric.name not in own:
                values[metric.name] = tf.nest.map_structure(
                    lambda value: _mean(strategy, value), strategy.run(metric.result)
                )
        return values

    def from_iterator(iterator, limit, look):
        first = iterator.get_next_as_optional()
        seen, accepted = first_look(model, first, look)

        def body(done, batch):
            run(_itself, batch.get_value())
            # Asking for a batch after the last step would lose it.
            following = tf.cond(done + 1 < limit, iterator.get_next_as_optional, lambda: batch)
            return done + 1, following

        def more(done, batch):
            return tf.logical_and(tf.logical_and(done < limit, accepted), batch.has_value())

        done, _ = tf.while_loop(more, body, (0, first), parallel_iterations=1)
        return done, metrics(), seen

    def from_resident(resident, values, first, limit):
        def body(index):
            run(lambda values: resident.batch(values, index), values)
            return index + 1

        tf.while_loop(lambda index: index < first + limit, body, (first,), parallel_iterations=1)
        return limit, metrics()

    def own_logs_of_resident(resident, values, index):
        return run(lambda values: resident.batch(values, index), values)

    def own_logs(batch):
        return run(_itself, batch)

    def from_batch(batch):
        run(_itself, batch)
        return metrics()

    if not model.run_eagerly:
        compiled = functools.partial(tf.function, autograph=False)
        from_iterator, from_resident = compiled(from_iterator), compiled(from_resident)
        from_batch, own_logs = compiled(from_batch, reduce_retracing=True), compiled(own_logs, reduce_retracing=True)
        own_logs_of_resident = compiled(own_logs_of_resident)
    resident_values = functools.lru_cache(maxsize=1)(lambda resident: resident.values(strategy))

    def execute(batches, limit, first=None):
        if overridden:
            return 1, execute_own(batches, first)
        if isinstance(batches, Resident):
            first, limit = tf.constant(first, tf.int64), tf.constant(limit, tf.int64)
            done, logs = from_resident(batches, resident_values(batches), first, limit)
        elif isinstance(batches, (tf.data.Iterator, tf.distribute.DistributedIterator)):
            look, model._looks = model._looks, False
            done, logs, seen = from_iterator(batches, tf.constant(limit), tf.constant(look))
            if int(done) == 0:
                refuse(model, np.asarray(seen))
                raise StopIteration
        else:  # train_on_batch and test_on_batch
            batch = next(batches)
            check_batch(model, batch)
            done, logs = 1, from_batch(batch)
        return int(done), logs

    def execute_own(batches, first):
        """The logs of one step that a subclass has written."""
        if isinstance(batches, Resident):
            return own_logs_of_resident(batches, resident_values(batches), tf.constant(first, tf.int64))
        batch = next(batches)
        if model._looks:
            model._looks = False
            check_batch(model, batch)
        return own_logs(batch)

    return execute


def _mean(strategy, value):
    return strategy.reduce("MEAN", value, axis=None)


def _itself(batch):
    return batch
