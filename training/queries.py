"""A user's files as examples of a run: an image, the pages of a stack, the images of a folder, the rows of a table."""

import collections
import os
import pathlib
import typing

import numpy as np
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.data.pipeline import transforms
from keraszoo.data.sources.account import named
from keraszoo.data.sources.listing import SUFFIXES, walk
from keraszoo.data.sources.pages import form_of, read_file
from keraszoo.data.views.rescaled import stored_as
from keraszoo.scaling import DEPTHS, Scaling

from .image_files import as_seen

BATCH_SIZE = 256
TABLES = (".csv", ".npy")


class Query(typing.NamedTuple):
    """One example in a file.

    Attributes:
        file: path.
        number: of the page or row, from 0 on.
        name: how it is called in tables and messages.
        stem: path without suffix, relative to what was asked for, of the file that is made of it.
    """

    file: str
    number: int
    name: str
    stem: str


def images_of(path, say=print):
    """A `Query` for each image in a file, in a multi-page TIFF, or in a folder and the folders in it, sorted.

    Args:
        path: of the file or folder.
        say: receives a line about files of a folder that are no images by their names.

    Raises:
        InputError: no such file, a file that is no image, a folder without images.
    """
    path = pathlib.Path(path)
    if not path.is_dir():
        _check_file(path, "image")
        return _pages(path, path.stem)
    tree = walk(path)
    files = sorted(os.path.relpath(file, path) for file in tree.all_images())
    others = sorted(os.path.relpath(file, path) for file, _ in tree.passed if not file.is_dir())
    if others:
        say(f"{path}: {len(files)} files are images; passed over {named(others, others)}")
    if not files:
        raise InputError(f"{path}: no images, which are files in {', '.join(SUFFIXES)}.")
    stems = [os.path.splitext(file)[0] for file in files]
    twice = {stem for stem, count in collections.Counter(stems).items() if count > 1}
    pairs = zip(files, stems, strict=True)
    return [query for file, stem in pairs for query in _pages(path / file, file if stem in twice else stem)]


class Examples:
    """The examples in a user's files, as a run's model takes them, a batch at a time.

    Args:
        paths: of images, stacks, folders of images, or tables: `.csv` with a column for each feature, and `.npy`
            [n, ...] of examples as they are stored.
        prepared: the run's `PreparedData`; images are brought to the shape of its source.
        say: receives lines about what had to be changed or passed over.

    Attributes:
        queries: a `Query` each.

    Raises:
        InputError: missing or unreadable files, or others than the run learned from. Headers are read at once, pixels
            when their batch comes.
    """

    def __init__(self, paths, prepared, say=print):
        self.prepared, self.source, self.say = prepared, prepared.source, say
        self.scaling = Scaling.of(prepared.data.scaling)
        self.shape = self.source.shapes[self.source.input]
        self._arrays, self.queries, differing = {}, [], 0
        for path in map(str, paths):
            if os.path.splitext(path)[1].lower() in TABLES:
                self._arrays[path] = rows_of(path, self.source)
                rows = range(len(self._arrays[path]))
                self.queries += [Query(path, row, f"{path}, row {row}", f"{row}") for row in rows]
            else:
                self._check_images()
                self.queries += images_of(path, say)
        self._resized = {}
        for file in {query.file: None for query in self.queries if query.file not in self._arrays}:
            form = form_of(file)
            if form[1:3] != self.shape[:2]:
                differing, self._resized[file] = differing + 1, form
        self._tell(differing)

    def batches(self):
        """Arrays [up to 256, ...] float32, in the order of `queries`."""
        for start in range(0, len(self.queries), BATCH_SIZE):
            queries = self.queries[start : start + BATCH_SIZE]
            x = np.stack([self._example(query) for query in queries])
            draws = np.arange(start, start + len(queries))

            def uniform(shape, position, draws=draws):
                seed = self.prepared.seed
                rows = [tf.random.stateless_uniform(shape[1:], (seed + position, row)) for row in draws]
                return tf.stack(rows)

            yield np.asarray(transforms.apply(tf.constant(x), self.prepared.data.transforms, uniform, training=False))

    def dataset(self):
        """The same batches as a `tf.data.Dataset`, for who goes through them more than once."""
        return tf.data.Dataset.from_generator(
            self.batches, output_signature=tf.TensorSpec([None, *self.prepared.shape], tf.float32)
        )

    def _example(self, query):
        if query.file in self._arrays:
            return self.source.scaled(tf.constant(self._arrays[query.file][query.number])).numpy().reshape(self.shape)
        (pixels,) = read_file(query.file, [query.number], self.shape[-1])
        if pixels.shape[:2] != self.shape[:2]:
            pixels = transforms.fit(tf.constant(pixels), self.shape[:2]).numpy()
        return as_seen(pixels, query.file, self.scaling)

    def _check_images(self):
        """Raises InputError unless the run learned from images of values from 0 to 1."""
        if len(self.shape) != 3:
            raise InputError(
                f"The run must have learned from images. Received: {self.source.name} with examples of {self.shape}."
            )
        lowest, highest = self.source.input_range or (0, 1)
        if lowest < 0 or highest > 1:
            raise InputError(
                "An image file has values from 0 to 1, and so must the run's data. "
                f"Received: {self.source.name} with values from {lowest:g} to {highest:g}."
            )

    def _tell(self, differing):
        size = f"{self.shape[0]}x{self.shape[1]} (height x width)" if differing else ""
        if differing == 1:
            ((file, form),) = self._resized.items()
            self.say(f"{file}: resized from {form.height}x{form.width} to {size}")
        elif differing:
            self.say(f"{differing} files of other sizes: resized to {size}")


def _check_file(path, what):
    """Raises InputError unless a path is a file: reading a pipe would wait for ever."""
    if not os.path.exists(path):
        raise InputError(f"There is no {what} {path}.")
    if not os.path.isfile(path):
        raise InputError(f"{path} is neither a file nor a folder.")


def _pages(path, stem):
    """A `Query` for each image in a file."""
    pages = form_of(path).pages
    if pages == 1:
        return [Query(str(path), 0, str(path), stem)]
    digits = len(str(pages))
    return [Query(str(path), page, f"{path}, page {page + 1}", f"{stem}-{page + 1:0{digits}}") for page in range(pages)]


def rows_of(path, source):
    """The examples of a `.npy` or `.csv` file, [n, ...] in the source's dtype, as they are stored."""
    shape, dtype = source.shapes[source.input], source.dtypes[source.input]
    values = _numbers(path)
    own = values.shape[1:]
    if own != shape and (*own, 1) != shape:
        received, wanted = ("x".join(map(str, sizes)) or "1" for sizes in (own, shape))
        raise InputError(f"{path}: each row must be an example of {source.name}, {wanted}. Received: {received}.")
    kinds = [name if name in ("uint8", "uint16") else "float32" for name in (values.dtype.name, stored_as(source))]
    if kinds[0] != kinds[1]:
        raise InputError(
            f"{path}: examples are stored as those of {source.name}, in {DEPTHS[kinds[1]]}. "
            f"Received: {values.dtype.name}."
        )
    return values.astype(dtype.as_numpy_dtype, copy=False)


def _numbers(path):
    """An array of finite numbers [n, ...]."""
    _check_file(path, "table")
    try:
        if path.lower().endswith(".npy"):
            values = np.load(path, mmap_mode="r", allow_pickle=False)
        else:
            import pandas

            frame = pandas.read_csv(path)
            for column in frame:
                if frame[column].dtype.kind not in "biuf":
                    raise InputError(f"{path}: every column must hold numbers. Received: column {column!r} of text.")
            values = frame.to_numpy("float64")
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read as a table of numbers: {' '.join(str(error).split())[:160]}."
        ) from error
    if values.ndim < 2 or not len(values):
        raise InputError(f"{path}: a table has rows of numbers, [n, ...]. Received: {list(values.shape)}.")
    bad = [] if values.dtype.kind != "f" else np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
    if len(bad):
        raise InputError(f"{path}: every value must be a finite number. Received: row {bad[0]} with a gap or infinity.")
    return values
