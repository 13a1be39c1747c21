"""`fit`, `evaluate` and `predict`: from what a user passes to executions of many steps, with pauses between them."""

import contextlib
import functools
import inspect
import math
import time
import types
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from .callbacks import callbacks_of_a_fit, looks_at_batches
from .errors import InputError
from .execution import Execution
from .inputs import Labels
from .inputs.batches import unpacked
from .inputs.in_memory import in_memory
from .inputs.resident import Resident
from .look import check_arrays, check_batch, check_examples
from .replicas import rank_of, sum_over_workers
from .trainer import Trainer

LONGEST_EXECUTION = 1.0  # seconds without a look at signals, checkpoints and the screen, unless one step takes longer
LONGEST_ADVANCE = 0.25  # seconds of steps that are taken before Keras asks for them, unless one step takes longer


class Loop(Trainer):
    """The part of a model that runs its steps."""

    def _start_counting(self):
        self.step_in_epoch = 0
        self._steps_per_epoch = None
        self._steps_before_epoch = 0
        self._executions = 0
        self._looks = False
        self._pause_every = self._on_pause = self._steps_in_time = self._resident = None
        self._advances, self._in_advance = False, 0

    # ------------------------------------------------------------------ fit, evaluate, predict

    def fit(
        self,
        *args: Any,
        initial_step: int = 0,
        pause_every: int | None = None,
        on_pause: Callable | None = None,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Keras' `fit`, which can also start within an epoch and pause between training steps.

        Args:
            *args, **kwargs: those of `keras.Model.fit`. Its `x` can also be what `keraszoo.data.resident` gives, or a
                dataset of dictionaries such as tensorflow-datasets'. Keras' callbacks that change learning rates or
                swap averaged weights reach every optimizer.
            initial_step: steps of the epoch `initial_epoch` that are already done; `x` goes on after them. Whoever
                restores them restores the metrics too, in a callback's `on_epoch_begin`. Needs `steps_per_epoch`.
            pause_every: pause where the number of steps, counted from the first epoch's start, is a multiple of this.
            on_pause: called without arguments at these pauses and wherever else the steps come back to Python, the
                end of an epoch (before its validation) included. Pauses do not change what is learned.

        Raises:
            InputError: data, weights or options that this model does not take; nothing has been learned then.
        """
        self._assert_compile_called("fit")
        arguments = self._arguments(keras.Model.fit, args, kwargs)
        if self.targets is not None:
            self.targets.check_learnable(arguments.get("y"), type(self).__name__)
        self.check_ready()
        if isinstance(arguments.get("x"), (tf.data.Dataset, types.GeneratorType)):
            arguments.setdefault("shuffle", False)  # Keras cannot, and says so unasked
        self._resident = arguments["x"] if isinstance(arguments.get("x"), Resident) else None
        if self._resident is None:
            self._keep_in_memory(arguments)
        if self._resident:
            arguments["steps_per_epoch"] = arguments.get("steps_per_epoch") or self._resident.steps_per_epoch
            arguments["shuffle"] = False  # it is done
            # Keras asks for batches all the same.
            arguments["x"] = self.distribute_strategy.distribute_datasets_from_function(
                lambda context: tf.data.Dataset.counter()
            )
        self._steps_per_epoch = arguments.get("steps_per_epoch")
        if initial_step and not 0 <= initial_step <= (self._steps_per_epoch or 0):
            raise InputError(f"initial_step must be from 0 to steps_per_epoch. Received: {initial_step}.")
        self._advances = self.steps_per_execution_is_free and not looks_at_batches(arguments.get("callbacks"))
        self._in_advance = 0
        arguments["callbacks"] = callbacks_of_a_fit(self, arguments.get("callbacks"))
        if self.epoch_sums and not initial_step:
            self.epoch_sums.reset()
        self.step_in_epoch = initial_step
        self._steps_before_epoch = arguments.get("initial_epoch", 0) * (self._steps_per_epoch or 0)
        self._executions = 0
        self._pause_every, self._on_pause = pause_every, on_pause
        self._steps_in_time = 1
        self._looks = not self._resident and not self._checked_by_their_maker(arguments.get("x"))
        try:
            with self._averages_of_their_own(), self._floats_of_its_own():
                return super().fit(**arguments)
        finally:  # train_on_batch knows none of these
            self._resident = self._steps_per_epoch = None
            self._pause_every = self._on_pause = self._steps_in_time = None
            self._looks = self._advances = False

    def _keep_in_memory(self, arguments):
        """Makes of the arrays among the arguments of `fit` what the steps read themselves, or a dataset."""
        strategy = self.distribute_strategy
        with self._floats_of_its_own():
            arrays = in_memory(arguments, strategy)
        if arrays is None:
            return
        if arrays.is_resident(strategy):
            check_batch(self, arrays.plan.batch(arrays.values(strategy), tf.constant(0, tf.int64)))
            self._resident = arrays
        else:
            arguments |= {"x": arrays.dataset(), "shuffle": False}
            arguments["steps_per_epoch"] = arguments.get("steps_per_epoch") or arrays.steps_per_epoch

    @functools.wraps(keras.Model.evaluate)
    def evaluate(self, *args, **kwargs):
        self.finish_epoch()
        arguments = self._arguments(keras.Model.evaluate, args, kwargs)
        self._looks = not self._checked_by_their_maker(arguments.get("x"))
        try:
            with self._floats_of_its_own():
                return super().evaluate(**arguments)
        finally:
            self._looks = False

    @functools.wraps(keras.Model.predict)
    def predict(self, *args, **kwargs):
        arguments = self._arguments(keras.Model.predict, args, kwargs, self.call_inputs)
        self._looks = not self._checked_by_their_maker(arguments.get("x"))
        try:
            with self._floats_of_its_own():
                return super().predict(**arguments)
        finally:
            self._looks = False

    @functools.wraps(keras.Model.predict_on_batch)
    def predict_on_batch(self, x):
        return super().predict_on_batch(**check_arrays(self, {"x": x}, self.call_inputs))

    def _arguments(self, method, args, kwargs, inputs=None):
        """The arguments of `fit`, `evaluate` or `predict` by name, arrays among them checked."""
        arguments = inspect.signature(method).bind(self, *args, **kwargs).arguments
        arguments.pop("self")
        arguments |= arguments.pop("kwargs", {})
        if arguments.get("class_weight") is not None and not isinstance(self.targets, Labels):
            raise InputError(
                f"class_weight is for models that learn classes of examples, which {type(self).__name__} does not. "
                "Nearest: sample_weight, or of each pixel a target {'label': mask, 'weight': weights}."
            )
        if arguments.get("class_weight") is not None:
            arguments["class_weight"] = self.targets.class_weights(arguments["class_weight"])
        return check_arrays(self, arguments, inputs)

    @staticmethod
    def _checked_by_their_maker(x):
        return isinstance(x, (Resident, tf.distribute.DistributedDataset))

    @contextlib.contextmanager
    def _floats_of_its_own(self):
        """Inside, arrays stay float64 for a model that computes in it: Keras rounds them to its `floatx`."""
        usual = keras.config.floatx()
        if self.dtype_policy.compute_dtype == "float64":
            keras.config.set_floatx("float64")
        try:
            yield
        finally:
            keras.config.set_floatx(usual)

    @contextlib.contextmanager
    def _averages_of_their_own(self):
        """Inside, Keras' overwriting of weights with an optimizer's moving average is done for every optimizer.

        Keras asks the first optimizer alone, and for all weights of the model.
        """
        first = self.optimizer
        if len(self.optimizers) < 2 or first is None:
            yield
            return

        def finalize(variables):
            for name, update in self.gradients().items():
                optimizer = getattr(self, name)
                type(optimizer).finalize_variable_values(optimizer, update.variables)

        object.__setattr__(first, "finalize_variable_values", finalize)
        try:
            yield
        finally:
            object.__delattr__(first, "finalize_variable_values")

    def predict_step(self, data):
        """What `call` answers, of examples that may come in a dictionary."""
        x = data[0] if isinstance(data, tuple) else data
        if isinstance(x, dict):
            x, *_ = unpacked(self.call_inputs, None, x, type(self).__name__)
        return self(x, training=False)

    def take_first_look(self):
        """Whether the next batch is the first one of data that nobody has looked at."""
        looks, self._looks = self._looks, False
        return looks

    # ------------------------------------------------------------------ executions

    def make_train_function(self, force=False):
        if self.train_function is None or force:
            execute = Execution(self, "train_step", *self.kinds_of_steps())
            self.train_function = lambda iterator: self._train_as_asked(execute, self._resident or iterator)
        return self.train_function

    def make_test_function(self, force=False):
        if self.test_function is None or force:
            execute = Execution(self, "test_step", [self.test_step])
            self.test_function = lambda iterator: execute(iterator, self.steps_per_execution)[1]
        return self.test_function

    def make_predict_function(self, force=False):
        if self.predict_function is None or force:
            super().make_predict_function(force=True)
            predict = self.predict_function

            def after_a_look(batches):
                if self.take_first_look():
                    check_examples(self, batches[0])
                return predict(batches)

            self.predict_function = after_a_look
        return self.predict_function

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

    def _train_as_asked(self, execute, batches):
        """One execution that Keras asks for; where nobody looks at single steps, more are taken at once."""
        end = self._end_of_execution()
        if self._in_advance:
            self._in_advance -= 1
            return self._logs
        if not self._advances or execute.overridden or self.step_in_epoch >= end:
            return self._train_until(end, execute, batches)
        more = int(self._steps_in_time * LONGEST_ADVANCE / LONGEST_EXECUTION)
        further = min(max(end, end - 1 + more), self._steps_per_epoch or math.inf)
        self._logs = self._train_until(further, execute, batches)
        self._in_advance = max(0, self.step_in_epoch - end)
        return self._logs

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
        return self.of_training(self.get_metrics_result()) if logs is None else logs

    def _mean_seconds(self, seconds):
        """The mean over all workers, which must take equally many steps."""
        strategy = self.distribute_strategy
        return 1e-6 * sum_over_workers(strategy, 1 + int(1e6 * seconds)) / rank_of(strategy)[1]

    @property
    def step(self):
        """Training steps done since the start of the first epoch, for a `fit` that was given `steps_per_epoch`."""
        return self._steps_before_epoch + self.step_in_epoch

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Nothing to build: the constructor did. (Keras' own version fails on several workers.)"""
