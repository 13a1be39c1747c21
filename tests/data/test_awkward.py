"""Forty awkward inputs: each is read, read with a warning, or refused with the remedy.

`python tests/data/test_awkward.py` writes docs/awkward_inputs.md again.
"""

import pathlib
import re
import tempfile

import pytest
from awkward import CASES, REFUSED, outcome

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "awkward_inputs.md"
HEAD = """# Awkward inputs

What `keraszoo train RECIPE --dataset WHAT` makes of forty things that people bring. Each is read, read with a warning,
or refused before anything is written, in a line that says how to mend it. The tests make all of them; this table is
what they saw.

| what is brought | what becomes of it | the line |
|---|---|---|
"""


@pytest.mark.by_default(
    "a FIFO among images",
    "an image that is cut off",
    "masks with a border of 255",
    "12 bits in a TIFF of 16",
    "labels one-hot",
    "a table with a constant column and columns of far scales",
)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_it_is_read_or_refused_as_its_kind_is(case, tmp_path):
    became, line = outcome(case, tmp_path / "brought")
    assert became == case.outcome, line
    assert re.search(case.line, line), line
    assert "\n" not in line
    assert not (tmp_path / "brought" / "run").exists()


@pytest.mark.slow
def test_the_table_is_what_is_seen(tmp_path):
    assert PAGE.read_text() == page(tmp_path)


def page(folder):
    rows = []
    for number, case in enumerate(CASES):
        became, line = outcome(case, folder / str(number))
        line = line.replace("|", "\\|").replace("<", "&lt;")
        rows.append(f"| {case.what} | {f'**{became}**' if became == REFUSED else became} | {line} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(page(pathlib.Path(made)))
