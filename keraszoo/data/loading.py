"""load: one function for every kind of dataset."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from ..core.errors import InputError
from ..data.sources.source import Source
from .datasets.stacked_mnist import stack_digits
from .pipeline.transforms import image_size as checked_size
from .sources.folder import load_folder
from .sources.listing import walk
from .sources.masks import MaskOptions
from .sources.npy import holds_npy, load_npy
from .sources.npz import load_npz
from .sources.pages import TIFF
from .sources.pairs import find_pairs, load_pairs
from .sources.source import check_test_last
from .sources.stack import load_stack
from .sources.table import SUFFIXES as TABLES
from .sources.table import holds_tables, is_table, load_table
from .sources.tfds import known_names, load_records

MEMORY_LIMIT = 2 * 2**30
STACKED = "stacked_mnist"


def load(
    name: Any,
    data_dir: str | os.PathLike | None = None,
    image_size: int | Sequence[int] | None = None,
    *,
    supervised_keys: Any = None,
    memory_limit: int = MEMORY_LIMIT,
    test_last: int | None = None,
    ignore: Any = None,
    mask_values: Any = None,
    mask_suffix: str | None = None,
    class_names: Any = None,
    label: str | None = None,
    context: Sequence[str] | None = None,
) -> Source:
    """A dataset by name or path. Nothing is ever downloaded.

    `name` is one of

    - the name of a tfds dataset, `name`, `name/config` or `name/config:version`, that is prepared in
      `data_dir`, or of one of the zoo's own (`digits`, `photos`, `photographs`, `cells`, `cell_kinds`, `points/moons`
      and its other configurations, `shapes/32` and `shapes/64`), which is prepared once, in a cache directory:
      KERASZOO_CACHE, else XDG_CACHE_HOME/keraszoo, else ~/.cache/keraszoo. A dataset that is one split is divided
      90 : 10 into train and test.
    - `stacked_mnist`: three random digits of the prepared `mnist` as channels, 1000 classes; always in memory.
    - a folder of images (bmp, gif, jpeg, png, tiff, webp), all in it or in one sub-folder per class, at any depth
      there. Above may stand splits, by any usual name (`train`, `Training`, `val`, `testing`, ...); else 10 % of the
      images become the test split, the same every time. Images are grey if all of them are, else RGB, without
      transparency; a TIFF may have other channels. They stay uint8 (8 bits a channel), uint16 or float32, all of one
      depth. Every page of a multi-page TIFF is an image; of a moving GIF, PNG or WebP the first picture.
    - a multi-page TIFF, `.tif` or `.tiff`: every page is an image; what its axes call channels are channels.
    - a folder of images and their masks, in `images/` and `masks/` (or `imgs`, `labels`, `annotations`, ...) under the
      same names but for the ending; splits may stand above, within, or in the names (`imagesTr`, `labelsTr`). A mask's
      values are the classes of the pixels; 0 and 255 are two classes; see `mask_values`. The pages of two TIFFs of one
      name are pairs.
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
        ignore: the value of masks' pixels that do not count, such as 255; they get the class -1.
        mask_values: which values of masks are which class, "0:0,128:1", "0-127:0,128-255:1" or
            "#000000:0,#ff0000:1,#ffffff:ignore"; the first entry that fits decides.
        mask_suffix: what the names of masks have more than those of their images, such as "_mask"; both may then lie in
            one folder.
        class_names: names of the classes, class 0 first, where the data set has none.
        label: the column of a table that holds the classes: text, integers or booleans.
        context: the columns of a table, of numbers, on which a density depends.

    Returns:
        A `Source`.

    Raises:
        InputError: unknown name, a dataset that is not prepared, a cache directory that cannot be written,
            nothing to learn from, an empty split, images of differing size without `image_size`, an archive
            with other names, folders and masks of which it is not known what they mean,
            NaN or infinity, object arrays, labels out of range.

    Example:
        >>> from keraszoo.data import load
        >>> load("digits")
        Source('digits': train 1437, test 360; image uint8 [8, 8, 1], label int64 [])
    """
    options = MaskOptions.of(ignore=ignore, mask_values=mask_values, mask_suffix=mask_suffix, class_names=class_names)
    columns = (label, context)
    source = _read(name, data_dir, image_size, supervised_keys, memory_limit, test_last, options, columns)
    options.check_used(source)
    return source


def _read(name, data_dir, image_size, supervised_keys, memory_limit, test_last, options, columns):
    if tf.distribute.has_strategy():
        raise InputError("Load datasets outside strategy.scope(): inside, every replica would hold a copy.")
    size = None if image_size is None else checked_size(image_size)
    text = os.fspath(name) if isinstance(name, (str, os.PathLike)) else None
    if not text:
        raise InputError(f"A dataset is given by its name or path. Received: {name!r}.")
    path = Path(text).expanduser()
    looks_like_path = (
        isinstance(name, os.PathLike)
        or text.startswith((".", "/", "~"))
        or text.endswith(("/", ".npz", *TIFF, *TABLES))
    )
    if looks_like_path or (path.exists() and text.replace(":", "/").split("/")[0] not in {*known_names(), STACKED}):
        if supervised_keys is not None:
            raise InputError(f"supervised_keys is for tfds datasets. Received: {text}.")
        if is_table(path) and path.is_file() or path.is_dir() and holds_tables(path):
            if path.is_dir():
                check_test_last(text, ("train", "test"), test_last)
            return load_table(path, size, test_last, *columns)
        _check_no_columns(text, *columns)
        if path.is_dir() and holds_npy(path):
            check_test_last(text, ("train", "test"), test_last)
            return load_npy(path, size)
        if path.is_dir():
            tree = walk(path)
            pairs, passed = find_pairs(tree, options.suffix)
            if pairs:
                return load_pairs(tree, pairs, passed, size, memory_limit, test_last, options)
            return load_folder(tree, size, memory_limit, test_last, options)
        if path.suffix == ".npz" and path.is_file():
            return load_npz(path, size, test_last, options)
        if path.suffix.lower() in TIFF and path.is_file():
            return load_stack(path, size, memory_limit, test_last)
        if path.exists():
            raise InputError(
                "A dataset is an .npz archive, a table (.csv, .tsv, .parquet), a multi-page TIFF, or a folder of "
                f"images or of train.npy and test.npy. Received: {text}."
            )
        raise InputError(f"No such file or folder: {text}.")
    _check_no_columns(text, *columns)
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
    source = load_records(text, data_dir, size, supervised_keys, memory_limit, test_last, options)
    if path.is_dir():
        hint = f"{text} is the data set of that name; the folder that lies here: ./{text}"
        source.warnings = (*source.warnings, hint)
    return source


def _check_no_columns(name, label, context):
    for option, value in (("label", label), ("context", context)):
        if value is not None:
            raise InputError(
                f"{option} names columns of a table (.csv, .tsv, .parquet). Received: {value!r} for {name}."
            )
