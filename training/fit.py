"""Training a recipe into a run: the whole of `keraszoo train`."""

import ast
import contextlib
import dataclasses
import io
import secrets
import shutil
import sys
import tempfile
import weakref

import keras
import tensorflow as tf

from keraszoo import data, models, recipes
from keraszoo.core.errors import InputError
from keraszoo.core.look import check_arrays
from keraszoo.core.replicas import is_chief, rank_of, sum_over_workers
from keraszoo.data.pipeline import service as data_services
from keraszoo.runs.run import Run

from .build import build_model, build_optimizer, load_data
from .cluster.strategy import choose_strategy, share_batches
from .evaluators.known_factors import callbacks_with_factors
from .evaluators.latent_panels import latent_panels_of
from .evaluators.pictures import Pictures
from .evaluators.sample_quality import callbacks_of, of_samples, open_features
from .evaluators.segmentation import calibrate, scores
from .evaluators.updates import Updates
from .loop.checkpoints import Checkpoints, Position, restore_checkpoint
from .loop.logs import Logs, describe, reason
from .loop.preemption import StopRequest
from .loop.progress import Progress
from .loop.state import ModelState

FIRST_LOOK = 4096  # examples on which a model measures what it does not learn
STEPS_PER_EXECUTION = 128  # from measurement: more gains nothing, fewer leave Python's cost visible


def train(
    recipe,
    run=None,
    *,
    resume=False,
    epochs=None,
    batch_size=None,
    seed=None,
    learning_rate=None,
    dataset=None,
    domains=None,
    image_size=None,
    test_last=None,
    arguments=None,
    data_dir=None,
    data_service=None,
    strategy="auto",
    replicas=None,
    mixed_precision=False,
    jit=False,
    checkpoint_every=None,
    keep=2,
    profile=False,
    features=None,
    features_every=1,
    callbacks=(),
    say=print,
):
    """Trains a recipe and returns its `Run`; None in a worker that is not the chief: the chief alone writes and says.

    Args:
        recipe: a name ("vae/digits", or a family), or a `keraszoo.recipes.Recipe`. None with `resume`: the run's own.
        run: directory of the run; by default runs/<recipe's name>.
        resume: continue the run in that directory from its newest checkpoint, bit for bit.
        epochs, batch_size, seed, learning_rate, dataset, domains, image_size, test_last: replace the recipe's;
            batch_size is global.
        arguments: `{name: value}` for the model's constructor, over the recipe's.
        data_dir: where tensorflow-datasets keeps its data; by default TFDS_DATA_DIR or ~/tensorflow_datasets.
        data_service: host:port of a tf.data service that reads the training data, see `keraszoo.data.Service`.
        strategy, replicas: see `choose_strategy`; a `tf.distribute.Strategy` is taken as it is.
        mixed_precision: compute the networks in float16 on GPUs (bfloat16 on a CPU); weights stay float32.
        jit: compile the training step with XLA.
        checkpoint_every: number of training steps between checkpoints; by default they are saved after each epoch.
        keep: how many checkpoints to keep, >= 1. The newest may be damaged when the machine goes down; then the one
            before it is used.
        profile: write a TensorBoard profile of one execution (up to 128 steps).
        features: run of a classifier of the same data, its path, or a Keras classifier: by its features the model's
            samples are measured (`SampleQuality`). Points with known modes are always measured.
        features_every: number of epochs between measurements.
        callbacks: further Keras callbacks.
        say: receives each line of text.

    Raises:
        InputError: for everything that the user can mend; nothing is left behind then.
        Preempted: after SIGTERM or Ctrl-C, to any of several workers, once a checkpoint is saved. A second signal ends
            the process at once.
    """
    changes = {
        "epochs": epochs, "batch_size": batch_size, "seed": seed, "dataset": dataset, "domains": domains,
        "image_size": image_size, "test_last": test_last,
    }  # fmt: skip
    changes = {name: value for name, value in changes.items() if value is not None}
    if resume:
        run = Run.open(run) if run else Run.open(default_path(_recipe(recipe)))
        recipe = _recipe_to_resume(run, recipe, changes, learning_rate, arguments)
    else:
        recipe = _changed(_recipe(recipe), changes, learning_rate, arguments)
    _check(recipe)
    _check_integers(
        checkpoint_every=1 if checkpoint_every is None else checkpoint_every, keep=keep, features_every=features_every
    )

    if data_service:
        data_services.check_answer(data_service)
    if isinstance(strategy, str):
        strategy = choose_strategy(strategy, replicas)
    replicas = strategy.num_replicas_in_sync
    if recipe.batch_size % replicas:
        nearest = max(1, round(recipe.batch_size / replicas)) * replicas
        raise InputError(
            f"The batch is shared evenly by the {replicas} replicas, so its size must be a multiple of {replicas}. "
            f"Received: {recipe.batch_size}. Nearest: {nearest}."
        )
    if jit and replicas > 1:
        raise InputError(f"XLA (--jit) runs on one replica only. Received: {replicas} replicas.")
    chief = is_chief(strategy)
    if not chief:
        say = _nothing

    options = {"memory_limit": 0} if data_service else {}
    source = load_data(recipe, data_dir, **options)
    if data_service:
        data_services.check_source(source, recipe.train_split)
    if recipe.labels is not None:
        source = data.few_labels(source, recipe.train_split, recipe.labels, recipe.seed)
    whole = source
    if recipe.repeat > 1:
        source = data.repeated(source, recipe.train_split, recipe.repeat)
    shape = data.transformed_shape(source, recipe.transforms)
    if shape != recipe.input_shape:
        recipe = recipe.replace(input_shape=shape)
    steps = data.steps_per_epoch(source, recipe.train_split, recipe.batch_size)

    features = open_features(features, getattr(models, recipe.model))  # before the seed: loading draws numbers

    keras.utils.set_random_seed(recipe.seed)
    policy = None
    if mixed_precision:
        policy = "mixed_float16" if tf.config.list_physical_devices("GPU") else "mixed_bfloat16"
    with strategy.scope():
        model = build_model(recipe, policy)
        turns = {name: recipe.epochs * steps // update.every for name, update in model.gradients().items()}
        optimizers = {
            name: build_optimizer(spec, turns.get(name, recipe.epochs * steps))
            for name, spec in recipe.optimizers.items()
        }
        model.compile(
            **optimizers,
            steps_per_execution=min(STEPS_PER_EXECUTION, max(1, steps // 2) if profile else steps),
            jit_compile=True if jit else "auto",
        )
        jit = bool(model.jit_compile)  # some models choose XLA themselves
    if source.input_range and not recipe.transforms:
        model.inputs.check((*source.input_range, 0), recipe.model)
    labelled = model.targets is not None
    if labelled and source.in_memory and source.target in source.split(recipe.train_split).shapes:
        check_arrays(model, {"y": source.array(recipe.train_split, source.target)})
    quality = callbacks_of(model, source, recipe, features, features_every, say)
    quality += callbacks_with_factors(model, source, recipe)
    pipeline = {"transforms": recipe.transforms, "with_labels": labelled, "seed": recipe.seed}

    def batches(split, **options):
        def of_share(share):
            return data.batches(source, split, recipe.batch_size, share=share, **options, **pipeline)

        return share_batches(strategy, source, of_share)

    test = batches(recipe.test_split, training=False)
    service = data.Service(data_service, _reading(strategy, recipe)) if data_service else None
    state = ModelState(model)
    settings = {"data": source.fingerprint(), "mixed precision": mixed_precision, "XLA": jit}
    if resume:
        position, arrays = restore_checkpoint(run, state, settings, say)
        _check_same_position(strategy, run, position.epoch * steps + position.step)
        if recipe.epochs < position.epoch + (position.step > 0):
            raise InputError(f"The run is already in epoch {position.epoch + 1}. Received: --epochs {recipe.epochs}.")
    else:
        position, arrays = Position(), None
        if model.adapts:  # on the same examples in every worker
            first = next(iter(data.batches(source, recipe.train_split, FIRST_LOOK, training=False, **pipeline)))
            model.adapt(*(first if labelled else (first,)))
        run = _created_by_chief(strategy, run or default_path(recipe), recipe)
    if not chief:
        run = _scratch_run(recipe)
    first = recipe.epochs if position.stopped else position.epoch
    first_step = position.epoch * steps + position.step
    training = data.resident(source, recipe.train_split, recipe.batch_size, **pipeline)
    if training is None:
        training = batches(recipe.train_split, training=True, first_step=first_step, service=service)

    say(f"{recipe.name}: {recipe.model}, {model.count_params():,} weights, {_replicas(replicas)}")
    say(f"{recipe.dataset}: {_sizes(source)} examples of shape {recipe.input_shape}")
    say(f"{recipe.epochs} epochs of {steps} steps, batch {recipe.batch_size}, seed {recipe.seed}; run in {run.path}")
    if resume:
        say(_where(position, recipe.epochs, steps))
    examples = next(iter(data.batches(source, recipe.test_split, 64, training=False, **pipeline)))
    x, y = examples if labelled else (examples, None)
    with run.lock():
        with _writing(run, "The run"):
            if resume:
                run.tidy()
                run.write("recipe.json", recipe.to_json())
            describe(run, recipe)
        with StopRequest(strategy) as stop:
            checkpoints = Checkpoints(
                run,
                state,
                position,
                arrays,
                settings,
                every=checkpoint_every,
                keep=keep,
                epochs=recipe.epochs,
                callbacks=callbacks,
                stop=stop,
                say=say,
            )
            model.fit(
                training,
                epochs=recipe.epochs,
                initial_epoch=first,
                initial_step=position.step,
                steps_per_epoch=steps,
                shuffle=False,
                validation_data=test,
                verbose=0,
                pause_every=checkpoint_every,
                on_pause=checkpoints.on_pause,
                callbacks=[
                    Progress(recipe.epochs, steps, sys.stdout if chief else io.StringIO()),
                    *quality,
                    Logs(run, profile=position.step // model.steps_per_execution + 2 if profile else None, say=say),
                    Pictures(run, x, seed=recipe.seed, say=say),
                    *([Updates(run, x, y, seed=recipe.seed, say=say)] if len(model.gradients()) > 1 else []),
                    *latent_panels_of(run, model, source, recipe, say),
                    *callbacks,
                    checkpoints,
                ],
            )
            profiles = run.logs / "train" / "plugins" / "profile"
            if profile:
                say(f"profile in {profiles}" if profiles.exists() else "no profile: there was no second execution")
            last = position.history[-1]
            if model.calibrates:
                calibrate(model, whole, recipe)
            with _writing(run, "The trained model"):
                run.save_model(model)
            tested = model.evaluate(test, verbose=0, return_dict=True)
            trained = {name: value for name, value in last.items() if not name.startswith("val_")}
            with _writing(run, "The metrics"):
                run.write_metrics(history=position.history, **{recipe.train_split: trained, recipe.test_split: tested})
                if sampled := of_samples(last):
                    run.write_metrics(samples=sampled)
                if segmented := scores(model, whole, recipe):
                    run.write_metrics(segmentation=segmented)
    return run if chief else None


def parse_assignments(assignments):
    """`["latent_dim=10", "hidden=[64]"]` -> `{"latent_dim": 10, "hidden": (64,)}`; words stay strings."""
    values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise InputError(f"--set takes NAME=VALUE. Received: {assignment!r}.")
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            value = text
        values[name] = tuple(value) if isinstance(value, list) else value
    return values


def default_path(recipe):
    return f"runs/{recipe.name}"


def _recipe(recipe):
    return recipes.get(recipe) if isinstance(recipe, str) else recipe


def _changed(recipe, changes, learning_rate, arguments):
    if "domains" in changes and recipe.domains is None:
        raise InputError(f"{recipe.name} has no domains to translate between. Received: {changes['domains']!r}.")
    if learning_rate is not None:
        changes["optimizers"] = {
            name: dataclasses.replace(spec, learning_rate=learning_rate) for name, spec in recipe.optimizers.items()
        }
    if arguments:
        changes["arguments"] = {**recipe.arguments, **arguments}
    return recipe.replace(**changes)


def _recipe_to_resume(run, recipe, changes, learning_rate, arguments):
    """The run's own recipe, of which only the number of epochs may change."""
    epochs = changes.pop("epochs", run.recipe.epochs)
    asked = _changed(run.recipe, changes, learning_rate, arguments)
    differing = [
        field.name
        for field in dataclasses.fields(asked)
        if getattr(asked, field.name) != getattr(run.recipe, field.name)
    ]
    differing = [name for name in differing if name != "expected"]
    if recipe is not None and _recipe(recipe).name != run.recipe.name:
        differing.insert(0, f"recipe ({_recipe(recipe).name} instead of {run.recipe.name})")
    if differing:
        raise InputError(
            "A run is resumed with what it was started with; only --epochs may change. "
            f"Received another: {', '.join(differing)}."
        )
    return run.recipe.replace(epochs=epochs)


def _created_by_chief(strategy, path, recipe):
    """The new Run on the chief, None elsewhere; when the chief is refused, so is everyone."""
    run, refusal = None, None
    if is_chief(strategy):
        try:
            run = Run.create(path, recipe)
        except InputError as error:
            refusal = error
    if sum_over_workers(strategy, int(refusal is not None)):
        raise refusal or InputError(f"The chief could not make the run; its message says why. Received: {path}.")
    return run


def _check_same_position(strategy, run, step):
    """Raises InputError unless every worker has restored the same step."""
    if sum_over_workers(strategy, step) != step * rank_of(strategy)[1]:
        raise InputError(
            "The workers read different checkpoints: the run directory must be on storage that all of them share. "
            f"Received: {run.path}, here after step {step}."
        )


def _scratch_run(recipe):
    """Where a worker that is not the chief writes: a temporary directory, which goes when the Run does.

    Saving reads variables that live on several workers, so every worker must save, and only one may touch the run.
    """
    path = tempfile.mkdtemp(prefix="keraszoo-worker-")
    run = Run.create(path, recipe)
    weakref.finalize(run, shutil.rmtree, path, ignore_errors=True)
    return run


def _reading(strategy, recipe):
    """A name for the reading of this training from a tf.data service: the same on every worker, and on no other."""
    return f"{recipe.name}-{sum_over_workers(strategy, secrets.randbits(62) if is_chief(strategy) else 0)}"


def _nothing(text):
    """What a worker that is not the chief has to say."""


def _check(recipe):
    _check_integers(epochs=recipe.epochs, batch_size=recipe.batch_size)
    for spec in recipe.optimizers.values():
        if not spec.learning_rate > 0:
            raise InputError(f"The learning rate must be > 0. Received: {spec.learning_rate!r}.")


def _check_integers(**values):
    for name, value in values.items():
        if not isinstance(value, int) or value < 1:
            raise InputError(f"{name} must be an integer >= 1. Received: {value!r}.")


@contextlib.contextmanager
def _writing(run, what):
    """Turns a full or broken disk into an InputError."""
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        raise InputError(
            f"{what} cannot be written: {reason(error)}. Mend that, then: keraszoo train --run {run.path} --resume"
        ) from error


def _where(position, epochs, steps):
    if position.step:
        return f"resuming in epoch {position.epoch + 1} of {epochs}, after step {position.step} of {steps}"
    if position.epoch:
        return f"resuming after epoch {position.epoch} of {epochs}"
    return "no checkpoint yet: starting from the beginning"


def _sizes(source):
    return " and ".join(f"{part.size:,} {name}" for name, part in source.splits.items())


def _replicas(count):
    return "1 replica" if count == 1 else f"{count} replicas"
