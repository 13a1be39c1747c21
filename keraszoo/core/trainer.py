"""Compiling a model, and one step of its training on one replica."""

import functools

import keras
import tensorflow as tf

from .adam import in_one_pass
from .config import Captured
from .errors import InputError
from .replicas import apply_gradients, part_of_batch, separate_replicas, sum_over_replicas
from .sums import EpochSums
from .updates import ClosedForm, Gradient


class Mean(keras.metrics.Mean):
    """Keras' mean of [batch] vectors in a third of its operations: a small step consists of little else."""

    def update_state(self, values, sample_weight=None):
        weighted = values if sample_weight is None else values * sample_weight
        count = tf.size(values) if sample_weight is None else tf.reduce_sum(sample_weight)
        self.total.value.assign_add(tf.reduce_sum(weighted))
        self.count.value.assign_add(tf.cast(count, tf.float32))


class Trainer(Captured):
    """The part of a model that turns `updates()` into training steps."""

    #: whether XLA makes a training step of this model faster on a CPU (benchmarks/xla.py)
    faster_by_xla = False

    # ------------------------------------------------------------------ compiling

    def compile(
        self, optimizer=None, *others, steps_per_execution=None, jit_compile="auto", run_eagerly=False, **kwargs
    ):
        """Configures training; the loss is the model's own, so there is none to pass.

        Args:
            optimizer: name or instance; "adam" by default. One made outside the strategy's scope is made again inside
                it.
            steps_per_execution: training steps per call from Python; `fit` makes them fewer where they would take
                longer than a second. None: as many as a quarter of a second has room for, unless a callback looks at
                single batches; callbacks are called for each of them all the same.
            jit_compile: compile the step with XLA; one replica only. "auto": on a CPU where that makes steps of this
                class faster (`faster_by_xla`), on a GPU, as Keras does, where it can be.
            run_eagerly: run the step without a graph, for debugging.
            **kwargs: the optimizers of the other updates, by their names in `updates()`; "adam" by default.

        Raises:
            InputError: another argument, an impossible value, a layer without weights, or weights that no update
                learns.
        """
        given = {"optimizer": optimizer, **kwargs}
        given = {name: value for name, value in given.items() if value is not None or name not in ("loss", "metrics")}
        gradients = self.gradients()
        self._check_compile(given, others, gradients, steps_per_execution, jit_compile)
        optimizers = {name: given.get(name) or "adam" for name in gradients}
        strategy = self.distribute_strategy
        if jit_compile == "auto" and self.faster_by_xla and not run_eagerly and strategy.num_replicas_in_sync == 1:
            jit_compile = True
        with strategy.scope():
            optimizers = {name: self._in_scope(each) for name, each in optimizers.items()}
            super().compile(
                optimizers.get("optimizer", "sgd"),  # Keras asks for one
                steps_per_execution=steps_per_execution or 1,
                jit_compile=jit_compile,
                run_eagerly=run_eagerly,
            )
            self.steps_per_execution_is_free = steps_per_execution is None and not run_eagerly
            if "optimizer" not in optimizers:
                self.optimizer = None
            for name, update in gradients.items():
                if name != "optimizer":  # Keras has set that one, inside a LossScaleOptimizer for float16
                    setattr(self, name, self._scaled_like_the_first(optimizers[name]))
                if len(gradients) > 1:
                    getattr(self, name).name = name
                if update.variables:
                    getattr(self, name).build(update.variables)
                in_one_pass(getattr(self, name))
            if not self.term_metrics:
                names = ("loss", *self.term_names, *self.metric_names, *self.evaluation_names)
                self.term_metrics = [Mean(name=name, dtype="float32") for name in names]
            epochly = {name: each for name, each in self.closed_forms().items() if each.every == "epoch"}
            if epochly and self.epoch_sums is None:
                self.epoch_sums = EpochSums(epochly)
        self._learned = self._learned_now()
        if strategy.num_replicas_in_sync > 1:
            separate_replicas(self)

    def gradients(self):
        """The updates that need an optimizer: `{argument of compile: Gradient}`."""
        return {name: update for name, update in self.updates().items() if isinstance(update, Gradient)}

    def closed_forms(self):
        """The updates that need none: `{name: ClosedForm}`."""
        return {name: update for name, update in self.updates().items() if isinstance(update, ClosedForm)}

    def _check_compile(self, given, others, gradients, steps_per_execution, jit_compile):
        name, replicas = type(self).__name__, self.distribute_strategy.num_replicas_in_sync
        unknown = sorted(given.keys() - gradients.keys() - ({"optimizer"} if given["optimizer"] is None else set()))
        if unknown or others:
            takes = ", ".join([*gradients, "steps_per_execution", "jit_compile and run_eagerly"])
            received = ", ".join([*map(repr, others), *unknown])
            raise InputError(
                f"{name} knows its own loss and metrics: compile() takes {takes}. Received: {received}. A term or "
                "measure of your own goes into loss_terms (and term_names or metric_names) of a subclass."
            )
        if steps_per_execution is not None and not (isinstance(steps_per_execution, int) and steps_per_execution >= 1):
            raise InputError(f"steps_per_execution must be an integer >= 1. Received: {steps_per_execution!r}.")
        if jit_compile is True and replicas > 1:
            raise InputError(f"XLA (jit_compile=True) runs on one replica only. Received: {replicas} replicas.")
        instances = [id(each) for each in given.values() if isinstance(each, keras.optimizers.Optimizer)]
        if len(set(instances)) < len(instances):
            raise InputError(f"Each update of {name} needs an optimizer of its own. Received: the same object twice.")
        for layer in self._flatten_layers(include_self=False):
            if not layer.built and type(layer).build is not keras.layers.Layer.build:
                place = next((f"self.{name}" for name, value in vars(self).items() if value is layer), "layer")
                raise InputError(
                    f"Every layer of {name} must have its weights before training. Received: layer {layer.name!r} "
                    f"({type(layer).__name__}) that is not built. Nearest: {place}.build(shape of its input, with "
                    "None for the batch) in the constructor."
                )
        learned = {id(variable) for update in gradients.values() for variable in update.variables}
        left = [variable.path for variable in self.trainable_variables if id(variable) not in learned]
        if left and gradients:
            raise InputError(
                f"{name}.updates() must say how each trainable weight is learned. Received: none for "
                f"{', '.join(left[:3])}{' and others' * (len(left) > 3)}. Nearest: trainable = False."
            )

    def _scaled_like_the_first(self, optimizer):
        scale = keras.optimizers.LossScaleOptimizer
        if self.dtype_policy.name == "mixed_float16" and not isinstance(optimizer, scale):
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
        home = getattr(optimizer.variables[0].value, "distribute_strategy", None)
        if tf.distribute.has_strategy() and home is not strategy:
            return type(optimizer).from_config(optimizer.get_config())
        return optimizer

    def get_compile_config(self):
        if not self.compiled:
            return None
        others = {name: getattr(self, name) for name in self.gradients() if name != "optimizer"}
        own = {"steps_per_execution": None} if self.steps_per_execution_is_free else {}
        return super().get_compile_config() | own | keras.saving.serialize_keras_object(others)

    def compile_from_config(self, config):
        config = keras.saving.deserialize_keras_object(config)
        names = ("steps_per_execution", "jit_compile", "run_eagerly", *self.gradients())
        self.compile(**{name: config[name] for name in names})

    @property
    def optimizers(self):
        """Every optimizer of the model, one for each `Gradient`."""
        return [getattr(self, name) for name in self.gradients()] if self.compiled else []

    @property
    def metrics(self):
        own = {id(metric) for metric in self.term_metrics}
        return [*self.term_metrics, *(m for m in keras.layers.Layer.metrics.fget(self) if id(m) not in own)]

    # ------------------------------------------------------------------ one step

    def train_step(self, data):
        """One training step on this replica's part of a batch: every update in turn, or those that act in this step."""
        acting = self._acting  # at once: replicas are traced in threads that take turns
        x, y, weights, present = self._batch(data)
        with part_of_batch(weights, present):
            terms, updates = {}, self.updates()
            for name in acting or updates:
                if isinstance(updates[name], ClosedForm):
                    self._apply_sums(name, updates[name], x, y, weights, present)
                else:
                    terms |= self._follow_gradient(name, updates[name], x, y, weights)
            if not self.gradients():
                terms = self._checked(self.loss_terms(x, y, training=True))
            with tf.control_dependencies(list(terms.values())):
                self.iterations.assign_add(1)
            self._track(terms, weights, complete=acting is None or len(acting) == len(updates))
        return self.of_training(self.get_metrics_result())

    def of_training(self, results):
        """Those of `{metric: value}` that training steps tell, without `evaluation_names`."""
        return {name: value for name, value in results.items() if name not in self.evaluation_names}

    def _follow_gradient(self, name, update, x, y, weights):
        """A step of an optimizer; the terms that it lowered."""
        with tf.GradientTape() as tape:
            terms = self._checked(update.terms(x, y, training=True))
            loss = self._replica_loss(terms, weights)
            scaled = getattr(self, name).scale_loss(loss)
        gradients = tape.gradient(scaled, update.variables)
        # TensorFlow's graph optimizer was seen to let weights be changed before a term, which no gradient needs, had
        # read them.
        with tf.control_dependencies(list(terms.values())):
            if update.variables:
                apply_gradients(getattr(self, name), list(zip(gradients, update.variables, strict=True)))
            if update.after is not None:
                update.after(x, y)
        return terms

    def _apply_sums(self, name, update, x, y, weights, present):
        """The sums over the examples of all replicas, applied at once or kept for the end of the epoch."""
        rows = tf.shape(tf.nest.flatten(x)[0])[:1]
        weights = tf.ones(rows) if weights is None else weights
        weights = weights if present is None else weights * present
        sums = update.statistics(x, y, weights)
        sums = dict(zip(sums, sum_over_replicas(list(sums.values())), strict=True))
        if update.every == "step":
            update.apply(sums)
        else:
            self.epoch_sums.add(name, sums)

    def finish_epoch(self):
        """Applies the updates of an epoch to the sums of its batches, where there are such, and starts new sums."""
        if self.epoch_sums:
            self.epoch_sums.apply(self.closed_forms(), self.distribute_strategy)

    def kinds_of_steps(self):
        """The kinds of training steps, and a function that tells which of them is next, or None if there is but one.

        Returns:
            A list of functions like `train_step`, and a function () -> int32 scalar, from the count of steps.
        """
        updates = self.updates()
        periods = {getattr(update, "every", 1) for update in self.gradients().values()} - {1}
        always = [name for name, update in updates.items() if isinstance(update, ClosedForm) or update.every == 1]
        if not periods:
            return [self.train_step], None
        if len(periods) > 1 or not always:
            raise ValueError("One update at least acts in every step, and those that do not share one period.")
        (period,) = periods

        def following():
            done = tf.convert_to_tensor(self.iterations)
            return tf.cast((done + 1) % period == 0, tf.int32)

        return [functools.partial(self.step_of, always), self.train_step], following

    def step_of(self, acting, data):
        """A training step of some of the updates alone, by their names."""
        self._acting = acting
        try:
            return self.train_step(data)
        finally:
            self._acting = None

    def test_step(self, data):
        """The terms of this replica's part of a batch, without learning."""
        x, y, weights, present = self._batch(data)
        with part_of_batch(weights, present):
            terms = self._checked(self.loss_terms(x, y, training=False))
            self._track(terms, weights, also=self.evaluation_names)
        return self.get_metrics_result()

    def _learned_now(self):
        return {name: [variable.path for variable in update.variables] for name, update in self.gradients().items()}

    def check_ready(self):
        """Raises InputError where nothing would learn, or other weights than when the model was compiled."""
        name = type(self).__name__
        if self._learned_now() != self._learned:
            raise InputError(
                f"Other weights of {name} are trainable than when it was compiled. Call compile again: optimizers keep "
                "a state for each weight."
            )
        if self.updates() and not self.closed_forms() and not any(self._learned.values()):
            raise InputError(
                f"Nothing of {name} would learn: all of its weights are frozen. Set trainable = True on a part, then "
                "compile again."
            )

    def _checked(self, terms):
        name, known = type(self).__name__, (*self.term_names, *self.metric_names, *self.evaluation_names)
        unknown = [term for term in terms if term not in known]
        if unknown:
            raise InputError(
                f"{name}.loss_terms returns {', '.join(unknown)}, which neither term_names (what is learned from) nor "
                f"metric_names (what is shown) names. Received: {', '.join(known)}."
            )
        for term, values in terms.items():
            if values.shape.rank != 1:
                raise InputError(
                    f"{name}.loss_terms must return a [batch] vector for {term}. Received: shape {values.shape}."
                )
        return {term: tf.cast(values, tf.float32) for term, values in terms.items()}

    def _replica_loss(self, terms, weights):
        """This replica's share of the weighted mean loss over the global batch: shares add up, as gradients do."""
        per_example = tf.add_n([term for name, term in terms.items() if name in self.term_names])
        replicas = tf.distribute.get_replica_context().num_replicas_in_sync
        if weights is None:
            total_weight = tf.cast(tf.size(per_example) * replicas, tf.float32)  # equal shares: see _batch
        else:
            per_example *= weights
            (total_weight,) = sum_over_replicas([tf.reduce_sum(weights)])
        return tf.math.divide_no_nan(tf.reduce_sum(per_example), total_weight) + self._penalty() / replicas

    def _penalty(self):
        """The regularisation losses of the layers."""
        return tf.add_n([tf.cast(loss, tf.float32) for loss in self.losses]) if self.losses else 0.0

    def _track(self, terms, weights, complete=True, also=()):
        """Adds the terms of a step, those of `also` too, to the metrics, and their sum where they are `complete`."""
        missing = [name for name in (*self.term_names, *self.metric_names, *also) if name not in terms]
        if complete and missing:
            raise InputError(f"{type(self).__name__}.loss_terms must also return {', '.join(missing)}.")
        if complete:
            terms = {"loss": tf.add_n([terms[name] for name in self.term_names]) + self._penalty(), **terms}
        for metric in self.term_metrics:
            if metric.name in terms:
                metric.update_state(terms[metric.name], sample_weight=weights)

    def _batch(self, data):
        """`(x, y, weights, present)` of this replica's part of a batch, through the gate, for `part_of_batch`.

        Where replicas can get unequal parts (the last batch of an epoch), examples are weighted, and a replica that
        got none gets one of weight 0: convolutions crash on an empty batch.
        """
        x, y, weights = self.gate(data)
        present = None
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
