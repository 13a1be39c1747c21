"""The examples that are spread over all that a training sees."""

import numpy as np
import pytest

from keraszoo.data import load
from keraszoo.recipes.data import Data
from keraszoo.runs.prepared import PreparedData


@pytest.mark.parametrize("limit", [2**31, 0], ids=["in memory", "records"])
@pytest.mark.by_default("in memory")
def test_examples_are_of_the_whole_split_with_their_labels(limit):
    whole = load("digits")
    rows = [row.tobytes() for row in whole.array("train")]
    labels = dict(zip(rows, whole.array("train", "label").tolist(), strict=True))
    prepared = PreparedData(load("digits", memory_limit=limit), Data("digits"))
    x, y = (np.asarray(part) for part in prepared.spread_examples(96, labels=True))
    pixels = [np.round(row * 255).astype("uint8").tobytes() for row in x]
    assert [labels[row] for row in pixels] == y.tolist() and len(set(pixels)) == 96
    places = [rows.index(row) for row in pixels]
    assert min(places) < 100 and max(places) > len(rows) - 100
    np.testing.assert_array_equal(prepared.spread_examples(96), x)
