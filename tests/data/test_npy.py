"""Tables in a folder of .npy files."""

import re

import numpy as np
import pytest
from PIL import Image

from keraszoo.core.errors import InputError
from keraszoo.data import batches, load

TABLE = np.arange(24.0).reshape(4, 6) - 10


def write(folder, **arrays):
    folder.mkdir(exist_ok=True)
    for split, array in arrays.items():
        np.save(folder / f"{split}.npy", array)
    return folder


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
@pytest.mark.parametrize("validation", [None, "validation", "val"])
def test_each_file_is_a_split_in_float32(tmp_path, dtype, validation):
    arrays = {"train": TABLE.astype(dtype), "test": 2 * TABLE[:3]}
    arrays |= {validation: -TABLE[:2]} if validation else {}
    source = load(write(tmp_path / "power", **arrays))
    assert source.sizes == {split: len(array) for split, array in arrays.items()}
    assert (source.input, source.target, source.num_classes) == ("x", None, None)
    assert source.shapes == {"x": (6,)} and source.dtypes["x"].name == "float32"
    for split, array in arrays.items():
        np.testing.assert_array_equal(source.array(split), array.astype("float32"))
    assert source.input_range[0] == -20


def test_values_come_out_of_batches_as_they_are(tmp_path):
    np.testing.assert_array_equal(
        next(iter(batches(load(write(tmp_path, train=TABLE, test=TABLE)), "test", 4, training=False))), TABLE
    )


def test_files_may_change_once_they_are_loaded(tmp_path):
    source = load(write(tmp_path, train=TABLE.astype("float32"), test=TABLE))
    stored = np.load(tmp_path / "train.npy", mmap_mode="r+")
    stored[:] = 0
    stored.flush()
    np.testing.assert_array_equal(source.array("train"), TABLE)


def test_columns_in_fortran_order_are_the_same_table(tmp_path):
    source = load(write(tmp_path, train=np.asfortranarray(TABLE), test=TABLE))
    np.testing.assert_array_equal(source.array("train"), TABLE)


def test_a_table_among_images_does_not_hide_them(tmp_path):
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((4, 4), "uint8")).save(tmp_path / name)
    np.save(tmp_path / "features.npy", TABLE)
    assert load(tmp_path).shapes == {"image": (4, 4, 1)}


BAD = TABLE.copy()
BAD[1, 2], BAD[3, 0] = np.nan, np.inf


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({"train": TABLE}, "needs train.npy and test.npy. Missing: test.npy. Found: train.npy."),
        ({"test": TABLE, "val": TABLE}, "needs train.npy and test.npy. Missing: train.npy. Found: val.npy, test.npy."),
        ({"data": TABLE}, "there are no images.*arrays would be train.npy and test.npy"),
        ({"train": TABLE, "test": TABLE[0]}, r"test.npy: the array must be \[n, features\]. Received: \[6\]"),
        ({"train": TABLE[..., None], "test": TABLE}, r"train.npy: the array must be .*Received: \[4, 6, 1\]"),
        ({"train": TABLE[:, :0], "test": TABLE}, r"train.npy: the array must be .*Received: \[4, 0\]"),
        (
            {"train": TABLE, "test": TABLE[:, :5]},
            r"splits must agree in shape.*train \[6\] .*test \[5\] ",
        ),
        ({"train": TABLE, "test": BAD}, "split 'test'.*finite.*2 NaN or infinite values, the first in row 1"),
        ({"train": TABLE * 1e300, "test": TABLE}, "split 'train'.*finite in float32"),
        ({"train": TABLE.astype("int64"), "test": TABLE}, "train.npy: values must be floating point.*dtype int64"),
        ({"train": TABLE, "test": TABLE > 0}, "test.npy: values must be floating point.*dtype bool"),
        ({"train": TABLE, "test": TABLE[:0]}, "every split needs examples. Empty: test"),
        ({"train": TABLE, "test": np.array([[{}]])}, "test.npy is not a readable .npy array of numbers"),
    ],
)
def test_tables_that_cannot_be_learned_from(tmp_path, arrays, message):
    with pytest.raises(InputError, match=message) as error:
        load(write(tmp_path, **arrays))
    assert "\n" not in str(error.value) and str(tmp_path) in str(error.value)


@pytest.mark.parametrize("content", [b"", b"1,2\n3,4\n", b"PK\x03\x04", "cut"])
def test_files_that_are_no_arrays(tmp_path, content):
    path = write(tmp_path, train=TABLE, test=TABLE) / "test.npy"
    path.write_bytes(path.read_bytes()[:-8] if content == "cut" else content)
    with pytest.raises(InputError, match=f"^{re.escape(str(path))} is not a readable .npy array of numbers: ") as error:
        load(tmp_path)
    assert "\n" not in str(error.value)


def test_tables_have_no_image_size(tmp_path):
    with pytest.raises(InputError, match="image_size is for images"):
        load(write(tmp_path, train=TABLE, test=TABLE), image_size=8)
