"""load: one function for every kind of dataset."""

import math
import os
from pathlib import Path

import tensorflow as tf

from ..core.errors import InputError
from .datasets.stacked_mnist import stack_digits
from .pipeline.transforms import image_size as checked_size
from .sources.folder import load_folder
from .sources.npy import holds_npy, load_npy
from .sources.npz import load_npz
from .sources.pairs import holds_pairs, load_pairs
from .sources.source import check_test_last
from .sources.table import SUFFIXES as TABLES
from .sources.table import holds_tables, is_table, load_table
from .sources.tfds import known_names, load_records

MEMORY_LIMIT = 2 * 2**30
STACKED = "stacked_mnist"


def load(
    name,
    data_dir=None,
    image_size=None,
    *,
    supervised_keys=None,
    memory_limit=MEMORY_LIMIT,
    test_last=None,
    label=None,
    context=None,
):
    """A dataset by name or path. Nothing is ever downloaded.

    `name` is one of

    - the name of a tfds dataset, `name`, `name/config` or `name/config:version`, that is prepared in
      `data_dir`, or of one of the zoo's own (`digits`, `photos`, `cells`, `points/moons` and its other configurations,
      `shapes/32` and `shapes/64`), which is prepared when it is first used, in a cache directory: KERASZOO_CACHE,
      else XDG_CACHE_HOME/keraszoo, else ~/.cache/keraszoo. A dataset that is one split is divided 90 : 10 into train
      and test.
    - `stacked_mnist`: three random digits of the prepared `mnist` as channels, 1000 classes; always in memory.
    - a folder of images (bmp, gif, jpeg, png, tiff, webp), all in it or in one sub-folder per class;
      `train/` and `test/` (and `validation/`) may stand above, else 10 % of the images become the test
      split, the same every time. Images become uint8, grey if all of them are, else RGB without transparency.
    - a folder of images and their masks, in `images/` and `masks/` under the same names but for the suffix; `train/`
      and `test/` may stand above. A mask is a PNG (or BMP, GIF, TIFF) of one channel, whose values are the classes of
      the pixels; 0 and 255 are two classes.
    - a folder of `train.npy` and `test.npy` (and `validation.npy`), each [n, features] of floating point, which become
      float32.
    - a table, `.csv`, `.tsv` or `.parquet`, or a folder of `train.csv` and `test.csv` (and `validation.csv`): every
      column but those of `label` and `context` is a feature, float32.
    - an `.npz` file with arrays named `x_train`, `y_train`, `x_test`, `y_test` (the y optional); or `train`,
      `test`; or `image`, `label` (label optional; divided 90 : 10). Inputs are [n, h, w], [n, h, w, c] or
      [n, d]. Integer labels [n, h, w] are masks: the class of each pixel, or 0 and 255 for two classes.

    A known dataset's name wins over a folder of that name: write `digits/` for the folder.

    Args:
        name: see above.
        data_dir: where prepared tfds datasets are; by default TFDS_DATA_DIR, else ~/tensorflow_datasets.
            Nothing is written there.
        image_size: integer or (height, width) to which images are brought (the middle, as large as fits,
            resized); needed where they differ in size.
        supervised_keys: (input, target) features of a tfds dataset in place of its own; the target may be
            None. Features inside others are written `parent/child`. Without either, the input is the first
            image, else the first array.
        memory_limit: bytes up to which a dataset is held in memory, as stored; a larger one is read from its
            files in every epoch. `.npz` and `.npy` files are always held.
        test_last: the last so many examples become the test split of a dataset that is one split, in place of a
            random tenth: neighbours in a stack of slices or in a film must not be on both sides.
        label: the column of a table that holds the classes: text, integers or booleans.
        context: the columns of a table, of numbers, on which a density depends.

    Returns:
        A `Source`.

    Raises:
        InputError: unknown name, a dataset that is not prepared, a cache directory that cannot be written,
            nothing to learn from, an empty split, images of differing size without `image_size`, an archive
            with other names, NaN or infinity, object arrays, labels out of range.

    Example:
        >>> from keraszoo.data import load
        >>> load("digits")
        Source('digits': train 1437, test 360; image uint8 [8, 8, 1], label int64 [])
    """
    if tf.distribute.has_strategy():
        raise InputError("Load datasets outside strategy.scope(): inside, every replica would hold a copy.")
    size = None if image_size is None else checked_size(image_size)
    text = os.fspath(name) if isinstance(name, (str, os.PathLike)) else None
    if not text:
        raise InputError(f"A dataset is given by its name or path. Received: {name!r}.")
    path = Path(text).expanduser()
    looks_like_path = (
        isinstance(name, os.PathLike) or text.startswith((".", "/", "~")) or text.endswith(("/", ".npz", *TABLES))
    )
    if looks_like_path or (path.exists() and text.replace(":", "/").split("/")[0] not in {*known_names(), STACKED}):
        if supervised_keys is not None:
            raise InputError(f"supervised_keys is for tfds datasets. Received: {text}.")
        if is_table(path) and path.is_file() or path.is_dir() and holds_tables(path):
            if path.is_dir():
                check_test_last(text, ("train", "test"), test_last)
            return load_table(path, size, test_last, label, context)
        _check_no_columns(text, label, context)
        if path.is_dir() and holds_npy(path):
            check_test_last(text, ("train", "test"), test_last)
            return load_npy(path, size)
        if path.is_dir() and holds_pairs(path):
            return load_pairs(path, size, memory_limit, test_last)
        if path.is_dir():
            return load_folder(path, size, memory_limit, test_last)
        if path.suffix == ".npz" and path.is_file():
            return load_npz(path, size, test_last)
        if path.exists():
            raise InputError(
                "A dataset is an .npz archive, a table (.csv, .tsv, .parquet), or a folder of images or of train.npy "
                f"and test.npy. Received: {text}."
            )
        raise InputError(f"No such file or folder: {text}.")
    _check_no_columns(text, label, context)
    if supervised_keys is not None:
        pair = isinstance(supervised_keys, (tuple, list)) and len(supervised_keys) == 2
        if not pair or not supervised_keys[0]:
            raise InputError(f"supervised_keys is (input, target). Received: {supervised_keys!r}.")
        supervised_keys = tuple(supervised_keys)
    if text == STACKED:
        if supervised_keys is not None:
            raise InputError(f"{STACKED} has one image and one label; it takes no supervised_keys.")
        check_test_last(text, ("train", "test"), test_last)
        return stack_digits(text, load_records("mnist", data_dir, size, None, math.inf))
    return load_records(text, data_dir, size, supervised_keys, memory_limit, test_last)


def _check_no_columns(name, label, context):
    for option, value in (("label", label), ("context", context)):
        if value is not None:
            raise InputError(
                f"{option} names columns of a table (.csv, .tsv, .parquet). Received: {value!r} for {name}."
            )
