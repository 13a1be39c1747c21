"""A training from its options to its finished run: the whole of `keraszoo train`.

opened:    recipe, strategy, data, model and optimizers; what can be refused without the run is refused here
the run:   a new one, or the one to resume, which no other process trains; it is refused before anything is written
started, or restored from the newest checkpoint
fitted, with the evaluators that apply
finished:  the model, its metrics and what the evaluators found are written
"""

import contextlib
import inspect
import io
import os
import secrets
import shlex
import shutil
import sys
import tempfile
from typing import Any

import keras
import tensorflow as tf

from keraszoo import data, recipes
from keraszoo.core.errors import InputError
from keraszoo.core.look import check_arrays, check_batch, check_size
from keraszoo.core.replicas import is_chief, rank_of, sum_over_workers
from keraszoo.data.columns import remarks
from keraszoo.data.pipeline import service as data_services
from keraszoo.recipes import Recipe
from keraszoo.runs.prepared import PreparedData
from keraszoo.runs.run import Run

from .build import build_model, build_optimizer, model_class
from .changes import changed, checked, to_resume
from .cluster.strategy import choose_strategy, share_batches
from .evaluation import evaluated
from .evaluators.features import open_features
from .evaluators.segmentation import calibrate
from .evaluators.table import EVALUATORS
from .fitted import fitted
from .loop.checkpoints import Checkpoints, Position, restore_checkpoint
from .loop.logs import Logs, describe, writing
from .loop.preemption import StopRequest
from .loop.progress import Progress
from .loop.state import ModelState
from .options import Options, describe_options

STEPS_PER_EXECUTION = 128  # from measurement: more gains nothing, fewer leave Python's cost visible


def train(
    recipe: str | Recipe | None = None, run: str | os.PathLike | None = None, *, resume: bool = False, **options: Any
) -> Run | None:
    """Trains a recipe and returns its `Run`; None in a worker that is not the chief: the chief alone writes and says.

    Args:
        recipe: a name ("vae/digits", or a family), or a `keraszoo.recipes.Recipe`. None with `resume`: the run's.
        run: directory of the run; by default runs/<recipe's name>.
        resume: continue the run in that directory from its newest checkpoint, bit for bit.
        {options}

    Raises:
        InputError: for everything that the user can mend; nothing is left behind then.
        Preempted: after SIGTERM, SIGHUP or Ctrl-C, to any of several workers, once a checkpoint is saved. A second
            signal ends the process at once.
    """
    session = Session(recipe, run, Options(**options), resume)
    with session.holding_its_run(), StopRequest(session.strategy) as stop:
        session.restore() if resume else session.start()
        session.fit(stop)
        session.finish()
    return session.run if session.chief else None


train.__doc__ = str(train.__doc__).format(options=describe_options())
train.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [*list(inspect.signature(train).parameters.values())[:-1], *inspect.signature(Options).parameters.values()]
)


class Session:
    """One training.

    Args:
        recipe: a name or a `Recipe`; None to resume a run by its own.
        path: of the run, or None.
        options: `Options`.
        resume: whether to go on with the run that is there.

    Attributes:
        recipe, data, model, strategy: what is trained, on what (`PreparedData`), where; the model is compiled.
        labelled: whether the model learns from targets.
        steps: training steps in an epoch.
        run: the `Run`, once it is held; in a worker that is not the chief, a temporary one.
        position: where the training stands.
    """

    def __init__(self, recipe, path, options, resume=False):
        self.options, self.resumes = options, resume
        self.run = self.position = None  # until the run is held, and started or restored
        self._choose_recipe(recipe, path)
        self._choose_devices()
        self._open_data()
        self._build_model()
        self._check_values()
        if not resume:  # else a checkpoint holds what was measured
            self._adapt()
        self.evaluators = [each for each in (*EVALUATORS, *options.evaluators) if each.applies(self)]

    # ------------------------------------------------------------------ opened

    def _choose_recipe(self, recipe, path):
        if recipe is None and not (self.resumes and path is not None):
            raise InputError("Name a recipe, or the run to resume. Received: neither.")
        recipe = recipes.get(recipe) if isinstance(recipe, str) else recipe
        if self.resumes:
            self.resumed = Run.open(default_path(recipe) if path is None else path)
            self.recipe = to_resume(self.resumed.recipe, recipe, self.options)
        else:
            self.recipe = changed(recipe, self.options)
        self.path = default_path(self.recipe) if path is None else path
        checked(self.recipe, self.options)

    def _choose_devices(self):
        options = self.options
        if options.data_service:
            data_services.check_answer(options.data_service)
        self.strategy = options.strategy
        if isinstance(self.strategy, str):
            self.strategy = choose_strategy(self.strategy, options.replicas)
        self.replicas = self.strategy.num_replicas_in_sync
        self.chief = is_chief(self.strategy)
        if not self.resumes and rank_of(self.strategy)[1] == 1:  # of several workers, all are refused together: later
            Run.check_new(self.path)
        self.say = options.say if self.chief else _nothing
        size = self.recipe.batch_size
        if size % self.replicas:
            nearest = max(1, round(size / self.replicas)) * self.replicas
            raise InputError(
                f"The batch is shared evenly by the {self.replicas} replicas, so its size must be a multiple of "
                f"{self.replicas}. Received: {size}. Nearest: {nearest}."
            )
        if options.jit and self.replicas > 1:
            raise InputError(f"XLA (--jit) runs on one replica only. Received: {self.replicas} replicas.")

    def _open_data(self):
        service = self.options.data_service
        limit = {"memory_limit": 0} if service else {}
        follow = bool(self.options.dataset) and not self.resumes
        self.data = PreparedData.open(self.recipe, self.options.data_dir, follow, **limit)
        if service:
            data_services.check_source(self.data.source, self.recipe.data.train)
        self.recipe, self.choices = fitted(self.recipe, self.data, self.options, self.resumes, self.replicas)
        self.steps = self.data.steps_per_epoch(self.recipe.batch_size)

    def _build_model(self):
        recipe, options = self.recipe, self.options
        # before the seed: loading draws numbers
        self.features = open_features(options.features, recipe, model_class(recipe))
        keras.utils.set_random_seed(recipe.seed)
        policy = None
        if options.mixed_precision:
            policy = "mixed_float16" if tf.config.list_physical_devices("GPU") else "mixed_bfloat16"
        with self.strategy.scope():
            self.model = build_model(recipe, policy, self.data.source.class_names)
            total = recipe.epochs * self.steps
            turns = {name: total // update.every for name, update in self.model.gradients().items()}
            self.model.compile(
                **{name: build_optimizer(spec, turns.get(name, total)) for name, spec in recipe.optimizers.items()},
                steps_per_execution=min(
                    STEPS_PER_EXECUTION, max(1, self.steps // 2) if options.profile else self.steps
                ),
                jit_compile=True if options.jit else "auto",
            )
        self.labelled = self.model.targets is not None
        self.state = ModelState(self.model)
        self.settings = {
            "data": self.data.seen.fingerprint(),
            "mixed precision": options.mixed_precision,
            "XLA": bool(self.model.jit_compile),  # some models choose it themselves
        }

    def _check_values(self):
        """What the data say of themselves, against what the model takes."""
        source, split = self.data.seen, self.recipe.data.train
        if not self.model.inputs.told_by_range:
            if source.in_memory:
                check_arrays(self.model, {"x": source.array(split)})
        elif source.input_range and not self.recipe.data.transforms:
            try:
                self.model.inputs.check((*source.input_range, 0), self.recipe.model)
            except InputError as error:
                if source.scaling or len(source.shapes[source.input]) != 3:
                    raise
                raise InputError(f"{error} For what is stored: --scale data, or --scale LOW:HIGH.") from error
        if self.labelled and source.in_memory and self.data.labelled(split):
            labels = source.array(split, source.target)
            check_arrays(self.model, {"y": labels})
            self.model.targets.check_learnable(labels, self.recipe.model)
        check_batch(self.model, self.data.seen_examples(self.model.smallest_batch, labels=self.labelled))
        check_size(self.model, self.recipe.batch_size)

    def _adapt(self):
        """Measures what is not learned, on the same examples in every worker."""
        if self.model.adapts:
            found = self.data.spread_examples(self.model.rows_measured, labels=self.labelled)
            self.model.adapt(*(found if self.labelled else (found,)))

    # ------------------------------------------------------------------ the run

    @contextlib.contextmanager
    def holding_its_run(self):
        """Inside, the run is there, and no other process trains it. When the chief is refused, so is everyone."""
        with contextlib.ExitStack() as held:
            refusal = None
            try:
                if self.chief and self.resumes:
                    held.enter_context(self.resumed.lock())
                    self.run = self.resumed
                elif self.chief:
                    self.run = held.enter_context(Run.begin(self.path, self.recipe))
            except InputError as error:
                refusal = error
            if sum_over_workers(self.strategy, int(refusal is not None)):
                raise refusal or InputError(
                    f"The chief could not have the run; its message says why. Received: {self.path}."
                )
            if not self.chief:
                # Saving reads variables that live on several workers, so every worker must save, and only one may
                # touch the run.
                scratch = tempfile.mkdtemp(prefix="keraszoo-worker-")
                held.callback(shutil.rmtree, scratch, ignore_errors=True)
                self.run = Run.create(scratch, self.recipe)
            yield

    def start(self):
        """From the beginning."""
        self.position, self.arrays = Position(), None
        self._tell()

    def restore(self):
        """From the newest checkpoint."""
        self.position, self.arrays = restore_checkpoint(self.resumed, self.state, self.settings, self.say)
        if self.arrays is None:  # there was none yet
            self._adapt()
        position, step = self.position, self._first_step()
        if sum_over_workers(self.strategy, step) != step * rank_of(self.strategy)[1]:
            raise InputError(
                "The workers read different checkpoints: the run directory must be on storage that all of them share. "
                f"Received: {self.path}, here after step {step}."
            )
        if self.recipe.epochs < position.epoch + (position.step > 0):
            raise InputError(
                f"The run is already in epoch {position.epoch + 1}. Received: --epochs {self.recipe.epochs}."
            )
        with self._writing("The run"):
            self.run.tidy()
            self.run.write_recipe(self.recipe)
        self._tell()
        self.say(_where(position, self.recipe.epochs, self.steps))

    def _first_step(self):
        return self.position.epoch * self.steps + self.position.step

    def lines(self):
        """What is said of the data and of the model before the training begins, line by line."""
        recipe, replicas = self.recipe, "1 replica" if self.replicas == 1 else f"{self.replicas} replicas"
        yield from filter(None, (self.data.source.account, *self.data.source.warnings))
        sizes = " and ".join(f"{part.size:,} {name}" for name, part in self.data.seen.splits.items())
        yield f"{recipe.name}: {recipe.model}, {self.model.count_params():,} weights, {replicas}"
        yield f"{recipe.data.name}: {sizes} examples of shape {recipe.input_shape}"
        for name, *values in recipe.data.prepare:
            if name == "repeat":
                yield f"an epoch has each training example {values[0]} times"
        yield from (*self.data.notes, *self.choices, *self._remarks())
        yield f"{recipe.epochs} epochs of {self.steps} steps, batch {recipe.batch_size}, seed {recipe.seed}"

    def _tell(self):
        *lines, last = self.lines()
        for line in lines:
            self.say(line)
        self.say(f"{last}; run in {self.run.path}")

    def _remarks(self):
        """What is to be told of the columns of a table."""
        source, described = self.data.source, self.recipe.data
        if source.columns is None or described.transforms:
            return []
        return remarks(
            source.array(described.train), source.columns, bool(self.recipe.arguments.get("standardize", False))
        )

    # ------------------------------------------------------------------ fitted

    def fit(self, stop):
        """Trains to the last epoch; a `StopRequest` may end it earlier."""
        recipe, options, position = self.recipe, self.options, self.position
        with self._writing("The run"):
            describe(self.run, recipe)
        self.evaluators = [each.of(self) for each in self.evaluators]
        checkpoints = Checkpoints(
            self.run,
            self.state,
            position,
            self.arrays,
            self.settings,
            every=options.checkpoint_every,
            keep=options.keep,
            epochs=recipe.epochs,
            callbacks=options.callbacks,
            stop=stop,
            say=self.say,
        )
        profiled = position.step // self.model.steps_per_execution + 2 if options.profile else None
        self.model.fit(
            self._training_batches(),
            epochs=recipe.epochs,
            initial_epoch=recipe.epochs if position.stopped else position.epoch,
            initial_step=position.step,
            steps_per_epoch=self.steps,
            shuffle=False,
            validation_data=self._shared(lambda share: self._test_batches(share)),
            verbose=0,
            pause_every=options.checkpoint_every,
            on_pause=checkpoints.on_pause,
            callbacks=[
                Progress(recipe.epochs, self.steps, sys.stdout if self.chief else io.StringIO()),
                *(each for each in self.evaluators if each.adds_to_logs),
                Logs(self.run, profile=profiled, say=self.say),
                *(each for each in self.evaluators if not each.adds_to_logs),
                *options.callbacks,
                checkpoints,
            ],
        )
        if options.profile:
            profiles = self.run.logs / "train" / "plugins" / "profile"
            self.say(f"profile in {profiles}" if profiles.exists() else "no profile: there was no second execution")

    def _training_batches(self):
        size = self.recipe.batch_size
        resident = self.data.resident_batches(size, labels=self.labelled)
        if resident is not None:
            return resident
        service = None
        if self.options.data_service:  # under a name that is the same on every worker, and on no other training
            drawn = secrets.randbits(62) if self.chief else 0
            name = f"{self.recipe.name}-{sum_over_workers(self.strategy, drawn)}"
            service = data.Service(self.options.data_service, name)
        first = self._first_step()
        return self._shared(
            lambda share: self.data.training_batches(
                size, labels=self.labelled, first_step=first, share=share, service=service
            )
        )

    def _test_batches(self, share):
        recipe = self.recipe
        return self.data.batches(recipe.data.test, recipe.batch_size, labels=self.labelled, share=share)

    def _shared(self, of_share):
        return share_batches(self.strategy, self.data.source, of_share)

    # ------------------------------------------------------------------ finished

    def finish(self):
        """Writes the model, and the metrics that `keraszoo evaluate` tells of it."""
        run, split, last = self.run, self.recipe.data, self.position.history[-1]
        if self.model.calibrates:
            calibrate(self.model, self.data)
        with self._writing("The trained model"):
            run.save_model(self.model)
        trained = {name: value for name, value in last.items() if not name.startswith("val_")}
        with self._writing("The metrics"):
            found = {group: values for each in self.evaluators for group, values in each.results().items()}
            run.write_metrics(history=self.position.history, **{split.train: trained}, **found)
            if self.chief:
                evaluated(run, self.data, split.test)
        sum_over_workers(self.strategy, 0)  # who leaves earlier takes the others down

    def _writing(self, what):
        command = f"keraszoo train --run {shlex.quote(str(self.path))} --resume"
        return writing(f"{what} cannot be written: {{}}. Mend that, then: {command}")


def default_path(recipe):
    return f"runs/{recipe.name}"


def _nothing(text):
    """What a worker that is not the chief has to say."""


def _where(position, epochs, steps):
    if position.step:
        return f"resuming in epoch {position.epoch + 1} of {epochs}, after step {position.step} of {steps}"
    if position.epoch:
        return f"resuming after epoch {position.epoch} of {epochs}"
    return "no checkpoint yet: starting from the beginning"
