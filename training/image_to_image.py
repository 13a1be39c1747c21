"""A run's model on image files, each of which becomes another: the whole of `keraszoo restore`, `segment` and
`translate`.

What is asked for is one image, the pages of a TIFF, or the images of a folder. They are read, answered and written one
after the other, so that memory holds one of them.
"""

import contextlib
import os
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from tifffile import TiffWriter
from tqdm import tqdm

from keraszoo.analysis import restore as restore_image
from keraszoo.analysis.restoration import input_channels, tiles
from keraszoo.core.errors import InputError
from keraszoo.data.sources.pages import TIFF, read_file
from keraszoo.models.abilities import Segments, Translates
from keraszoo.models.segmentation.blocks import count_blocks, in_blocks
from keraszoo.models.segmentation.overlay import overlay as in_colours
from keraszoo.runs.run import Run
from keraszoo.scaling import Scaling

from .image_files import (
    add_page,
    as_seen,
    check_csv,
    check_place,
    check_png,
    fits_png,
    save_csv,
    save_image,
    stored,
    write,
    write_csv,
)
from .queries import images_of

TABLE = "table.csv"
LARGE = 1536  # pixels of height or width from which on an image is segmented block by block


def restore(
    run: str | os.PathLike | Run,
    image: Any,
    out: str | os.PathLike,
    mask: str | os.PathLike | None = None,
    *,
    temperature: float | None = None,
    table: str | os.PathLike | None = None,
    say: Callable[[str], Any] = print,
) -> Any:
    """Restores image files with a run's model.

    Args:
        run: a `Run` or the path of one.
        image: path of an image, of a multi-page TIFF, or of a folder of them.
        out: of one image a PNG to write; of any number a `.tif`, a page each, or a new folder, which also receives
            table.csv. A file that is there is replaced. Images are stored in the depth of those that the run learned
            from.
        mask: path of an image as large as it, white where a pixel is known, black in the hole; for models that fill
            holes. Of several images one mask for all, or as many.
        temperature: over the model's own, for models that have one: colourisation by classes.
        table: `.csv` to write, a row for each image.
        say: receives lines about what had to be changed or passed over.

    Returns:
        Of one image what was written, an array [height, width, channels]; of several the rows of the table, a dict
        each.

    Raises:
        InputError: missing or unfinished run, no such image, a model that does not restore it, a mask of another
            size, a file that cannot be written.
    """
    job = _Job(run, image, out, table, say)
    model = job.model
    channels = input_channels(model)
    masks = None if mask is None else images_of(mask, say)
    if masks is not None and len(masks) not in (1, len(job.queries)):
        raise InputError(
            f"A mask is for all images, or there are as many. Received: {len(masks)} for {len(job.queries)}."
        )

    def restored(row, query):
        values = job.values(query, channels)
        known = None if masks is None else _known(masks[row % len(masks)])
        if (parts := tiles(model, *values.shape[:2])) > 1:
            say(f"{query.name}: {values.shape[0]}x{values.shape[1]} pixels are restored in {parts} tiles")
        return [stored(restore_image(model, values, known, temperature), job.scaling)], ()

    return job.write(restored)


def segment(
    run: str | os.PathLike | Run,
    image: Any,
    out: str | os.PathLike,
    *,
    instances: str | os.PathLike | None = None,
    overlay: str | os.PathLike | None = None,
    probabilities: str | os.PathLike | None = None,
    table: str | os.PathLike | None = None,
    say: Callable[[str], Any] = print,
) -> Any:
    """Segments image files with a run's model, large ones block by block.

    Args:
        run, image, out, table, say: as `restore` takes them; `out` receives the masks.
        instances: where to write the number of each pixel's object, 0 in the background, in 16 bits; as `out`, or None.
        overlay: where to write the images with their objects in colours; as `out`, or None.
        probabilities: where to write the foreground's probability, or those of all classes, as float32: a `.tif`, or
            None.

    Returns:
        Of one image what was written, uint8 [height, width]: 0 and 255 for two classes, else the classes; and a list of
        the share of the pixels that each class has. Of several the rows of the table, a dict each.

    Raises:
        InputError: missing or unfinished run, no such image, a model that does not segment it, a file that cannot be
            written, more objects than 16 bits can number.
    """
    further = {"instances": instances, "overlay": overlay, "probabilities": probabilities}
    further = {name: place for name, place in further.items() if place is not None}
    if probabilities is not None and pathlib.Path(probabilities).suffix.lower() not in TIFF:
        raise InputError(f"Probabilities are written as the pages of a .tif. Received: {probabilities}.")
    job = _Job(run, image, out, table, say, tuple(further.values()))
    model = job.able(Segments, "{} does not segment images; a UNet does.")
    classes = max(2, model.num_classes)
    if classes > 256:
        raise InputError(f"A mask file holds up to 256 classes. Received: a model of {classes}.")
    # a graph forgets what a layer gave as soon as the next ones have it
    predict = tf.function(model.probabilities, [tf.TensorSpec([1, None, None, model.image_shape[2]])])

    def segmented(_, query):
        seen, found = _in_blocks(model, predict, job, query)
        mask = (found[..., 0] >= model.threshold if classes == 2 else found.argmax(-1)).astype("uint8")
        shares = (np.bincount(mask.ravel(), minlength=classes) / mask.size).tolist()
        images = {"mask": (255 * mask if classes == 2 else mask)[..., None]}
        if "probabilities" in further:
            images["probabilities"] = found
        if {"instances", "overlay"} & set(further):
            (objects,) = model.instances(found[None, ..., 0] if classes == 2 else found[None])
            if objects.max() > 65535:
                raise InputError(f"{query.name}: 16 bits number 65535 objects. Received: {objects.max()}.")
            images["instances"] = objects.astype("uint16")[..., None]
            shares.append(int(objects.max()))
            if job.single:
                say(f"{query.name}: {objects.max()} objects")
        if "overlay" in further:
            images["overlay"] = in_colours(seen, objects)
        return [images[name] for name in ("mask", *further)], shares

    columns = [f"class_{number}" for number in range(classes)]
    answer = job.write(segmented, columns + ["objects"] * bool({"instances", "overlay"} & set(further)))
    return (answer[..., 0], job.shares[:classes]) if job.single else answer


def _in_blocks(model, probabilities, job, query):
    """An image as the model sees it, and its probabilities: of the foreground alone where there are two classes.

    [height, width, channels] in half precision, and [height, width, 1 or classes].
    """
    pixels = job.pixels(query, model.image_shape[2])
    height, width = shape = pixels.shape[:2]
    seen, first = np.empty(pixels.shape, "float16"), int(model.num_classes <= 2)
    found = np.empty([height, width, max(2, model.num_classes) - first], "float32")

    def predict(*window):
        seen[window] = values = as_seen(pixels[window], query.file, job.scaling)
        return probabilities(values[None])[0, ..., first:]

    if max(shape) <= LARGE:
        return seen, np.asarray(predict(slice(None), slice(None)))
    parts = in_blocks(predict, shape, model.context, model.block)
    for rows, columns, part in tqdm(parts, query.name, count_blocks(shape, model.block), leave=False, disable=None):
        found[rows, columns] = part
    return seen, found


def translate(
    run: str | os.PathLike | Run,
    image: Any,
    out: str | os.PathLike,
    to: str = "b",
    *,
    table: str | os.PathLike | None = None,
    say: Callable[[str], Any] = print,
) -> Any:
    """Translates image files into a domain of a run's model.

    Args:
        run, image, out, table, say: as `restore` takes them; the images are of the domain that `to` is not.
        to: "b", the second of the recipe's domains, or "a".

    Returns:
        As `restore`.

    Raises:
        InputError: missing or unfinished run, no such image, a model that does not translate it, a file that cannot be
            written.
    """
    job = _Job(run, image, out, table, say)
    model = job.able(Translates, "{} has no domains to translate between; a CycleGAN has.")

    def translated(_, query):
        values = job.values(query, model.image_shape[2])
        return [stored(np.asarray(model.translate(values[None], to))[0], job.scaling)], ()

    return job.write(translated)


class _Job:
    """Image files that are answered one by one, and what is written of them.

    Args:
        run: a `Run` or the path of one.
        image, out, table, say: as `restore` takes them.

    Attributes:
        model: the run's.
        scaling: of the run's images, a `Scaling` or None.
        queries: a `Query` for each image.
        single: whether `out` is the picture of one image.
        shares: what the answer to the last image had beside it.
    """

    def __init__(self, run, image, out, table, say, further=()):
        self.places, self.table, self.say = [pathlib.Path(place) for place in (out, *further)], table, say
        self.out, suffix = self.places[0], self.places[0].suffix.lower()
        if table is not None:
            check_csv(table)
        for place in self.places:
            if place.suffix and place.suffix.lower() not in TIFF and not os.path.isdir(image):
                check_png(place)
        run = run if isinstance(run, Run) else Run.open(run)
        self.model, self.scaling = run.model(), Scaling.of(run.recipe.data.scaling)
        self.queries, self.shares, self._grey = images_of(image, say), None, False
        several = len(self.queries) > 1 or os.path.isdir(image)
        self.several, self.single = several, not several and suffix != "" and suffix not in TIFF
        for place in self.places:
            suffix = place.suffix.lower()
            if several and suffix in (".png", ".jpg", ".jpeg"):
                raise InputError(
                    f"{len(self.queries)} images are written into a folder, or as the pages of a .tif. "
                    f"Received: {place}."
                )
            if suffix in TIFF:
                check_place(place)
            elif several or not suffix:
                _check_folder(place)
        if len(set(self.places)) < len(self.places):
            raise InputError(f"Each kind of picture needs its own place. Received: {', '.join(map(str, self.places))}.")

    def able(self, ability, refusal):
        """The model, if it has an ability."""
        if not isinstance(self.model, ability):
            raise InputError(refusal.format(type(self.model).__name__))
        return self.model

    def values(self, query, channels):
        """An image as the model sees it, [height, width, channels] float32 from 0 to 1."""
        return as_seen(self.pixels(query, channels), query.file, self.scaling)

    def pixels(self, query, channels):
        """An image as it is stored, [height, width, channels]."""
        (pixels,) = read_file(query.file, [query.number])
        if channels == 1 and pixels.shape[-1] == 3 and not self._grey and np.ptp(pixels, axis=-1).any():
            self.say(f"{query.file}: converted to grey, which is what the model takes")
            self._grey = True
        if pixels.shape[-1] != channels:
            (pixels,) = read_file(query.file, [query.number], channels)
        return pixels

    def write(self, answer, columns=()):
        """Writes what `answer(row, query)` gives for each image, (images, further cells), and the table.

        All places are written or none; memory holds the answer to one image.

        Args:
            answer: the images are one for each place, uint8, uint16 or float32 [height, width, channels].
            columns: names of the further cells.

        Returns:
            The first image where there is one; else the rows of the table.
        """
        header = ["file", "page", "output", "height", "width", *columns]
        rows, first = [], None

        def all_of_them(sheets):
            nonlocal first
            with contextlib.ExitStack() as opened:
                sheets = [opened.enter_context(sheet) for sheet in sheets]
                with tqdm(self.queries, leave=False, disable=None if len(self.queries) > 1 else True) as queries:
                    for row, query in enumerate(queries):
                        (first, *others), self.shares = answer(row, query)
                        files = [sheet.add(query, each) for sheet, each in zip(sheets, (first, *others), strict=True)]
                        rows.append([query.file, query.number + 1, files[0], *first.shape[:2], *self.shares])
            if sheets[0].is_folder:
                save_csv(sheets[0].path / TABLE, rows, header)

        _together(self.places, self.several, all_of_them)
        if self.table is not None:
            write_csv(self.table, rows, header)
        return first if self.single else [dict(zip(header, row, strict=True)) for row in rows]


class _Sheet(contextlib.AbstractContextManager):
    """Where the pictures of one kind go: one file, the pages of a `.tif`, or the files of a folder.

    Args:
        path: where they are written.
        place: where they will lie then.
        several: whether they are of several images.
    """

    def __init__(self, path, place, several):
        self.path, self.place = path, place
        self.is_folder = not place.suffix or (several and place.suffix.lower() not in TIFF)

    def __enter__(self):
        if self.is_folder:
            self.path.mkdir()
        self._tif = TiffWriter(self.path, bigtiff=False) if self.path.suffix.lower() in TIFF else None
        return self

    def add(self, query, image):
        """Writes an image [height, width, channels]; returns the name of the file in which it will lie."""
        if self._tif is not None:
            add_page(self._tif, image)
        elif not self.is_folder:
            save_image(self.path, image)
        else:
            file = self.path / f"{query.stem}{'.png' if fits_png(image) else '.tif'}"
            file.parent.mkdir(parents=True, exist_ok=True)
            save_image(file, image)
            return str(self.place / file.relative_to(self.path))
        return str(self.place)

    def __exit__(self, *_):
        if self._tif is not None:
            self._tif.close()


def _together(places, several, save, opened=()):
    """Writes several places, all or none: `save` is given a `_Sheet` for each."""
    if not places:
        return save(opened)
    first, *others = places
    return write(first, lambda path: _together(others, several, save, (*opened, _Sheet(path, first, several))))


def _check_folder(out):
    """Raises InputError unless a folder of results can be made there."""
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        what = "a folder with files in it" if out.is_dir() else "a file"
        raise InputError(f"Several images are written into a new or empty folder. Received: {out}, {what}.")
    if not out.absolute().parent.is_dir() or not os.access(out.absolute().parent, os.W_OK):
        raise InputError(f"The folder cannot be made. Received: {out}: {out.parent} is none that can be written.")


def _known(query):
    """Where a mask is white, booleans [height, width]."""
    (pixels,) = read_file(query.file, [query.number], 1)
    half = 0.5 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max / 2
    return pixels[..., 0] > half
