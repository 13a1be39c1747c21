"""Recipes trained in full reach the values that they promise. Only the first is quick enough for the default suite."""

import pytest

from keraszoo.core.errors import InputError
from keraszoo.data.datasets.offline import BUILDERS
from keraszoo.recipes import all_recipes, families, get
from keraszoo.recipes.data import OFFLINE
from keraszoo.training import train
from keraszoo.training.evaluation import verdicts

FIRST, *REST = all_recipes()


@pytest.mark.parametrize("name", [FIRST, *(pytest.param(name, marks=pytest.mark.slow) for name in REST)])
def test_recipe_reaches_what_it_expects(name, tmp_path):
    try:
        run = train(name, tmp_path / "run")
    except InputError as error:
        if "not prepared" in str(error):
            pytest.skip(str(error))
        raise
    rows = verdicts(run.recipe, run.metrics())
    assert {verdict for *_, verdict in rows if verdict} == ({"as expected"} if run.recipe.expected else set()), rows


def test_every_family_starts_with_an_offline_recipe_of_seconds():
    for family in families():
        recipe = get(family)
        assert recipe.data.offline and recipe.minutes <= 1


def test_offline_data_are_those_that_the_zoo_makes():
    assert set(OFFLINE) == set(BUILDERS)


def test_changed_recipe_promises_nothing():
    recipe = get(FIRST)
    assert recipe.replace(epochs=recipe.epochs) == recipe
    assert recipe.replace(epochs=recipe.epochs + 1).expected == {}
    assert recipe.replace(seed=5).expected == recipe.expected
