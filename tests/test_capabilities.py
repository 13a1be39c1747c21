"""The table of what each model can do covers all of them, holds no failure, and is that of its page."""

import capabilities

from keraszoo import recipes, weights
from keraszoo.models import MODELS


def test_every_capability_has_a_law():
    assert capabilities.laws().keys() == capabilities.CAPABILITIES.keys()


def test_every_class_has_an_answer_for_each_and_none_failed():
    """`make capabilities` writes what is missing."""
    rows = capabilities.kept()["classes"]
    assert rows.keys() == MODELS.keys()
    answers = {(name, each): row[each] for name, row in rows.items() for each in capabilities.CAPABILITIES}
    assert not {pair: answer for pair, answer in answers.items() if not answer.startswith(("yes", "no"))}


def test_weights_of_the_library_are_in_the_table():
    """`python tests/capabilities.py "trained weights"` asks anew."""
    mine = {recipes.get(name).model for name in weights.of_the_library()}
    rows = capabilities.kept()["classes"]
    assert {name for name in MODELS if rows[name]["trained weights"] == "yes"} == mine


def test_the_page_is_that_of_the_answers():
    """`python tests/capabilities.py --pages` writes it again."""
    assert capabilities.PAGE.read_text() == capabilities.page()
