"""Training a recipe into a run: the whole of `keraszoo train`."""

import ast
import dataclasses
import io
import secrets
import shutil
import sys
import tempfile
import weakref

import keras
import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from keraszoo import data, recipes
from keraszoo.errors import InputError
from keraszoo.run import Run

from .build import build_model, build_optimizer
from .checkpoints import restore_checkpoint, save_checkpoint
from .pictures import Pictures
from .progress import Progress
from .strategy import choose_strategy, is_chief, rank_of, share_batches, sum_over_workers

STEPS_PER_EXECUTION = 32  # from measurement: more gains nothing, fewer leave Python's cost visible


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
    image_size=None,
    arguments=None,
    data_dir=None,
    data_service=None,
    strategy="auto",
    replicas=None,
    mixed_precision=False,
    jit=False,
    callbacks=(),
    say=print,
):
    """Trains a recipe and returns its `Run`; None in a worker that is not the chief: the chief alone writes and says.

    Args:
        recipe: a name ("vae/digits", or a family), or a `keraszoo.recipes.Recipe`. None with `resume`: the run's own.
        run: directory of the run; by default runs/<recipe's name>.
        resume: continue the run in that directory from its newest checkpoint.
        epochs, batch_size, seed, learning_rate, dataset, image_size: replace the recipe's; batch_size is global.
        arguments: `{name: value}` for the model's constructor, over the recipe's.
        data_dir: where tensorflow-datasets keeps its data; by default TFDS_DATA_DIR or ~/tensorflow_datasets.
        data_service: host:port of a tf.data service that reads the training data, see `keraszoo.data.Service`.
        strategy, replicas: see `choose_strategy`; a `tf.distribute.Strategy` is taken as it is.
        mixed_precision: compute the networks in float16 on GPUs (bfloat16 on a CPU); weights stay float32.
        jit: compile the training step with XLA.
        callbacks: further Keras callbacks.
        say: receives each line of text.

    Raises:
        InputError: for everything that the user can mend; nothing is left behind then.
    """
    changes = {
        "epochs": epochs, "batch_size": batch_size, "seed": seed, "dataset": dataset, "image_size": image_size
    }  # fmt: skip
    changes = {name: value for name, value in changes.items() if value is not None}
    if resume:
        run = Run.open(run) if run else Run.open(default_path(_recipe(recipe)))
        recipe = _recipe_to_resume(run, recipe, changes, learning_rate, arguments)
    else:
        recipe = _changed(_recipe(recipe), changes, learning_rate, arguments)
    _check(recipe)

    if data_service:
        data.service.check_answer(data_service)
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
    source = data.load(recipe.dataset, data_dir=data_dir, image_size=recipe.image_size, **options)
    if data_service:
        data.service.check_source(source, recipe.train_split)
    shape = data.transformed_shape(source, recipe.transforms)
    if shape != recipe.input_shape:
        recipe = recipe.replace(input_shape=shape)
    steps = data.steps_per_epoch(source, recipe.train_split, recipe.batch_size)

    keras.utils.set_random_seed(recipe.seed)
    policy = None
    if mixed_precision:
        policy = "mixed_float16" if tf.config.list_physical_devices("GPU") else "mixed_bfloat16"
    with strategy.scope():
        model = build_model(recipe, policy)
        optimizers = {name: build_optimizer(spec, recipe.epochs * steps) for name, spec in recipe.optimizers.items()}
        model.compile(
            **optimizers,
            steps_per_execution=min(STEPS_PER_EXECUTION, steps),
            jit_compile=True if jit else "auto",
        )
    if source.input_range and not recipe.transforms:
        model.check_range(*source.input_range, what=recipe.dataset)
    pipeline = {"transforms": recipe.transforms, "with_labels": recipe.with_labels, "seed": recipe.seed}

    def batches(split, **options):
        def of_share(share):
            return data.batches(source, split, recipe.batch_size, share=share, **options, **pipeline)

        return share_batches(strategy, source, of_share)

    test = batches(recipe.test_split, training=False)
    service = data.Service(data_service, _reading(strategy, recipe)) if data_service else None
    if resume:
        epoch, history = restore_checkpoint(run, model, say)
        if sum_over_workers(strategy, epoch) != epoch * rank_of(strategy)[1]:
            raise InputError(
                "The workers read different checkpoints: the run directory must be on storage that all of them share. "
                f"Received: {run.path}, here after epoch {epoch}."
            )
        if chief:
            run.write("recipe.json", recipe.to_json())
    else:
        run = _created_by_chief(strategy, run or default_path(recipe), recipe)
        epoch, history = 0, []
    if not chief:
        run = _scratch_run(recipe)
    training = batches(recipe.train_split, training=True, first_step=epoch * steps, service=service)

    say(f"{recipe.name}: {recipe.model}, {model.count_params():,} weights, {_replicas(replicas)}")
    say(f"{recipe.dataset}: {_sizes(source)} examples of shape {recipe.input_shape}")
    say(f"{recipe.epochs} epochs of {steps} steps, batch {recipe.batch_size}, seed {recipe.seed}; run in {run.path}")
    if resume:
        say(f"resuming after epoch {epoch} of {recipe.epochs}")
    if epoch < recipe.epochs:
        examples = next(iter(data.batches(source, recipe.test_split, 64, training=False, **pipeline)))
        _describe(run, recipe)
        model.fit(
            training,
            epochs=recipe.epochs,
            initial_epoch=epoch,
            steps_per_epoch=steps,
            shuffle=False,
            validation_data=test,
            verbose=0,
            callbacks=[
                Progress(recipe.epochs, steps, sys.stdout if chief else io.StringIO()),
                keras.callbacks.TensorBoard(run.logs, write_graph=False),
                Pictures(run, examples[0] if recipe.with_labels else examples, seed=recipe.seed),
                Checkpoints(run, history),
                *callbacks,
            ],
        )
    run.save_model(model)
    last = history[-1]
    run.write_metrics(
        history=history,
        **{
            recipe.train_split: {name: value for name, value in last.items() if not name.startswith("val_")},
            recipe.test_split: model.evaluate(test, verbose=0, return_dict=True),
        },
    )
    return run if chief else None


class Checkpoints(keras.callbacks.Callback):
    """Saves the full state after each epoch; `history` grows by the epoch's metrics."""

    def __init__(self, run, history):
        super().__init__()
        self.run, self.history = run, history

    def on_epoch_end(self, epoch, logs=None):
        self.history.append({name: float(value) for name, value in logs.items()})
        save_checkpoint(self.run, self.model, epoch + 1, self.history)


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
    for name in ("epochs", "batch_size"):
        value = getattr(recipe, name)
        if not isinstance(value, int) or value < 1:
            raise InputError(f"{name} must be an integer >= 1. Received: {value!r}.")
    for spec in recipe.optimizers.values():
        if not spec.learning_rate > 0:
            raise InputError(f"The learning rate must be > 0. Received: {spec.learning_rate!r}.")


def _describe(run, recipe):
    """The recipe as TensorBoard's text and hparams."""
    values = {f"model.{name}": value for name, value in recipe.arguments.items()}
    values |= {
        "model": recipe.model,
        "batch_size": recipe.batch_size,
        "epochs": recipe.epochs,
        "seed": recipe.seed,
    }
    for name, spec in recipe.optimizers.items():
        values |= {
            f"{name}.name": spec.name,
            f"{name}.learning_rate": spec.learning_rate,
            f"{name}.decay": str(spec.decay),
        }
    with tf.summary.create_file_writer(str(run.logs)).as_default():
        tf.summary.text("recipe", f"```json\n{recipe.to_json()}\n```", step=0)
        hparams.hparams_config(
            hparams=[hparams.HParam(name) for name in values],
            metrics=[
                hparams.Metric("epoch_loss", group=group, display_name=f"{group} loss")
                for group in ("train", "validation")
            ],
        )
        hparams.hparams(
            {name: value if isinstance(value, (int, float, str)) else str(value) for name, value in values.items()}
        )


def _sizes(source):
    return " and ".join(f"{part.size:,} {name}" for name, part in source.splits.items())


def _replicas(count):
    return "1 replica" if count == 1 else f"{count} replicas"
