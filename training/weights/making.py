"""Making trained weights: a recipe trained, measured, stored in as few bytes as its measures allow, with its card."""

import pathlib
import tempfile
import time
from importlib import metadata

import keras

from keraszoo import recipes
from keraszoo.core.errors import InputError
from keraszoo.runs.drafts import write_whole
from keraszoo.runs.run import Run
from keraszoo.system.failures import reason
from keraszoo.weights import own_folder
from keraszoo.weights.card import Card, licence_of, moved, sha256
from keraszoo.weights.half import compressed, halved

from ..evaluation import evaluate
from ..evaluators.features import features_of
from ..evaluators.sample_quality import COUNT
from ..measurement import SampleMeasures, draw, mixture_of
from ..session import train

PACKAGES = ("keraszoo", "tensorflow", "keras", "numpy")


def make(name, folder=None, *, run=None, data_dir=None, say=print):
    """Trains a recipe and stores its weights and their card.

    They are stored as float16 where no measure moves by more than a tenth of the recipe's spread, else as float32.

    Args:
        name: of the recipe.
        folder: where to; by default where `keraszoo.load` looks for weights made here.
        run: a finished run of the recipe, whose model is taken; None: it is trained.
        data_dir: where tensorflow-datasets keeps its data.
        say: receives lines of text.

    Returns:
        The path of the `.keras` file; its card lies beside it.

    Raises:
        InputError: an unknown recipe, a run of another one, data that are not there, a folder that cannot be written.
    """
    recipe = recipes.get(name)
    file = pathlib.Path(folder or own_folder()) / f"{recipe.name}.keras"
    with tempfile.TemporaryDirectory() as scratch:
        scratch, minutes = pathlib.Path(scratch), None
        if run is None:
            started = time.process_time()
            run = train(recipe, scratch / "run", data_dir=data_dir)
            minutes = round((time.process_time() - started) / 60, 2)
        run = run if isinstance(run, Run) else Run.open(run)
        if run.recipe.replace(data=recipe.data) != recipe.replace(seed=run.recipe.seed):
            raise InputError(
                f"Weights of a recipe are those of a run of it, with nothing changed. Received: {run.path}, which "
                f"differs from {recipe.name}."
            )
        whole, half, same = (scratch / f"{each}.keras" for each in ("whole", "half", "same"))
        model = bare(run.model())
        model.save(whole)
        halved(whole, half)
        kept, found = (measured(run.recipe, each, data_dir) for each in (whole, half))
        stored, dtype = half, "float16"
        if moved(recipe.expected, kept, found, share=0.1):
            compressed(whole, same)
            stored, dtype, found = same, "float32", kept
        say(f"{recipe.name}: stored as {dtype}, {stored.stat().st_size / 1000:.0f} kB")
        for metric, (value, spread) in recipe.expected.items():
            if metric in found and not abs(found[metric] - value) <= spread:
                say(f"  {metric} {found[metric]:.5g}, expected {value:g} +- {spread:g}")
        card = Card(
            recipe.name, recipe.model, recipe.title, recipe.data.name, licence_of(recipe.data), model.count_params(),
            dtype, stored.stat().st_size, sha256(stored), {name: round(value, 6) for name, value in found.items()},
            recipe.expected, run.recipe.seed, minutes, {name: metadata.version(name) for name in PACKAGES},
        )  # fmt: skip
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, stored.read_bytes())
            write_whole(file.with_suffix(".json"), card.to_json())
        except OSError as error:
            raise InputError(f"The weights cannot be written. Received: {file}: {reason(error)}.") from error
    return file


def measured(recipe, file, data_dir=None) -> dict:
    """`{"split/metric": value}` of the model in a `.keras` file: what a training of the recipe tells of its own.

    Samples are measured where the recipe expects something of them.

    Raises:
        InputError: data that are not there.
    """
    with tempfile.TemporaryDirectory() as scratch:
        run = Run.create(pathlib.Path(scratch) / "run", recipe)
        model = keras.saving.load_model(file, compile=False)
        model.compile()
        run.save_model(model)
        evaluate(run, data_dir=data_dir)
        found = {group: values for group, values in run.metrics().items() if group != "history"}
        if any(name.startswith("samples/") for name in recipe.expected):
            data, split = run.data(data_dir), recipe.data.test
            count = min(COUNT, data.size(split))
            real = data.random_examples(split, count, recipe.seed)
            found["samples"] = SampleMeasures(real, features_of(recipe), mixture_of(recipe))(
                draw(model, count, recipe.seed)
            )
    return {f"{group}/{name}": float(value) for group, values in found.items() for name, value in values.items()}


def bare(model):
    """The model without its optimizers, as a `.keras` file would be loaded without compiling it."""
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "model.keras"
        model.save(path)
        return keras.saving.load_model(path, compile=False)
