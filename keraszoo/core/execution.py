"""Many steps of a model in one call from Python, on any number of replicas.

Keras' own loop fails on several replicas with steps_per_execution > 1, and on several workers at all.
"""

import functools

import numpy as np
import tensorflow as tf

from .errors import InputError
from .inputs.in_memory import ArraysInMemory
from .inputs.resident import Resident
from .look import check_batch, first_look, refuse
from .trainer import Trainer


class Execution:
    """Runs steps of a model: `execution(batches, limit, first) -> (steps done, {metric: value})`.

    `batches` are an iterator, or a `Resident` or `ArraysInMemory` from their step `first` on, and up to `limit` steps
    are taken in one graph. It raises StopIteration when the data have ended. Where a subclass has overridden
    `train_step` or `test_step`, what that returns are the metrics, and each step is a call from Python.

    Args:
        model: a compiled ZooModel, whose strategy, metrics and compile options count.
        method: "train_step" or "test_step".
        steps: the kinds of its steps: functions of a batch.
        following: function () -> int32 scalar, which of them is next; None where there is but one.
    """

    def __init__(self, model, method, steps, following=None):
        self.model, self.strategy, self.following = model, model.distribute_strategy, following
        self.trains = method == "train_step"
        self.overridden = getattr(type(model), method) is not getattr(Trainer, method)
        if model.jit_compile:
            steps = [tf.function(step, jit_compile=True, reduce_retracing=True, autograph=False) for step in steps]
        self.steps = steps
        compiled = (
            (lambda method, **_: method) if model.run_eagerly else functools.partial(tf.function, autograph=False)
        )
        # Partials, as TensorFlow takes a method of all executions for one function and warns that it is traced often.
        self.from_iterator = compiled(functools.partial(self._from_iterator))
        self.from_resident = compiled(functools.partial(self._from_resident), reduce_retracing=True)
        self.from_batch = compiled(functools.partial(self._from_batch), reduce_retracing=True)
        self.own_logs = compiled(functools.partial(self._run, _itself), reduce_retracing=True)
        self.own_logs_of_resident = compiled(functools.partial(self._run_of_resident), reduce_retracing=True)

    def __call__(self, batches, limit, first=None):
        model = self.model
        if self.overridden:
            return self._execute_overridden(batches, limit, first)
        if isinstance(batches, (Resident, ArraysInMemory)):
            first, limit = tf.constant(first, tf.int64), tf.constant(limit, tf.int64)
            done, logs = self.from_resident(batches.plan, batches.values(self.strategy), first, limit)
        elif isinstance(batches, (tf.data.Iterator, tf.distribute.DistributedIterator)):
            done, logs = self._from_batches_of_an_iterator(batches, limit)
        else:  # train_on_batch and test_on_batch
            batch = next(batches)
            check_batch(model, batch)
            done, logs = 1, self.from_batch(batch)
        return int(done), logs

    def _from_batches_of_an_iterator(self, iterator, limit):
        """Up to `limit` steps. What replicas sum in a graph keeps its shape: batches of any size take a call each."""
        if self.strategy.num_replicas_in_sync > 1 and limit > 1 and _sizes_differ(iterator):
            done, logs = self._from_batches_of_an_iterator(iterator, 1)
            while done < limit:
                try:
                    logs = self._from_batches_of_an_iterator(iterator, 1)[1]
                except StopIteration:
                    break
                done += 1
            return done, logs
        look = self.model.take_first_look()
        done, logs, seen = self.from_iterator(iterator, tf.constant(limit), tf.constant(look))
        if int(done) == 0:
            if look:
                refuse(self.model, np.asarray(seen))
            raise StopIteration
        return int(done), logs

    def _execute_overridden(self, batches, limit, first):
        """Up to `limit` steps that a subclass has written, and the logs of the last."""
        logs = None
        for step in range(limit):
            before = self._steps_done()
            try:
                logs = self._own_logs_of(batches, step, first)
            except StopIteration:
                if logs is None:
                    raise
                return step, logs
            if self.trains and self._steps_done() == before:  # schedules follow the count
                self.model.iterations.assign_add(1)
        return limit, logs

    def _steps_done(self):
        return int(tf.convert_to_tensor(self.model.iterations))  # of several replicas' the first

    def _own_logs_of(self, batches, step, first):
        if isinstance(batches, (Resident, ArraysInMemory)):
            index = tf.constant(first + step, tf.int64)
            return self.own_logs_of_resident(batches.plan, batches.values(self.strategy), index)
        batch = next(batches)
        if self.model.take_first_look():
            check_batch(self.model, batch)
        return self.own_logs(batch)

    # ------------------------------------------------------------------ inside graphs

    def _from_iterator(self, iterator, limit, look):
        first = iterator.get_next_as_optional()
        seen, accepted = first_look(self.model, first, look)

        def body(done, batch):
            self._run(_itself, batch.get_value())
            # Asking for a batch after the last step would lose it.
            following = tf.cond(done + 1 < limit, iterator.get_next_as_optional, lambda: batch)
            return done + 1, following

        def more(done, batch):
            return tf.logical_and(tf.logical_and(done < limit, accepted), batch.has_value())

        done, _ = tf.while_loop(more, body, (0, first), parallel_iterations=1)
        return done, self._metrics(), seen

    def _from_resident(self, plan, values, first, limit):
        def body(index):
            self._run_of_resident(plan, values, index)
            return (index + 1,)

        tf.while_loop(lambda index: index < first + limit, body, (first,), parallel_iterations=1)
        return limit, self._metrics()

    def _run_of_resident(self, plan, values, index):
        return self._run(lambda values: plan.batch(values, index), values)

    def _from_batch(self, batch):
        self._run(_itself, batch)
        return self._metrics()

    def _run(self, batch, *args):
        """The next step on each replica, with the batch that `batch(*args)` makes there of the replica's `args`.

        Returns:
            What an overridden step returned, the mean over the replicas, or 0.
        """

        def run_one(step):
            logs = self.strategy.run(lambda *args: step(batch(*args)), args=args)
            if not self.overridden:
                return 0
            if not isinstance(logs, dict):
                raise InputError(
                    f"A step returns a dictionary of what it tells, {{name: scalar}}. Received: {type(logs).__name__} "
                    f"from the overridden one of {type(self.model).__name__}."
                )
            return {name: self._mean(value) for name, value in logs.items()}

        if self.following is None:
            return run_one(self.steps[0])
        return tf.switch_case(self.following(), [functools.partial(run_one, step) for step in self.steps])

    def _metrics(self):
        """`{name: value}` of the model's metrics; the model's own in one reduction per execution."""
        metrics = self.model.term_metrics
        local = self.strategy.run(lambda: tf.stack([metric.result() for metric in metrics]))
        values = dict(zip([metric.name for metric in metrics], tf.unstack(self._mean(local)), strict=True))
        for metric in self.model.metrics:
            if metric.name not in values:
                values[metric.name] = tf.nest.map_structure(self._mean, self.strategy.run(metric.result))
        return self.model.of_training(values) if self.trains else values

    def _mean(self, value):
        return self.strategy.reduce("MEAN", value, axis=None)


def _sizes_differ(iterator):
    """Whether the batches of an iterator can be of several sizes."""
    specs = tf.nest.flatten(iterator.element_spec, expand_composites=True)
    return any(spec.shape.rank is None or (spec.shape.rank and spec.shape[0] is None) for spec in specs)


def _itself(batch):
    return batch
