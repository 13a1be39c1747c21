"""Tables of named columns: .csv, .tsv and .parquet."""

import re

import numpy as np
import pandas as pd
import pytest

from keraszoo.core.errors import InputError
from keraszoo.data import load

FLOWERS = pd.DataFrame({
    "length": [5.1, 4.9, 6.3, 5.8],
    "count": [1, 2, 3, 4],
    "species": ["setosa", "virginica", "setosa", "versicolor"],
    "rating": [3, 1, 5, 3],
    "wet": [True, False, True, True],
})  # fmt: skip
NUMBERS = FLOWERS.drop(columns="species")


def write(path, table, **options):
    """A file of the table, by the path's suffix."""
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, **{"index": False, "sep": "\t" if path.suffix == ".tsv" else ",", **options})
    return path


def rows_of(source, feature=None):
    """`{features of a row: its value of another feature}`, of all splits."""
    target = source.input if feature is None else feature
    return {
        tuple(row): value.tolist()
        for split in source.sizes
        for row, value in zip(source.array(split), source.array(split, target), strict=True)
    }


@pytest.mark.parametrize("suffix", ["csv", "CSV", "tsv", "parquet"])
def test_columns_are_kept_by_name_and_value(tmp_path, suffix):
    source = load(write(tmp_path / f"flowers.{suffix}", FLOWERS), label="species")
    assert source.columns == tuple(NUMBERS)
    assert source.class_names == ("setosa", "versicolor", "virginica") and source.num_classes == 3
    rows = NUMBERS.astype("float32").to_numpy()
    assert rows_of(source, "label") == dict(zip(map(tuple, rows), [0, 2, 0, 1], strict=True))
    assert source.dtypes["x"].name == "float32" and re.search(
        r"/flowers\.\w+: 4 columns as features \(.*\): train 3, test 1 \(a random tenth\); "
        "label species of 3 classes: setosa 2, versicolor 1, virginica 1$",
        source.account,
    )


def test_classes_may_be_any_whole_numbers(tmp_path):
    source = load(write(tmp_path / "flowers.csv", NUMBERS), label="rating")
    assert source.class_names == ("1", "3", "5")
    assert sorted(rows_of(source, "label").values()) == [0, 1, 1, 2]


def test_a_context_is_columns_of_numbers(tmp_path):
    source = load(write(tmp_path / "flowers.csv", NUMBERS), context=("count", "length"))
    assert source.columns == ("rating", "wet") and source.num_classes is None
    first = next(row for split in source.sizes for row in source.array(split, "context") if row[0] == 3)
    np.testing.assert_array_equal(first, np.float32([3, 6.3]))


def test_each_file_of_a_folder_is_a_split_whatever_the_order_of_its_columns(tmp_path):
    write(tmp_path / "train.csv", NUMBERS)
    write(tmp_path / "test.parquet", NUMBERS[::-1][list(NUMBERS)[::-1]].reset_index(drop=True))
    source = load(tmp_path)
    assert source.sizes == {"train": 4, "test": 4}
    np.testing.assert_array_equal(source.array("train"), source.array("test")[::-1])


def test_what_else_lies_in_a_folder_of_tables_is_named(tmp_path):
    for name in ("train.csv", "test.csv", "sample_submission.csv"):
        write(tmp_path / name, NUMBERS)
    (tmp_path / "notes.txt").write_text("a")
    assert "train 4, test 4; passed over 2: notes.txt, sample_submission.csv" in load(tmp_path).account


def test_the_last_rows_are_the_test_split_when_asked(tmp_path):
    source = load(write(tmp_path / "flowers.csv", NUMBERS), test_last=1)
    assert source.array("test").tolist() == NUMBERS[-1:].astype("float32").to_numpy().tolist()


@pytest.mark.parametrize(
    "text, columns, said",
    [
        ("a;b\n1.5;2\n3;4\n", ("a", "b"), ""),
        ("\ufeffa,b\n1.5,2\n3,4\n", ("a", "b"), ""),
        ("a, b\n1.5, 2\n3, 4\n", ("a", "b"), ""),
        (",a,b\n0,1.5,2\n1,3,4\n", ("a", "b"), "numbers the rows, was passed over"),
        (",a,b\n17,1.5,2\n4,3,4\n", ("a", "b"), "numbers the rows, was passed over"),
        ("# by hand\n# twice\na,b\n1.5,2\n3,4\n", ("a", "b"), "2 lines of comment, which begin with #, passed over"),
        ("# by me\n#,b\n1.5,2\n3,4\n", ("#", "b"), "1 line of comment"),
        ("1.5,2\n3,4\n", ("0", "1"), "first line holds numbers"),
    ],
    ids=[
        "semicolons",
        "byte order mark",
        "blanks",
        "index",
        "index of a shuffled table",
        "comments",
        "header with #",
        "no header",
    ],
)
def test_text_as_programs_write_it(tmp_path, text, columns, said):
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    source = load(tmp_path / "table.csv")
    assert source.columns == columns and set(rows_of(source)) == {(1.5, 2.0), (3.0, 4.0)}
    assert said in source.account


def test_a_column_without_a_name_that_repeats_or_is_not_the_first_is_data(tmp_path):
    for name, text in {"repeats": ",a\n3,1\n3,2\n1,3\n", "last": "a,\n1,3\n2,1\n3,7\n"}.items():
        (tmp_path / f"{name}.csv").write_text(text)
        assert len(load(tmp_path / f"{name}.csv").columns) == 2


def test_a_class_without_rows_of_train_is_told(tmp_path):
    for split, classes in (("train", "aab"), ("test", "abc")):
        write(tmp_path / f"{split}.csv", pd.DataFrame({"x": [1.0, 2.0, 3.0], "kind": list(classes)}))
    assert load(tmp_path, label="kind").warnings == (f"{tmp_path}: warning: no row of train is of class c",)


ROW = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 4.0]})


@pytest.mark.parametrize(
    "table, options, message",
    [
        (FLOWERS, {}, "column 'species' with 'setosa' in row 0.*name it as the label"),
        (ROW.assign(b=["1", "?", "2"]), {}, r"column 'b' with '\?' in row 1"),
        (ROW.assign(b=[1.0, np.nan, np.nan]), {}, "2 gaps in column 'b', the first in row 1. Drop"),
        (ROW.assign(b=["x", None, "y"]), {"label": "b"}, "1 gaps in column 'b', the first in row 1"),
        (ROW.assign(b=[1.0, np.inf, 1e300]), {}, "inf in column 'b', row 1"),
        (ROW.assign(b=1.7e12 + np.arange(3)), {}, "7 digits.*'b'.*subtract 1.7e"),
        (FLOWERS, {"label": "spezies"}, "no column 'spezies'. Closest: species"),
        (NUMBERS, {"context": ("lenght",)}, "no column 'lenght'. Closest: length"),
        (FLOWERS, {"context": ("species",)}, "column 'species' with 'setosa'"),
        (NUMBERS, {"label": "length"}, "whole numbers. Received: 5.1.*context"),
        (NUMBERS, {"label": "rating", "context": ("count",)}, "a label or a context"),
        (ROW.assign(b="x"), {"label": "b"}, "from 2 to 1000 classes. Received: 1 in column 'b'"),
        (ROW[["a"]].astype(int), {"label": "a"}, "no column to learn from"),
        (ROW[:0], {}, "needs rows"),
        (ROW, {"image_size": 8}, "image_size is for images"),
    ],
)
def test_tables_that_cannot_be_learned_from(tmp_path, table, options, message):
    with pytest.raises(InputError, match=message) as refusal:
        load(write(tmp_path / "table.parquet", table), **options)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "content, message",
    [
        ("größe,b\n1,2\n".encode("latin1"), "UTF-8. Received: byte 0xf6 at 2, .*iconv -f latin1 -t utf-8 .*a.csv >"),
        (b"a;b\n1;2,5\n2;3,5\n", "decimal sign is a point. Received: column 'b' with '2,5' in row 0. .*decimal=','"),
    ],
)
def test_texts_that_are_written_otherwise_are_refused_with_what_to_do(tmp_path, content, message):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError, match=message) as refusal:
        load(tmp_path / "a.csv")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "files, message",
    [
        ({"train.csv": ROW}, "Missing: test.*Nearest: a single table"),
        ({"train.csv": ROW, "test.csv": ROW[["a"]]}, "test.csv lacks b"),
        ({"train.csv": ROW, "test.csv": ROW.assign(c=1.0)}, "test.csv also has c"),
        ({"train.csv": ROW, "train.parquet": ROW, "test.csv": ROW}, "a split is one table"),
    ],
)
def test_folders_of_tables_that_do_not_fit(tmp_path, files, message):
    for name, table in files.items():
        write(tmp_path / name, table)
    with pytest.raises(InputError, match=message):
        load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b'a,b\n1,2,3\n"4'])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_damaged_files_are_one_line(tmp_path, content, suffix):
    path = tmp_path / f"table.{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        load(path)
    assert "\n" not in str(refusal.value) and "table." in str(refusal.value)


def test_only_tables_have_columns_to_name(tmp_path):
    with pytest.raises(InputError, match="label names columns of a table.*digits"):
        load("digits", label="species")
