"""What is told of a table's columns before training."""

import re

import numpy as np
import pytest

from keraszoo.data.columns import remarks

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((500, 3)).astype("float32")
NAMES = ("a", "b", "c")


def changed(place, values):
    x = X.copy()
    x[:, place] = values
    return x


def with_outlier():
    x = X.copy()
    x[17, 1] = 400
    return x


@pytest.mark.parametrize(
    "x, standardized, told",
    [
        (X, False, None),
        (X * 1e6, True, None),
        (changed(1, 0.25), True, "one value.*'b' \\(0.25\\); leave"),
        (changed(2, X[:, 0]), True, "tell the same.*'a' and 'c'; leave"),
        (changed(2, -3 * X[:, 0] + 7), True, "tell the same.*'a' and 'c'"),
        (changed(1, np.where(np.arange(500) % 3, X[:, 1], 0)), True, "frequent.*'b' \\(0 in 33 % of the rows\\)"),
        (with_outlier(), True, "far from the rest.*'b' \\(22 in row 17\\)"),
        (X * np.float32([1, 1e-6, 1]), False, "other scales: 'b' has a deviation of .*e-07.*standardize=True"),
        (X * np.float32([1, 1, 1e6]), False, "other scales.*'c' values about"),
        (X + np.float32([0, 0, 1e5]), False, "other scales.*'c' values about 1e\\+05"),
    ],
)
def test_each_kind_of_column_that_spoils_a_density_is_told_in_a_line(x, standardized, told):
    lines = remarks(x, NAMES, standardized)
    if told is None:
        assert lines == []
    else:
        (line,) = lines
        assert re.search(told, line), line
        assert "\n" not in line


def test_many_columns_are_one_line():
    (line,) = remarks(np.ones((30, 40), "float32"), tuple(map(str, range(40))), True)
    assert line.endswith("and 35 others; leave them out")
