"""A folder of images as a Source."""

import os
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from ...core.errors import InputError
from .account import account, counted, how_divided
from .layouts import check_classes, check_no_masks, only_images, split_folders
from .listing import SUFFIXES
from .source import Source, check_test_last, divide, from_arrays


def load_folder(tree, image_size, memory_limit, test_last, options):
    """The Source of a folder of images, a `Folder`; see `keraszoo.data.load`. `options` are `MaskOptions`."""
    folder, tree = tree.path, only_images(tree)
    listed = {split: _list(only_images(part)) for split, part in split_folders(tree).items()}
    if not any(listed.values()):
        raise InputError(
            f"{folder}: there are no images in it. Images are files in {', '.join(SUFFIXES)}; "
            f"arrays would be train.npy and test.npy.{_found(tree)}"
        )
    paths = [path for files in listed.values() for path, _ in files]
    check_no_masks(folder, paths)
    class_names = tuple(sorted({name for files in listed.values() for _, name in files if name is not None}))
    if options.class_names is not None:
        raise InputError(
            f"class_names are for data whose classes have no names; in a folder its sub-folders are the classes. "
            f"Received: {', '.join(options.class_names)} for {folder}."
        )
    if class_names and any(name is None for files in listed.values() for _, name in files):
        raise InputError(f"{folder}: images are either all in one folder or all in one folder per class, not mixed.")
    height, width, channels = common_shape(folder, paths, image_size)
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
    unseen = sorted(set(class_names) - {name for _, name in listed["train"]})
    if unseen:
        about["warnings"] = (f"{folder}: warning: no training image is of class {', '.join(unseen)}",)
    splits = {
        split: FileSplit(
            [path for path, _ in files],
            {"label": np.array([class_names.index(name) for _, name in files], np.int64)} if class_names else {},
            (height, width, channels),
            resize=bool(image_size),
        )
        for split, files in listed.items()
    }
    if sum(part.size for part in splits.values()) * height * width * channels > memory_limit:
        return Source(str(folder), splits, input_range=(0.0, 1.0), **about)
    arrays = {
        split: {"image": read_images(part.paths, part.shapes["image"], part.resize), **part.labels}
        for split, part in splits.items()
    }
    return from_arrays(str(folder), arrays, **about)


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
        paths: a file each.
        labels: `{feature: array [size]}`.
        shape: (height, width, channels) of every image.
        resize: whether the files' own sizes may differ from it.
    """

    parallel_calls = tf.data.AUTOTUNE

    def __init__(self, paths, labels, shape, resize):
        self.paths, self.labels, self.resize = [str(path) for path in paths], labels, resize
        self.size = len(paths)
        self.shapes = {"image": shape, **{feature: () for feature in labels}}
        self.dtypes = {"image": tf.uint8, **{feature: tf.as_dtype(a.dtype) for feature, a in labels.items()}}
        with tf.device("CPU:0"):
            self._paths = tf.constant(self.paths)
            self._labels = {feature: tf.constant(array) for feature, array in labels.items()}

    def gather(self, indices):
        """`{feature: [batch, ...]}` of the examples at `indices` [batch]."""
        shape = self.shapes["image"]

        def read(paths):
            return read_images([path.decode() for path in paths], shape, self.resize)

        images = tf.numpy_function(read, [tf.gather(self._paths, indices)], tf.uint8, stateful=False)
        images = tf.ensure_shape(images, [*indices.shape, *shape])
        return {"image": images, **{feature: tf.gather(a, indices) for feature, a in self._labels.items()}}

    def checksum(self):
        """A CRC-32 of the files' names and sizes, in order."""
        files = [(*Path(path).parts[-2:], os.path.getsize(path)) for path in self.paths]
        return zlib.crc32(repr(files).encode())


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


def common_shape(folder, paths, image_size):
    """(height, width, channels) that all images have or are given; reads the headers only."""
    sizes, grey = Counter(), True
    for path in paths:
        try:
            with Image.open(path) as image:
                width, height = ImageOps.exif_transpose(image).size if image.getexif() else image.size
                mode = image.mode
        except (OSError, Image.DecompressionBombError) as error:
            raise InputError(f"Cannot read the image {path}: {error}.") from error
        if mode.startswith(("I", "F")):
            raise InputError(f"Images must have 8 bits a channel. Received: {path} of mode {mode!r}.")
        sizes[height, width] += 1
        grey = grey and mode in ("1", "L", "LA")
    channels = 1 if grey else 3
    if image_size:
        return (*image_size, channels)
    if len(sizes) > 1:
        most = ", ".join(f"{height}x{width} ({count})" for (height, width), count in sizes.most_common(5))
        more = f" and {len(sizes) - 5} others" if len(sizes) > 5 else ""
        raise InputError(
            f"{folder}: the images differ in size, so image_size must say to which to bring them. "
            f"Received: {most}{more} (height x width)."
        )
    return (*next(iter(sizes)), channels)


def read_images(paths, shape, resize):
    """The images [n, *shape] uint8."""
    images = np.empty((len(paths), *shape), np.uint8)
    for image, path in zip(images, paths, strict=True):
        try:
            with Image.open(path) as file:
                pixels = ImageOps.exif_transpose(file).convert("L" if shape[-1] == 1 else "RGB")
        except (OSError, Image.DecompressionBombError) as error:
            raise InputError(f"Cannot read the image {path}: {error}.") from error
        if resize:
            pixels = ImageOps.fit(pixels, (shape[1], shape[0]), Image.Resampling.BILINEAR)
        image[...] = np.asarray(pixels).reshape(shape)
    return images
