"""docs/results.md is what the recipes, the runs on record and the published values give."""

import importlib
import pathlib

import pytest

from keraszoo.recipes import all_recipes

BENCHMARKS = pathlib.Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def results(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("results")


def test_the_page_is_that_of_the_runs(results):
    """`python benchmarks/results.py` writes it again."""
    page = results.page()
    assert results.PAGE.read_text() == page
    assert all(page.count(f"| `{name}`<br>") == 1 for name in all_recipes())


def test_runs_on_record_reach_what_their_recipe_expects(results):
    values, minutes, _ = results.read()
    assert values and values.keys() == minutes.keys() and values.keys() <= all_recipes().keys()
    for name, seeds in values.items():
        for measure, (value, tolerance) in all_recipes()[name].expected.items():
            found = [each[measure] for each in seeds.values() if measure in each]
            assert abs(sum(found) / len(found) - value) <= tolerance, (name, measure, found)


def test_published_values_are_of_measures_that_a_recipe_expects(results):
    for each in results.PUBLISHED:
        assert each.measure in all_recipes()[each.recipe].expected
        assert each.url.startswith("https://") and each.differs
