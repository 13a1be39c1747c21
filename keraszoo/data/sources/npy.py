"""A folder of numpy arrays, a file per split, as a Source: tables of numbers."""

import numpy as np

from ...core.errors import InputError
from .source import from_arrays, numbered_columns

SPLITS = ("train", "validation", "val", "test")


def holds_npy(folder):
    """Whether a folder has a split as a file: `train.npy`, `validation.npy`, `val.npy` or `test.npy`."""
    return any((folder / f"{split}.npy").is_file() for split in SPLITS)


def load_npy(folder, image_size):
    """The Source of a folder with `train.npy`, `test.npy` and perhaps `validation.npy` or `val.npy`.

    Each is an array [n, features] of floating point; it becomes float32 and is held in memory. Values stay as they are:
    to standardise them is the model's job, which flows do.

    So stored, the benchmarks of Papamakarios, Pavlakou and Murray (2017), https://arxiv.org/abs/1705.07057, which they
    publish preprocessed, are POWER with 6 features, GAS 8, HEPMASS 21, MINIBOONE 43, and BSDS300 63.

    Args:
        folder: a `pathlib.Path`.
        image_size: must be None.

    Raises:
        InputError: train or test is missing, a damaged file, an array of another rank or of integers, splits with
            different numbers of features, NaN or infinity, an empty split.
    """
    if image_size:
        raise InputError(f"image_size is for images. Received: {folder} with .npy files.")
    files = {split: folder / f"{split}.npy" for split in SPLITS}
    missing = [files[split].name for split in ("train", "test") if not files[split].is_file()]
    if missing:
        found = ", ".join(path.name for path in files.values() if path.is_file())
        raise InputError(
            f"{folder}: a folder of arrays needs train.npy and test.npy. Missing: {missing[0]}. Found: {found}."
        )
    splits = {split: {"x": _read(path)} for split, path in files.items() if path.is_file()}
    return from_arrays(str(folder), splits, input="x", columns=numbered_columns(splits, "x"))


def _read(path):
    """The array [n, features] of a file as float32; where it is stored as that, mapped and not copied."""
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is not a readable .npy array of numbers: {str(error).rstrip('.')}.") from error
    if array.ndim != 2 or array.shape[1] == 0:
        raise InputError(f"{path}: the array must be [n, features]. Received: {list(array.shape)}.")
    if array.dtype.kind != "f":
        raise InputError(f"{path}: values must be floating point. Received: dtype {array.dtype}.")
    with np.errstate(over="ignore"):  # what becomes infinite is refused with the NaN and infinities of the file
        return array.astype("float32", copy=False)
