"""ZooModel: the one base class, which turns per-example loss terms into training on any number of replicas."""

import functools
import inspect
import math
import time

import keras
import numpy as np
import tensorflow as tf

from .data.resident import Resident
from .errors import InputError
from .execution import many_steps
from .layers.seeds import separate_replicas
from .workers import rank_of, sum_over_workers

LONGEST_EXECUTION = 1.0  # seconds without a look at signals, checkpoints and the screen, unless one step takes longer


class Mean(keras.metrics.Mean):
    """Keras' mean of [batch] vectors in a third of its operations: a small step consists of little else."""

    def update_state(self, values, sample_weight=None):
        weighted = values if sample_weight is None else values * sample_weight
        count = tf.size(values) if sample_weight is None else tf.reduce_sum(sample_weight)
        self.total.value.assign_add(tf.reduce_sum(weighted))
        self.count.value.assign_add(tf.cast(count, tf.float32))


class ZooModel(keras.Model):
    """A Keras model that states its loss as terms per example; training, evaluation and the rest follow.

    A subclass writes

    - `term_names`: the names of its loss terms, in the order in which they are shown;
    - `loss_terms(x, y=None, training=False)`: `{name: [batch] float32}`, each already carrying its weight;
    - `call(x, training=False)`: what `model(x)` and `model.predict(x)` answer;
    - `serving_signatures()`: what an exported model answers;
    - `get_config()`: the constructor's arguments (networks included), so that `.keras` files restore it;

    and ends its constructor with every layer built and `self.built = True`. It may have `encode`, `decode`,
    `reconstruct`, `sample(count, seed)` and `log_prob` where they mean something, and `pictures(x, seed)`.

    The loss is the sum of the terms, averaged over the *global* batch: the examples of all replicas count alike,
    however unevenly they are spread. Each term is a metric of its own name; `loss` is their sum plus any
    regularisation losses of the layers.

    Attributes:
        event_shape: shape of one example, or None when the model checks its input itself.
        event_range: (lowest, highest) value that an example may hold, or None for any; checked where it is cheap, on
            arrays.
        step_in_epoch: training steps done in the epoch under way.
    """

    term_names = ()
    event_shape = None
    event_range = None

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.trackers = []
        self.step_in_epoch = 0
        self._steps_per_epoch = None
        self._steps_before_epoch = 0
        self._executions = 0
        self._pause_every = self._on_pause = self._steps_in_time = self._resident = None

    # ------------------------------------------------------------------ what a subclass writes

    def loss_terms(self, x, y=None, training=False):
        """The weighted loss terms of each example: `{name: [batch] float32}`, one entry per `term_names`."""
        raise NotImplementedError(f"{type(self).__name__} must define loss_terms(x, y=None, training=False)")

    def serving_signatures(self):
        """`{signature name: (method, [tf.TensorSpec])}`; the first is the server's default.

        Each method takes one tensor per spec, in order, and returns `{output name: tensor}`. The names of the
        specs are the wire names; every input and output has the batch as its first dimension.
        """
        raise NotImplementedError(f"{type(self).__name__} has nothing to serve: it defines no serving_signatures()")

    def serving_examples(self):
        """Inputs to try the signatures on, `{signature: {input name: array}}`, where random numbers will not do."""
        return {}

    def pictures(self, x, seed=0):
        """What to look at while training: `{name: [rows, columns, height, width, channels] in [0, 1]}`.

        Args:
            x: a few examples, [n, ...].
            seed: integer; the same seed gives the same samples, so epochs can be compared.
        """
        return {}

    # ------------------------------------------------------------------ compiling

    def compile(self, optimizer="adam", *, steps_per_execution=1, jit_compile="auto", run_eagerly=False, **kwargs):
        """Configures training; the loss is the model's own, so there is none to pass.

        Args:
            optimizer: name or instance. One made outside the strategy's scope is made again inside it.
            steps_per_execution: training steps per call from Python; 32 hides Python's cost for small models. `fit`
                makes them fewer where they would take longer than a second.
            jit_compile: compile the step with XLA; one replica only.
            run_eagerly: run the step without a graph, for debugging.
        """
        name = type(self).__name__
        if not self.built:
            raise InputError(f"{name} is not built: its constructor must build every layer and set self.built = True.")
        if kwargs:
            raise InputError(
                f"{name} knows its own loss and metrics: compile() takes optimizer, steps_per_execution, "
                f"jit_compile and run_eagerly. Received: {', '.join(kwargs)}."
            )
        if not isinstance(steps_per_execution, int) or steps_per_execution < 1:
            raise InputError(f"steps_per_execution must be an integer >= 1. Received: {steps_per_execution!r}.")
        strategy = self.distribute_strategy
        replicas = strategy.num_replicas_in_sync
        if jit_compile is True and replicas > 1:
            raise InputError(f"XLA (jit_compile=True) runs on one replica only. Received: {replicas} replicas.")
        with strategy.scope():
            optimizer = self._in_scope(optimizer)
            super().compile(
                optimizer,
                steps_per_execution=steps_per_execution,
                jit_compile=jit_compile,
                run_eagerly=run_eagerly,
            )
            self.optimizer.build(self.trainable_variables)
            if not self.trackers:
                self.trackers = [Mean(name=term) for term in ("loss", *self.term_names)]
        if replicas > 1:
            separate_replicas(self)

    def _in_scope(self, optimizer):
        """`optimizer` as an instance whose variables belong to this model's strategy."""
        optimizer = keras.optimizers.get(optimizer)
        strategy = self.distribute_strategy
        if strategy.num_replicas_in_sync > 1 and optimizer.gradient_accumulation_steps:
            raise InputError(
                "gradient_accumulation_steps works on one replica only (Keras fails on several). "
                f"Received: {optimizer.gradient_accumulation_steps} on {strategy.num_replicas_in_sync} replicas."
            )
        home = getattr(optimizer.iterations.value, "distribute_strategy", None)
        if tf.distribute.has_strategy() and home is not strategy:
            return type(optimizer).from_config(optimizer.get_config())
        return optimizer

    def get_config(self):
        return {"name": self.name, "dtype": keras.dtype_policies.serialize(self.dtype_policy)}

    @classmethod
    def from_config(cls, config):
        """The model of `get_config()`; objects that were serialised in it are restored first."""
        return cls(
            **{
                key: keras.saving.deserialize_keras_object(value)
                if isinstance(value, dict) and {"module", "class_name"} <= set(value)
                else value
                for key, value in config.items()
            }
        )

    def compile_from_config(self, config):
        config = keras.saving.deserialize_keras_object(config)
        self.compile(
            optimizer=config["optimizer"],
            steps_per_execution=config["steps_per_execution"],
            jit_compile=config["jit_compile"],
            run_eagerly=config["run_eagerly"],
        )

    @property
    def optimizers(self):
        """Every optimizer of the model; models with several players have several."""
        return [self.optimizer] if self.compiled else []

    @property
    def metrics(self):
        return list(self.trackers)

    # ------------------------------------------------------------------ one step

    def train_step(self, data):
        x, y, weights = self._batch(data)
        with tf.GradientTape() as tape:
            loss = self._replica_loss(x, y, weights, training=True)
            scaled = self.optimizer.scale_loss(loss)
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(scaled, variables), variables, strict=True))
        return self.get_metrics_result()

    def test_step(self, data):
        x, y, weights = self._batch(data)
        self._replica_loss(x, y, weights, training=False)
        return self.get_metrics_result()

    def _replica_loss(self, x, y, weights, training):
        """This replica's share of the weighted mean loss over the global batch: shares add up, as gradients do."""
        terms = self.loss_terms(x, y, training=training)
        if set(terms) != set(self.term_names) or any(term.shape.rank != 1 for term in terms.values()):
            raise ValueError(
                f"{type(self).__name__}.loss_terms must return a [batch] vector for each of {self.term_names}. "
                f"Received: { {name: tuple(term.shape) for name, term in terms.items()} }."
            )
        terms = {name: tf.cast(terms[name], tf.float32) for name in self.term_names}
        per_example = tf.add_n(list(terms.values()))
        penalty = tf.add_n([tf.cast(loss, tf.float32) for loss in self.losses]) if self.losses else 0.0
        self.trackers[0].update_state(per_example + penalty, sample_weight=weights)
        for tracker, values in zip(self.trackers[1:], terms.values(), strict=True):
            tracker.update_state(values, sample_weight=weights)

        context = tf.distribute.get_replica_context()
        replicas = context.num_replicas_in_sync
        if weights is None:
            total_weight = tf.cast(tf.size(per_example) * replicas, tf.float32)  # equal shares: see _batch
        else:
            per_example *= weights
            total_weight = tf.reduce_sum(weights)
            if replicas > 1:
                total_weight = context.all_reduce(tf.distribute.ReduceOp.SUM, total_weight)
        return tf.math.divide_no_nan(tf.reduce_sum(per_example), total_weight) + penalty / replicas

    def _batch(self, data):
        """`(x, y, weights)` of this replica's part of a batch, checked; weights are None where all are 1 and alike.

        Where replicas can get unequal parts (the last batch of an epoch), examples are weighted, and a replica that
        got none gets one of weight 0: convolutions crash on an empty batch.
        """
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        self.check_batch(x)
        x = tf.nest.map_structure(lambda t: tf.cast(t, tf.float32) if t.dtype.is_floating else t, x)
        if weights is not None:
            weights = tf.cast(weights, tf.float32)
        first = tf.nest.flatten(x)[0]
        if first.shape[0] is None and tf.distribute.get_strategy().num_replicas_in_sync > 1:
            rows = tf.shape(first)[0]
            weights = tf.ones([rows]) if weights is None else weights
            missing = tf.cast(tf.equal(rows, 0), tf.int32)

            def pad(t):
                return None if t is None else tf.pad(t, [[0, missing]] + [[0, 0]] * (t.shape.rank - 1))

            x, y, weights = tf.nest.map_structure(pad, (x, y, weights))
        return x, y, weights

    def check_batch(self, x):
        """Raises InputError when `x` cannot be a batch of this model's examples (static shape and dtype)."""
        if self.event_shape is None:
            return
        name, want = type(self).__name__, tuple(self.event_shape)
        got = None if x.shape.rank is None else tuple(x.shape[1:])
        if got is None or not tf.TensorShape(got).is_compatible_with(want):
            hint = " Add the channel axis: x[..., None]." if got and (*got, 1) == want else ""
            raise InputError(f"{name} takes batches of shape {(None, *want)}. Received: {x.shape}.{hint}")
        if not tf.as_dtype(x.dtype).is_floating:
            hint = " Divide 0..255 images by 255." if tf.as_dtype(x.dtype) == tf.uint8 else ""
            raise InputError(f"{name} takes floating-point batches. Received: {tf.as_dtype(x.dtype).name}.{hint}")

    def check_range(self, lowest, highest, what="x"):
        """Raises InputError when data that reaches from `lowest` to `highest` is not what this model takes."""
        if self.event_range is None or self.event_range[0] <= lowest <= highest <= self.event_range[1]:
            return
        name, (least, most) = type(self).__name__, self.event_range
        raise InputError(
            f"{name} as configured takes values from {least:g} to {most:g}. Received: {what} from {lowest:g} to "
            f"{highest:g}. Scale the data, or choose a likelihood for it (gaussian takes any real number)."
        )

    # ------------------------------------------------------------------ many steps

    def fit(self, *args, initial_step=0, pause_every=None, on_pause=None, **kwargs):
        """Keras' `fit`, which can also start within an epoch and pause between training steps.

        Args:
            *args, **kwargs: those of `keras.Model.fit`. Its `x` can also be what `keraszoo.data.resident` gives.
            initial_step: steps of the epoch `initial_epoch` that are already done; `x` goes on after them. Whoever
                restores them restores the metrics too, in a callback's `on_epoch_begin`. Needs `steps_per_epoch`.
            pause_every: pause where the number of steps, counted from the first epoch's start, is a multiple of this.
            on_pause: called without arguments at these pauses and wherever else the steps come back to Python, the
                end of an epoch (before its validation) included. Pauses do not change what is learned.
        """
        arguments = self._arguments(keras.Model.fit, args, kwargs)
        self._resident = arguments["x"] if isinstance(arguments.get("x"), Resident) else None
        if self._resident:
            arguments.setdefault("steps_per_epoch", self._resident.steps_per_epoch)
            # Keras asks for batches all the same.
            arguments["x"] = self.distribute_strategy.distribute_datasets_from_function(
                lambda context: tf.data.Dataset.counter()
            )
        self._steps_per_epoch = arguments.get("steps_per_epoch")
        if initial_step and not 0 <= initial_step <= (self._steps_per_epoch or 0):
            raise InputError(f"initial_step must be from 0 to steps_per_epoch. Received: {initial_step}.")
        self.step_in_epoch = initial_step
        self._steps_before_epoch = arguments.get("initial_epoch", 0) * (self._steps_per_epoch or 0)
        self._executions = 0
        self._pause_every, self._on_pause = pause_every, on_pause
        self._steps_in_time = 1
        try:
            return super().fit(**arguments)
        finally:  # train_on_batch knows none of these
            self._resident = self._steps_per_epoch = None
            self._pause_every = self._on_pause = self._steps_in_time = None

    @functools.wraps(keras.Model.evaluate)
    def evaluate(self, *args, **kwargs):
        return super().evaluate(**self._arguments(keras.Model.evaluate, args, kwargs))

    def _arguments(self, method, args, kwargs):
        """The arguments of `fit` or `evaluate` by name, checked."""
        arguments = inspect.signature(method).bind(self, *args, **kwargs).arguments
        arguments.pop("self")
        arguments |= arguments.pop("kwargs", {})
        x = arguments.get("x")
        if isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.size:
            self.check_range(float(x.min()), float(x.max()))
        if arguments.get("sample_weight") is not None and arguments.get("y") is None:
            # Keras drops sample weights where there are no labels.
            arguments["y"] = np.zeros(len(arguments["sample_weight"]), "float32")
        return arguments

    def make_train_function(self, force=False):
        if self.train_function is None or force:
            execute = many_steps(self, self.train_step)
            self.train_function = lambda iterator: self._train_until(
                self._end_of_execution(), execute, self._resident or iterator
            )
        return self.train_function

    def _end_of_execution(self):
        """The `step_in_epoch` that Keras' next execution ends at; a new epoch starts counting from 0."""
        steps, size = self._steps_per_epoch, self.steps_per_execution
        if not steps:
            return self.step_in_epoch + size
        # Keras asks for this many executions an epoch and would run past the end of an epoch that they do not divide.
        index = self._executions % math.ceil(steps / size)
        if index == 0 and self._executions > 0:
            self.step_in_epoch = 0
            self._steps_before_epoch += steps
        self._executions += 1
        return min((index + 1) * size, steps)

    def _train_until(self, end, execute, batches):
        """Trains until `step_in_epoch` is `end`, pausing on the way; does nothing where it is already."""
        logs = None
        while self.step_in_epoch < end:
            limit = end - self.step_in_epoch
            if self._pause_every:
                limit = min(limit, self._pause_every - self.step % self._pause_every)
            if self._steps_in_time:
                limit = min(limit, self._steps_in_time)
            started = time.monotonic()
            try:
                done, logs = execute(batches, limit, self.step)
            except StopIteration:
                if logs is None:
                    raise
                break
            self.step_in_epoch += done
            if self._steps_in_time:
                seconds = self._mean_seconds(time.monotonic() - started)
                self._steps_in_time = max(1, int(done * LONGEST_EXECUTION / seconds))
            if self._on_pause:
                self._on_pause()
            if done < limit:  # the data ended
                break
        return self.get_metrics_result() if logs is None else logs

    def _mean_seconds(self, seconds):
        """The mean over all workers, which must take equally many steps."""
        strategy = self.distribute_strategy
        return 1e-6 * sum_over_workers(strategy, 1 + int(1e6 * seconds)) / rank_of(strategy)[1]

    @property
    def step(self):
        """Training steps done since the start of the first epoch, for a `fit` that was given `steps_per_epoch`."""
        return self._steps_before_epoch + self.step_in_epoch

    def make_test_function(self, force=False):
        if self.test_function is None or force:
            execute = many_steps(self, self.test_step)
            self.test_function = lambda iterator: execute(iterator, self.steps_per_execution)[1]
        return self.test_function

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Nothing to build: the constructor did. (Keras' own version fails on several workers.)"""
