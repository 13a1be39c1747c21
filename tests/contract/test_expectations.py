"""A recipe's promise is not kept by a model that has learned nothing, nor by one that makes one example always."""

import numpy as np
import pytest

from keraszoo.core.errors import InputError
from keraszoo.models import GenerativeClassifier
from keraszoo.models.abilities import Samples
from keraszoo.models.density.density import Density
from keraszoo.recipes import all_recipes
from keraszoo.training.build import build_model, model_class
from keraszoo.training.evaluation import verdicts
from keraszoo.training.evaluators.sample_quality import SampleQuality
from keraszoo.training.measurement import draw, mixture_of
from keraszoo.training.options import Options
from keraszoo.training.session import Session
from keraszoo.weights import CLASSIFIERS

RECIPES = all_recipes().values()
#: one of each kind
BY_DEFAULT = ("gan/digits", "vae/digits", "autoencoder/digits")
GENERATORS = [recipe for recipe in RECIPES if any(name.startswith("samples/") for name in recipe.expected)]


def quiet(text):
    """Receives what a training says."""


def tried(recipes):
    return [
        pytest.param(recipe, id=recipe.name, marks=() if recipe.name in BY_DEFAULT else pytest.mark.slow)
        for recipe in recipes
    ]


def untrained(recipe, folder):
    """A session before its training; densities that are measured, not trained, before they are."""
    try:
        session = Session(recipe, folder / "run", Options(strategy="none", say=quiet))
    except InputError as error:
        if "not prepared" in str(error):
            pytest.skip(str(error))
        raise
    if isinstance(session.model, (Density, GenerativeClassifier)):
        session.model.set_weights(build_model(recipe).get_weights())
    return session


def missed(recipe, metrics):
    """Names of the metrics that are not as the recipe expects."""
    return [name for name, *_, verdict in verdicts(recipe, metrics) if verdict not in ("", "as expected")]


@pytest.mark.parametrize("recipe", tried(recipe for recipe in RECIPES if recipe.expected))
def test_a_model_that_has_learned_nothing_misses_them(recipe, tmp_path):
    session = untrained(recipe, tmp_path)
    batches = session.data.batches(recipe.data.test, recipe.batch_size, labels=session.labelled)
    metrics = {"test": session.model.evaluate(batches, verbose=0, return_dict=True)}
    if recipe in GENERATORS:
        quality = SampleQuality.of(session)
        metrics["samples"] = quality.measures(draw(session.model, quality.count, quality.seed))
        assert any(name.startswith("samples/") for name in missed(recipe, metrics))
    assert missed(recipe, metrics)


@pytest.mark.parametrize("recipe", tried(GENERATORS))
def test_samples_that_are_one_example_again_and_again_miss_them(recipe, tmp_path):
    """A real one: no generator of a constant code does better."""
    session = untrained(recipe, tmp_path)
    quality = SampleQuality.of(session)
    for example in session.data.random_examples(recipe.data.train, 3, 0):
        samples = np.broadcast_to(example, (quality.count, *example.shape))
        assert missed(recipe, {"samples": quality.measures(samples)})


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_generator_is_judged_by_its_samples(recipe):
    """Where the library has a classifier of its data, or their modes are known: its losses say nothing of them."""
    known = f"classifier/{recipe.data.name}" in CLASSIFIERS or mixture_of(recipe) is not None
    if recipe.expected and issubclass(model_class(recipe), Samples) and recipe.data.offline and known:
        assert recipe in GENERATORS
