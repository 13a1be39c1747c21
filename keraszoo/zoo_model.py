"""ZooModel: the one base class, which turns per-example loss terms into training on any number of replicas."""

import functools
import inspect
import math
import time
import typing

import keras
import numpy as np
import tensorflow as tf

from .data.resident_batches import Resident
from .errors import InputError
from .execution import many_steps
from .global_batch import global_mean, part_of_batch
from .layers.seeds import separate_replicas
from .workers import rank_of, sum_over_workers

LONGEST_EXECUTION = 1.0  # seconds without a look at signals, checkpoints and the screen, unless one step takes longer


class Player(typing.NamedTuple):
    """One of the parties that learn in a model, see `ZooModel.players`.

    Attributes:
        terms: function like `loss_terms` of the terms that this player lowers.
        variables: what it learns.
        every: n: it acts in each n-th step only; 1: in all of them.
    """

    terms: typing.Callable
    variables: list
    every: int = 1


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

    and ends its constructor with every layer built and `self.built = True`. It may have `encode`, `decode`, `code`
    (what `decode` takes of an example, where `encode` gives something else), `reconstruct`, `sample(count, seed)`,
    `sample_latent(count, seed)` (what `sample` decodes) and `log_prob` where they mean something, and
    `pictures(x, seed)`.

    The loss is the sum of the terms, averaged over the *global* batch: the examples of all replicas count alike,
    however unevenly they are spread. Each term is a metric of its own name; `loss` is their sum plus any
    regularisation losses of the layers. Models of several networks that learn against each other write `players()`.

    Attributes:
        measure_names: names of further entries that `loss_terms` returns, [batch] too, which are shown but not learned
            from, such as an accuracy.
        batch_term_names: those of `term_names` that depend on the other examples of the batch; see `batch_mean`.
        any_size: whether the model learns from images of any height and width.
        event_shape: shape of one example, with None for what may vary; None when the model checks its input itself.
        event_range: (lowest, highest) value that an example may hold, or None for any; checked where it is cheap, on
            arrays.
        range_advice: what else to do about data outside it, for the error message.
        step_in_epoch: training steps done in the epoch under way.
    """

    term_names = ()
    measure_names = ()
    batch_term_names = ()
    any_size = False
    event_shape = None
    event_range = None
    range_advice = "choose a likelihood for it (gaussian takes any real number)"

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

    def players(self):
        """Who learns what: `{argument of compile: Player}`, in the order of their turns.

        In each training step every player in turn lowers the sum of its own terms, by its own optimizer, in its own
        variables; those with `every=n` do so in each n-th step only, the others in all. `loss_terms` of a model with
        several players is all of their terms together.
        """
        return {"optimizer": Player(self.loss_terms, self.trainable_variables)}

    def after_turn(self, player, x, y=None):
        """What follows a player's optimizer in its turn, such as clipping its weights. Nothing here.

        It runs on every replica, and must do the same to the weights on each.

        Args:
            player: argument of compile.
            x, y: this replica's part of the batch.
        """

    def serving_signatures(self):
        """`{signature name: (method, [tf.TensorSpec])}`; the first is the server's default.

        Each method takes one tensor per spec, in order, and returns `{output name: tensor}`. The names of the
        specs are the wire names; every input and output has the batch as its first dimension.
        """
        raise NotImplementedError(f"{type(self).__name__} has nothing to serve: it defines no serving_signatures()")

    def serving_examples(self):
        """Inputs to try the signatures on, `{signature: {input name: array}}`, where random numbers will not do."""
        return {}

    #: whether `adapt` does anything
    adapts = False

    def adapt(self, x, y=None):
        """Sets what is measured on data before training, not learned. Nothing here.

        Args:
            x: examples, [rows, ...].
            y: their labels, if the model learns from (x, y).
        """

    #: whether `calibrate` does anything
    calibrates = False

    def calibrate(self, x, y=None):
        """Sets what is chosen on data after training, such as a threshold. Nothing here.

        Args:
            x: a few of the examples that it has learned from, as arrays.
            y: their labels, if the model learns from (x, y).
        """

    def target_spec(self, event_shape):
        """(shape, number of classes) of one example's target: integers from 0 on; the number is None where any will do.

        Args:
            event_shape: of the example.
        """
        return (), None

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
            steps_per_execution: training steps per call from Python; 128 hides Python's cost for small models. `fit`
                makes them fewer where they would take longer than a second.
            jit_compile: compile the step with XLA; one replica only.
            run_eagerly: run the step without a graph, for debugging.
            **kwargs: the optimizers of the other players, by their names in `players()`; "adam" by default.
        """
        name = type(self).__name__
        if not self.built:
            raise InputError(f"{name} is not built: its constructor must build every layer and set self.built = True.")
        players = self.players()
        unknown = kwargs.keys() - players.keys()
        if unknown:
            raise InputError(
                f"{name} knows its own loss and metrics: compile() takes {', '.join(players)}, steps_per_execution, "
                f"jit_compile and run_eagerly. Received: {', '.join(sorted(unknown))}."
            )
        if not isinstance(steps_per_execution, int) or steps_per_execution < 1:
            raise InputError(f"steps_per_execution must be an integer >= 1. Received: {steps_per_execution!r}.")
        strategy = self.distribute_strategy
        replicas = strategy.num_replicas_in_sync
        if jit_compile is True and replicas > 1:
            raise InputError(f"XLA (jit_compile=True) runs on one replica only. Received: {replicas} replicas.")
        optimizers = {player: "adam" for player in players} | kwargs | {"optimizer": optimizer}
        instances = [id(each) for each in optimizers.values() if isinstance(each, keras.optimizers.Optimizer)]
        if len(set(instances)) < len(instances):
            raise InputError(f"Each player of {name} needs an optimizer of its own. Received: the same object twice.")
        with strategy.scope():
            optimizers = {player: self._in_scope(each) for player, each in optimizers.items()}
            super().compile(
                optimizers["optimizer"],
                steps_per_execution=steps_per_execution,
                jit_compile=jit_compile,
                run_eagerly=run_eagerly,
            )
            for player, (_, variables, _) in players.items():
                if player != "optimizer":  # Keras has set that one, inside a LossScaleOptimizer for float16
                    setattr(self, player, self._scaled_like_the_first(optimizers[player]))
                getattr(self, player).build(variables)
            if not self.trackers:
                names = ("loss", *self.term_names, *self.measure_names)
                self.trackers = [Mean(name=name) for name in names]
        if replicas > 1:
            separate_replicas(self)

    def _scaled_like_the_first(self, optimizer):
        scale = keras.optimizers.LossScaleOptimizer
        if isinstance(self.optimizer, scale) and not isinstance(optimizer, scale):
            return scale(optimizer, name="loss_scale_optimizer")
        return optimizer

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

    def get_compile_config(self):
        if not self.compiled:
            return None
        others = {player: getattr(self, player) for player in self.players() if player != "optimizer"}
        return super().get_compile_config() | keras.saving.serialize_keras_object(others)

    def compile_from_config(self, config):
        config = keras.saving.deserialize_keras_object(config)
        names = ("steps_per_execution", "jit_compile", "run_eagerly", *self.players())
        self.compile(**{name: config[name] for name in names})

    @property
    def optimizers(self):
        """Every optimizer of the model, one for each player."""
        return [getattr(self, player) for player in self.players()] if self.compiled else []

    @property
    def metrics(self):
        return list(self.trackers)

    # ------------------------------------------------------------------ one step

    def train_step(self, data, acting=None):
        """One step of the players that are `acting`; of all by default."""
        x, y, weights, present = self._batch(data)
        with part_of_batch(weights, present):
            terms, players = {}, self.players()
            for player in players if acting is None else acting:
                optimizer, variables = getattr(self, player), players[player].variables
                with tf.GradientTape() as tape:
                    own = self._checked(players[player].terms(x, y, training=True))
                    loss = self._replica_loss(own, weights)
                    scaled = optimizer.scale_loss(loss)
                gradients = tape.gradient(scaled, variables)
                # TensorFlow's graph optimizer was seen to let weights be changed before a term, which no gradient
                # needs, had read them.
                with tf.control_dependencies(list(own.values())):
                    optimizer.apply_gradients(zip(gradients, variables, strict=True))
                    self.after_turn(player, x, y)
                terms |= own
            self._track(terms, weights, complete=acting is None or len(acting) == len(players))
        return self.get_metrics_result()

    def _turns(self):
        """The kinds of training steps, and a function that tells which of them is next, or None if there is but one.

        Returns:
            A list of functions like `train_step`, and a function () -> int32 scalar, which reads how often the first of
            the players that always act has done so.
        """
        players = self.players()
        periods = {player.every for player in players.values()} - {1}
        always = [name for name, player in players.items() if player.every == 1]
        if not periods:
            return [self.train_step], None
        if len(periods) > 1 or not always:
            raise ValueError("One player at least acts in every step, and those that do not share one period.")
        (period,) = periods

        def following():
            done = tf.convert_to_tensor(getattr(self, always[0]).iterations)
            return tf.cast((done + 1) % period == 0, tf.int32)

        return [functools.partial(self.train_step, acting=always), self.train_step], following

    def test_step(self, data):
        x, y, weights, present = self._batch(data)
        with part_of_batch(weights, present):
            self._track(self._checked(self.loss_terms(x, y, training=False)), weights)
        return self.get_metrics_result()

    def _checked(self, terms):
        known = (*self.term_names, *self.measure_names)
        if not set(terms) <= set(known) or any(term.shape.rank != 1 for term in terms.values()):
            raise ValueError(
                f"{type(self).__name__}.loss_terms must return a [batch] vector for each of {known}. "
                f"Received: { {name: tuple(term.shape) for name, term in terms.items()} }."
            )
        return {name: tf.cast(term, tf.float32) for name, term in terms.items()}

    def _replica_loss(self, terms, weights):
        """This replica's share of the weighted mean loss over the global batch: shares add up, as gradients do."""
        per_example = tf.add_n([term for name, term in terms.items() if name in self.term_names])
        context = tf.distribute.get_replica_context()
        replicas = context.num_replicas_in_sync
        if weights is None:
            total_weight = tf.cast(tf.size(per_example) * replicas, tf.float32)  # equal shares: see _batch
        else:
            per_example *= weights
            total_weight = tf.reduce_sum(weights)
            if replicas > 1:
                total_weight = context.all_reduce(tf.distribute.ReduceOp.SUM, total_weight)
        return tf.math.divide_no_nan(tf.reduce_sum(per_example), total_weight) + self._penalty() / replicas

    def _penalty(self):
        """The regularisation losses of the layers."""
        return tf.add_n([tf.cast(loss, tf.float32) for loss in self.losses]) if self.losses else 0.0

    def _track(self, terms, weights, complete=True):
        """Adds a step's terms to the metrics; their sum too where they are `complete`."""
        missing = {*self.term_names, *self.measure_names} - set(terms)
        if complete and missing:
            raise ValueError(f"{type(self).__name__}.loss_terms must also return {', '.join(sorted(missing))}.")
        if complete:
            terms = {"loss": tf.add_n([terms[name] for name in self.term_names]) + self._penalty(), **terms}
        for tracker in self.trackers:
            if tracker.name in terms:
                tracker.update_state(terms[tracker.name], sample_weight=weights)

    def batch_mean(self, values):
        """The mean over the examples of the global batch, for terms that depend on it: [batch, ...] -> [...] float32.

        It is the same on every replica, and gradients flow through it to all of them.
        """
        return global_mean(values)

    def _batch(self, data):
        """`(x, y, weights, present)` of this replica's part of a batch, checked, as `part_of_batch` takes them.

        Where replicas can get unequal parts (the last batch of an epoch), examples are weighted, and a replica that
        got none gets one of weight 0: convolutions crash on an empty batch.
        """
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        present = None
        self.check_batch(x)
        x = tf.nest.map_structure(lambda t: tf.cast(t, tf.float32) if t.dtype.is_floating else t, x)
        if weights is not None:
            weights = tf.cast(weights, tf.float32)
        first = tf.nest.flatten(x)[0]
        if first.shape[0] is None and tf.distribute.get_strategy().num_replicas_in_sync > 1:
            rows = tf.shape(first)[0]
            weights = tf.ones([rows]) if weights is None else weights
            missing = tf.cast(tf.equal(rows, 0), tf.int32)
            present = 1.0 - tf.cast(missing, tf.float32)

            def pad(t):
                return None if t is None else tf.pad(t, [[0, missing]] + [[0, 0]] * (t.shape.rank - 1))

            x, y, weights = tf.nest.map_structure(pad, (x, y, weights))
        return x, y, weights, present

    def check_batch(self, x):
        """Raises InputError when `x` cannot be a batch of this model's examples (static shape and dtype)."""
        if self.event_shape is None:
            return
        name, want = type(self).__name__, tuple(self.event_shape)
        got = None if x.shape.rank is None else tuple(x.shape[1:])
        if got is None or not tf.TensorShape(got).is_compatible_with(want):
            hint = (
                " Add the channel axis: x[..., None]."
                if got and tf.TensorShape((*got, 1)).is_compatible_with(want)
                else ""
            )
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
            f"{highest:g}. Scale the data, or {self.range_advice}."
        )

    def check_labels(self, y):
        """Raises InputError when an array `y` cannot be this model's targets; any will do here."""

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
            arguments["shuffle"] = False  # it is done
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
        if isinstance(arguments.get("y"), np.ndarray):
            self.check_labels(arguments["y"])
        if arguments.get("sample_weight") is not None and arguments.get("y") is None:
            # Keras drops sample weights where there are no labels.
            arguments["y"] = np.zeros(len(arguments["sample_weight"]), "float32")
        return arguments

    def make_train_function(self, force=False):
        if self.train_function is None or force:
            execute = many_steps(self, *self._turns())
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
            execute = many_steps(self, [self.test_step])
            self.test_function = lambda iterator: execute(iterator, self.steps_per_execution)[1]
        return self.test_function

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Nothing to build: the constructor did. (Keras' own version fails on several workers.)"""
