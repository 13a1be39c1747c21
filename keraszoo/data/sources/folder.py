"""A folder of images as a Source."""

import itertools
import os
import zlib
from pathlib import Path

import numpy as np
import tensorflow as tf

from ...core.errors import InputError
from .account import account, counted, how_divided
from .layouts import check_classes, check_no_masks, check_twins, only_images, split_folders
from .listing import SUFFIXES
from .pages import Page, read_pages, survey
from .source import Source, byte_size, check_test_last, divide, from_arrays


def load_folder(tree, image_size, memory_limit, test_last, options):
    """The Source of a folder of images, a `Folder`; see `keraszoo.data.load`. `options` are `MaskOptions`."""
    folder, tree = tree.path, only_images(tree)
    parts = {split: only_images(part) for split, part in split_folders(tree).items()}
    listed = {split: _list(part) for split, part in parts.items()}
    if not any(listed.values()):
        raise InputError(
            f"{folder}: there are no images in it. Images are files in {', '.join(SUFFIXES)}; "
            f"arrays would be train.npy and test.npy.{_found(tree)}"
        )
    paths = [path for files in listed.values() for path, _ in files]
    check_no_masks(folder, paths)
    twins = [line for line in map(check_twins, parts.values()) if line]
    class_names = tuple(sorted({name for files in listed.values() for _, name in files if name is not None}))
    if options.class_names is not None:
        raise InputError(
            f"class_names are for data whose classes have no names; in a folder its sub-folders are the classes. "
            f"Received: {', '.join(options.class_names)} for {folder}."
        )
    unsorted = [path for path, name in itertools.chain(*listed.values()) if name is None]
    if class_names and unsorted:
        more = f" and {len(unsorted) - 1:,} others" if len(unsorted) > 1 else ""
        raise InputError(
            f"{folder}: images are either all in one folder or all in one folder per class, not mixed. Received: the "
            f"classes {', '.join(class_names[:3])}{' and so on' if len(class_names) > 3 else ''}, and without a class "
            f"{unsorted[0].relative_to(folder)}{more}. Move them into folders of their classes, or out of {folder}."
        )
    pages, shape, dtype = survey(folder, paths, image_size)
    listed = {
        split: [(Page(str(path), number), name) for path, name in files for number in range(pages[path])]
        for split, files in listed.items()
    }
    listed, divided = divided_list(folder, listed, test_last)
    counts = [sum(name == own for files in listed.values() for _, own in files) for name in class_names]
    about = {"input": "image", "target": "label" if class_names else None, "class_names": class_names or None}
    about["num_classes"] = len(class_names) or None
    about["account"] = account(
        folder,
        len(paths),
        tree.passed,
        "images, one folder a class" if class_names else "images",
        {split: len(files) for split, files in listed.items()},
        divided,
        counted(counts, class_names) if class_names else "",
    )
    about["warnings"] = tuple(twins[:1])
    unseen = sorted(set(class_names) - {name for _, name in listed["train"]})
    if unseen:
        about["warnings"] += (f"{folder}: warning: no training image is of class {', '.join(unseen)}",)
    splits = {
        split: FileSplit(
            [page for page, _ in files],
            {"label": np.array([class_names.index(name) for _, name in files], np.int64)} if class_names else {},
            shape,
            dtype,
            resize=bool(image_size),
        )
        for split, files in listed.items()
    }
    return held_or_read(str(folder), splits, memory_limit, about)


def held_or_read(name, splits, memory_limit, about):
    """The Source of splits in files: in memory as far as that goes, else read from its files in every epoch.

    Args:
        splits: `{split: FileSplit}`.
        memory_limit: in bytes.
        about: further arguments of `Source`.
    """
    if sum(byte_size(part.shapes, part.dtypes, part.size) for part in splits.values()) > memory_limit:
        whole = all(part.dtypes["image"].is_integer for part in splits.values())
        return Source(name, splits, input_range=(0.0, 1.0) if whole else None, **about)
    arrays = {split: {f: part.read(f, range(part.size)) for f in part.shapes} for split, part in splits.items()}
    return from_arrays(name, arrays, **about)


def divided_list(folder, listed, test_last):
    """Lists of examples by split, `{None: list}` divided into train and test, and the words for it, "" for none.

    Raises:
        InputError: `test_last` for what has a test split, or what cannot be divided.
    """
    check_test_last(folder, listed, test_last)
    if len(listed) > 1:
        return listed, ""
    files = next(iter(listed.values()))
    rows = divide(folder, len(files), test_last)
    return {split: [files[row] for row in rows[split]] for split in rows}, how_divided(test_last)


class FileSplit:
    """Images that stay in their files.

    Args:
        pages: a `Page` each.
        labels: `{feature: array [size]}`.
        shape: (height, width, channels) of every image.
        dtype: "uint8", "uint16" or "float32", of every image.
        resize: whether the files' own sizes may differ from it.
    """

    parallel_calls = tf.data.AUTOTUNE

    def __init__(self, pages, labels, shape, dtype, resize):
        self.pages, self.labels, self.resize = list(pages), labels, resize
        self.size = len(pages)
        self.shapes = {"image": shape, **{feature: () for feature in labels}}
        self.dtypes = {"image": tf.as_dtype(dtype), **{feature: tf.as_dtype(a.dtype) for feature, a in labels.items()}}

    def read(self, feature, rows):
        """The values of one feature in these rows: an array [rows, ...]."""
        if feature in self.labels:
            return self.labels[feature][np.asarray(rows)]
        dtype = self.dtypes["image"].as_numpy_dtype
        return read_pages([self.pages[row] for row in rows], self.shapes["image"], dtype, self.resize)

    def gather(self, indices):
        """`{feature: [batch, ...]}` of the examples at `indices` [batch]."""

        def read(feature):
            values = tf.numpy_function(
                lambda rows: self.read(feature, rows), [indices], self.dtypes[feature], stateful=False
            )
            return tf.ensure_shape(values, [*indices.shape, *self.shapes[feature]])

        return {feature: read(feature) for feature in self.shapes}

    def checksum(self):
        """A CRC-32 of the files' names and sizes, in order."""
        return zlib.crc32(repr([_identity(page) for page in self.pages]).encode())


def _identity(page):
    return (*Path(page.path).parts[-2:], page.number, os.path.getsize(page.path))


def _list(folder):
    """[(path, class name or None)] of the images in a folder, or at any depth of its sub-folders, the classes."""
    check_classes(folder)
    own = [(path, None) for path in folder.images]
    return own + [(path, name) for name, sub in folder.folders.items() for path in sub.all_images()]


def _found(folder):
    """What there is instead of images, in words."""
    if not folder.passed:
        return ""
    shown = ", ".join(f"{path.name} ({reason})" for path, reason in folder.passed[:3])
    return f" Received: {shown}{f' and {len(folder.passed) - 3} others' if len(folder.passed) > 3 else ''}."
