"""A folder of images as a Source."""

import os
import zlib
from pathlib import Path

import numpy as np
import tensorflow as tf

from ...core.errors import InputError
from .pages import Page, read_pages, survey
from .source import Source, byte_size, check_test_last, divide, from_arrays

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
SPLITS = ("train", "validation", "val", "test")


def load_folder(folder, image_size, memory_limit, test_last=None):
    """The Source of a folder of images; see `keraszoo.data.load`."""
    folder = Path(folder)
    folders = _folders(folder)
    if folders and all(sub.name in SPLITS for sub in folders):
        listed = {sub.name: _list(sub) for sub in sorted(folders, key=lambda sub: SPLITS.index(sub.name))}
    else:
        listed = {"train": _list(folder)}
    for split, files in listed.items():
        if not files:
            raise InputError(
                f"{folder}: no images in {split}. Images are files in {', '.join(SUFFIXES)}; "
                "arrays would be train.npy and test.npy."
            )
    class_names = tuple(sorted({name for files in listed.values() for _, name in files if name is not None}))
    if class_names and any(name is None for files in listed.values() for _, name in files):
        raise InputError(f"{folder}: images are either all in one folder or all in one folder per class, not mixed.")
    pages, shape, dtype = survey(folder, [path for files in listed.values() for path, _ in files], image_size)
    listed = {
        split: [(Page(str(path), number), name) for path, name in files for number in range(pages[path])]
        for split, files in listed.items()
    }
    check_test_last(folder, listed, test_last)
    if len(listed) == 1:
        files = next(iter(listed.values()))
        listed = {split: [files[row] for row in rows] for split, rows in divide(folder, len(files), test_last).items()}
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
    about = {"input": "image", "target": "label" if class_names else None, "class_names": class_names or None}
    about["num_classes"] = len(class_names) or None
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


def _folders(folder):
    return [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]


def image_files(folder):
    """The files in a folder that are images by their names, sorted."""
    return sorted(
        path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )


def _list(folder):
    """[(path, class name or None)] of the images in a folder or in its sub-folders, sorted."""
    flat = [(path, None) for path in image_files(folder)]
    return flat + [(path, sub.name) for sub in sorted(_folders(folder)) for path in image_files(sub)]
