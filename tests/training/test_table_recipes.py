"""Recipes on tables: what follows from the columns, unless the user chose it."""

import numpy as np
import pandas as pd
import pytest

from keraszoo.core.errors import InputError
from keraszoo.data import load
from keraszoo.recipes import Recipe
from keraszoo.training.options import Options
from keraszoo.training.session import Session

RANDOM = np.random.default_rng(0)
ROWS = 60
TABLE = pd.DataFrame({
    "small": np.sort(RANDOM.normal(0, 1e-6, ROWS)),
    "large": RANDOM.normal(5e6, 1e6, ROWS),
    "kind": RANDOM.permutation(np.arange(ROWS) % 3),
    "depth": RANDOM.normal(0, 1, ROWS),
})  # fmt: skip
SMALL = {"transforms": 1, "hidden": (4,)}


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """A function of a recipe's name and options: the session that would train it on the table, opened."""
    monkeypatch.chdir(tmp_path)
    TABLE.to_csv("table.csv", index=False)

    def opened(recipe, arguments=None, **options):
        options = {"dataset": "table.csv", "batch_size": 10, **options}
        return Session(recipe, None, Options(arguments=arguments, say=lambda text: None, **options))

    return opened


def test_flows_standardise_a_table_as_a_whole(opened):
    session = opened("maf", SMALL)
    assert session.choices == ["as the data are a table: --set standardize=True"]
    x = session.data.source.array("train").astype("float64")
    np.testing.assert_allclose(session.model.chain[0].shift, x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(np.exp(session.model.chain[0].log_scale), x.std(0), rtol=1e-5)
    assert session.data.source.columns == tuple(TABLE)
    again = Recipe.from_json(session.recipe.to_json())
    assert again == session.recipe and again.arguments["standardize"] is True


def test_numbers_beside_angles_are_standardised_and_angles_alone_are_not(opened):
    chosen = {"transforms": 1, "hidden": (4,)}
    assert opened("nsf", chosen | {"circular": [0]}).choices == ["as the data are a table: --set standardize=True"]
    for circular in (True, [0, 1, 2, 3]):
        assert not opened("nsf", chosen | {"circular": circular}).choices


def test_bounds_are_those_of_columns_and_kept_by_the_run(opened):
    bounds = {1: (0, None), 2: (0, 2)}
    session = opened("maf", SMALL | {"bounds": bounds})
    assert session.recipe == Recipe.from_json(session.recipe.to_json())
    with pytest.raises(InputError, match="up to 1 above"):
        opened("maf", SMALL | {"bounds": {2: (0, 1)}})


def test_a_batch_that_the_data_do_not_fill_is_chosen_for_them(opened):
    """54 rows: 4 steps of 8 at least, a power of two."""
    session = opened("maf", SMALL, batch_size=None)
    assert session.recipe.batch_size == 8 and session.steps == 6
    assert "batch 8, as there are 54 examples: --batch-size chooses another" in session.choices
    with pytest.raises(InputError, match="at most the number of training examples, 54 .*Received: 512. Nearest: 54"):
        opened("maf", SMALL, batch_size=512)


def test_who_says_no_is_told_of_the_scales(opened):
    session = opened("maf", {**SMALL, "standardize": False})
    assert not session.choices and not session.recipe.arguments["standardize"]
    assert any("other scales: 'small'" in line for line in session._remarks())
    assert not any("other scales" in line for line in opened("maf", SMALL)._remarks())


def test_a_label_makes_a_flow_of_classes(opened):
    session = opened("maf", SMALL, label="kind")
    assert session.model.num_classes == 3 and session.labelled
    assert "--set num_classes=3" in session.choices[-1] and session.recipe.data.label == "kind"
    assert Recipe.from_json(session.recipe.to_json()) == session.recipe


def test_a_context_makes_a_conditional_flow(opened):
    session = opened("realnvp", SMALL, context=("depth", "large"))
    assert session.model.context_dim == 2 and session.labelled
    contexts = session.data.source.array("train", "context").astype("float64")
    np.testing.assert_allclose(session.model.context_scale.mean, contexts.mean(0), rtol=1e-5)
    assert Recipe.from_json(session.recipe.to_json()) == session.recipe


def test_autoencoders_of_any_numbers_take_a_likelihood_of_them(opened):
    session = opened("vae", {"hidden": (4,)}, label="kind")
    assert session.choices[-1] == (
        "as the data are a table: --set likelihood=gaussian_learned_variance --set standardize=True"
    )
    with pytest.raises(InputError, match="from 0 to 1"):
        opened("vae", {"hidden": (4,), "likelihood": "bernoulli"})


@pytest.mark.slow
def test_the_zoos_own_vectors_are_left_alone():
    assert load("points/gaussians8").columns is None


def test_columns_are_named_for_tables_alone(opened):
    with pytest.raises(InputError, match="label names columns of a table"):
        opened("vae/digits", dataset="digits", label="kind")
