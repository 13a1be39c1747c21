"""Image files: what a user's pixels are to a run, and writing files whole or not at all."""

import csv
import io
import os
import pathlib

import tensorflow as tf
from PIL import Image

from keraszoo.core.errors import InputError
from keraszoo.data.sources.pages import TIFF
from keraszoo.data.sources.source import scaled
from keraszoo.runs.drafts import write_whole
from keraszoo.scaling import DEPTHS, Scaling
from keraszoo.system.failures import reason

from .evaluators.pictures import save_png

DPI = 90  # of figures


def as_seen(pixels, path, scaling):
    """Stored pixels as a run's model sees them: float32 of the same shape, from 0 to 1.

    Args:
        pixels: uint8, uint16 or float32, as `keraszoo.data.sources.pages.read_file` reads them.
        path: of their file, for messages.
        scaling: the `Scaling` of the run's data; None where these were plain 8 bits, or numbers from 0 to 1.

    Raises:
        InputError: pixels of another depth than the run learned from.
    """
    dtype = pixels.dtype.name
    if scaling is not None and dtype != scaling.dtype:
        raise InputError(
            f"Images must have the depth of those that the run learned from, {DEPTHS[scaling.dtype]}. "
            f"Received: {path} of {DEPTHS[dtype]}."
        )
    if scaling is not None:
        return scaling(pixels).numpy()
    if dtype == "uint16":
        raise InputError(
            "Images must have 8 bits a channel, as those that the run learned from. "
            f"Received: {path} of {DEPTHS[dtype]}. A training on such images keeps their scale (--scale)."
        )
    if dtype == "float32" and not (pixels.min() >= 0 and pixels.max() <= 1):
        raise InputError(
            f"Images of floating point must have values from 0 to 1, as the run's model takes them. Received: {path} "
            f"from {pixels.min():g} to {pixels.max():g}."
        )
    return scaled(pixels, pixels.dtype).numpy()


def stored(values, scaling):
    """Values from 0 to 1 as the run's images are stored: uint8, uint16 or float32 of the same shape."""
    return (scaling or Scaling("uint8", 0.0, 255.0)).stored(values)


def check_png(path):
    """Raises InputError when a PNG cannot be written there; asked before the work starts."""
    _check(path, ".png", "Pictures")


def check_gif(path):
    """Raises InputError when a GIF cannot be written there; asked before the work starts."""
    _check(path, ".gif", "Moving pictures")


def check_csv(path):
    """Raises InputError when a table cannot be written there; asked before the work starts."""
    _check(path, ".csv", "Tables")


def write_csv(path, rows, header):
    """Writes a table, whole or not at all; a file that is there is replaced."""
    check_csv(path)
    write(path, lambda temporary: save_csv(temporary, rows, header))


def save_csv(path, rows, header):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def _check(path, suffix, what):
    path = pathlib.Path(path)
    if path.suffix != suffix:
        raise InputError(f"{what} are written as {suffix}. Received: {path}.")
    check_place(path)


def check_place(path):
    """Raises InputError when no file can be written there."""
    path = pathlib.Path(path)
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        reason = "it is a directory" if path.is_dir() else f"{path.parent} is no directory that can be written"
        raise InputError(f"The file cannot be written. Received: {path}: {reason}.")


def write_png(path, page):
    """Writes a uint8 image [height, width, channels], whole or not at all; a file that is there is replaced.

    Raises:
        InputError: it cannot be written there.
    """
    check_png(path)
    write(path, lambda temporary: save_png(temporary, page))


def write_figure(path, figure):
    """Writes a `matplotlib.figure.Figure` as a PNG of 256 colours, which is a third as large as one of all.

    Raises:
        InputError: it cannot be written there.
    """
    check_png(path)
    write(path, lambda temporary: save_figure(temporary, figure))


def save_figure(path, figure):
    page = io.BytesIO()
    figure.savefig(page, format="png", dpi=DPI)
    few = Image.open(page).convert("RGB").quantize(256)
    few.save(path, format="png", optimize=True)


def save_image(path, image):
    """Writes an image [height, width, channels]: a PNG of uint8 or uint16 in 1 or 3 channels, or a page of a TIFF.

    Args:
        path: `.png` or `.tif`.
        image: uint8, uint16 or, in a TIFF, float32.

    Raises:
        InputError: an image that a PNG cannot hold.
    """
    if pathlib.Path(path).suffix in TIFF:
        import tifffile

        with tifffile.TiffWriter(path) as tif:
            add_page(tif, image)
    elif not fits_png(image):
        raise InputError(
            f"A PNG holds 1 or 3 channels of 8 or 16 bits. Received: {image.shape[-1]} channels of "
            f"{DEPTHS[image.dtype.name]}. Nearest: a .tif."
        )
    elif image.dtype == "uint8":
        save_png(path, image)
    else:
        pathlib.Path(path).write_bytes(tf.io.encode_png(image).numpy())


def add_page(tif, image):
    """Adds an image [height, width, channels] to a `tifffile.TiffWriter`."""
    colours = "rgb" if image.shape[-1] == 3 else "minisblack"
    grey = image[..., 0] if image.shape[-1] == 1 else image
    tif.write(grey, photometric=colours, planarconfig=None if grey.ndim == 2 else "contig", metadata=None)


def fits_png(image):
    """Whether a PNG can hold an image [height, width, channels]."""
    return image.shape[-1] in (1, 3) and image.dtype.name in ("uint8", "uint16")


def write_gif(path, pages, milliseconds=80):
    """Writes uint8 images [n, height, width, 1 or 3] as a film without end, whole or not at all.

    Args:
        path: a file that is there is replaced.
        pages: the images, at least one.
        milliseconds: how long each is shown.

    Raises:
        InputError: it cannot be written there.
    """
    check_gif(path)
    first, *others = [Image.fromarray(page[..., 0] if page.shape[-1] == 1 else page) for page in pages]
    film = {"save_all": True, "append_images": others, "duration": milliseconds, "loop": 0}
    write(path, lambda temporary: first.save(temporary, **film))


def write(path, save):
    """Writes a file or a folder whole or not at all; `save` is a function that writes a given path."""
    try:
        write_whole(path, save)
    except OSError as error:
        raise InputError(f"The file cannot be written. Received: {path}: {reason(error)}.") from error
