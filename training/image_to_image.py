"""A run's model on image files, each of which becomes another: the whole of `keraszoo restore`, `segment` and
`translate`.

What is asked for is one image, the pages of a TIFF, or the images of a folder. They are read, answered and written one
after the other, so that memory holds one of them.
"""

import os
import pathlib

import numpy as np

from keraszoo.analysis import restore as restore_image
from keraszoo.analysis.restoration import input_channels, tiles
from keraszoo.core.errors import InputError
from keraszoo.data.sources.pages import TIFF, read_file
from keraszoo.models.abilities import Segments, Translates
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


def restore(run, image, out, mask=None, *, temperature=None, table=None, say=print):
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
        return stored(restore_image(model, values, known, temperature), job.scaling), ()

    return job.write(restored)


def segment(run, image, out, *, table=None, say=print):
    """Segments image files with a run's model.

    Args:
        run, image, out, table, say: as `restore` takes them.

    Returns:
        Of one image what was written, uint8 [height, width]: 0 and 255 for two classes, else the classes; and a list of
        the share of the pixels that each class has. Of several the rows of the table, a dict each.

    Raises:
        InputError: missing or unfinished run, no such image, a model that does not segment it, a file that cannot be
            written.
    """
    job = _Job(run, image, out, table, say)
    model = job.able(Segments, "{} does not segment images; a UNet does.")
    classes = max(2, model.num_classes)
    if classes > 256:
        raise InputError(f"A mask file holds up to 256 classes. Received: a model of {classes}.")

    def segmented(_, query):
        values = job.values(query, model.image_shape[2])
        mask = np.asarray(model.segment(values[None])[1])[0]
        shares = (np.bincount(mask.ravel(), minlength=classes) / mask.size).tolist()
        return (255 * mask if classes == 2 else mask).astype("uint8")[..., None], shares

    answer = job.write(segmented, [f"class_{number}" for number in range(classes)])
    return (answer[..., 0], job.shares) if job.single else answer


def translate(run, image, out, to="b", *, table=None, say=print):
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
        return stored(np.asarray(model.translate(values[None], to))[0], job.scaling), ()

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

    def __init__(self, run, image, out, table, say):
        self.out, self.table, self.say = pathlib.Path(out), table, say
        suffix = self.out.suffix.lower()
        if table is not None:
            check_csv(table)
        if suffix and suffix not in TIFF and not os.path.isdir(image):
            check_png(out)
        run = run if isinstance(run, Run) else Run.open(run)
        self.model, self.scaling = run.model(), Scaling.of(run.recipe.data.scaling)
        self.queries, self.shares, self._grey = images_of(image, say), None, False
        several = len(self.queries) > 1 or os.path.isdir(image)
        self.single = not several and suffix != "" and suffix not in TIFF
        if several and suffix in (".png", ".jpg", ".jpeg"):
            raise InputError(
                f"{len(self.queries)} images are written into a folder, or as the pages of a .tif. Received: {out}."
            )
        if suffix in TIFF:
            check_place(out)
        elif not self.single:
            _check_folder(self.out)

    def able(self, ability, refusal):
        """The model, if it has an ability."""
        if not isinstance(self.model, ability):
            raise InputError(refusal.format(type(self.model).__name__))
        return self.model

    def values(self, query, channels):
        """An image as the model sees it, [height, width, channels] float32 from 0 to 1."""
        (pixels,) = read_file(query.file, [query.number])
        if channels == 1 and pixels.shape[-1] == 3 and not self._grey and np.ptp(pixels, axis=-1).any():
            self.say(f"{query.file}: converted to grey, which is what the model takes")
            self._grey = True
        if pixels.shape[-1] != channels:
            (pixels,) = read_file(query.file, [query.number], channels)
        return as_seen(pixels, query.file, self.scaling)

    def write(self, answer, columns=()):
        """Writes what `answer(row, query)` gives for each image, (image, further cells), and the table.

        Args:
            answer: the image is uint8, uint16 or float32 [height, width, channels].
            columns: names of the further cells.

        Returns:
            The image where there is one; else the rows of the table.
        """
        header = ["file", "page", "output", "height", "width", *columns]
        rows = []

        def answered(row, query, output):
            image, self.shares = answer(row, query)
            rows.append([query.file, query.number + 1, str(output), *image.shape[:2], *self.shares])
            return image

        if self.single:
            found = answered(0, self.queries[0], self.out)
            write(self.out, lambda path: save_image(path, found))
        elif self.out.suffix.lower() in TIFF:
            write(self.out, lambda path: self._pages(path, answered))
        else:
            write(self.out, lambda folder: self._files(folder, answered, header, rows))
        if self.table is not None:
            write_csv(self.table, rows, header)
        return found if self.single else [dict(zip(header, row, strict=True)) for row in rows]

    def _pages(self, path, answered):
        import tifffile

        with tifffile.TiffWriter(path) as tif:
            for row, query in enumerate(self.queries):
                add_page(tif, answered(row, query, self.out))

    def _files(self, folder, answered, header, rows):
        folder.mkdir()
        for row, query in enumerate(self.queries):
            image = answered(row, query, "")
            file = folder / f"{query.stem}{'.png' if fits_png(image) else '.tif'}"
            rows[-1][2] = str(self.out / file.relative_to(folder))
            file.parent.mkdir(parents=True, exist_ok=True)
            save_image(file, image)
        save_csv(folder / TABLE, rows, header)


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
