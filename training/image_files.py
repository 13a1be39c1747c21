"""Image files: reading a user's, and writing one whole or not at all."""

import os
import pathlib

import numpy as np
from PIL import Image, ImageOps

from keraszoo.core.errors import InputError
from keraszoo.runs.drafts import write_whole
from keraszoo.system.failures import reason

from .evaluators.pictures import save_png


def read_image(path, channels):
    """An image as uint8 [height, width, channels], turned as its camera says.

    Args:
        path: PNG, JPEG or another format that Pillow reads, with 8 bits a channel.
        channels: 1 (its luminance) or 3.

    Raises:
        InputError: a missing file, or one that is no such image.
    """
    try:
        with Image.open(path) as image:
            mode = image.mode
            pixels = np.asarray(ImageOps.exif_transpose(image).convert("L" if channels == 1 else "RGB"))
    except FileNotFoundError as error:
        raise InputError(f"There is no image {path}.") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{path}: an image has up to {2 * Image.MAX_IMAGE_PIXELS:,} pixels. {error}") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path} cannot be read as an image: it must be a PNG or JPEG file.") from error
    if mode.startswith(("I", "F")):
        raise InputError(f"Images must have 8 bits a channel. Received: {path} of mode {mode!r}.")
    return pixels.reshape(*pixels.shape[:2], channels)


def check_png(path):
    """Raises InputError when a PNG cannot be written there; asked before the work starts."""
    _check(path, ".png", "Pictures")


def check_gif(path):
    """Raises InputError when a GIF cannot be written there; asked before the work starts."""
    _check(path, ".gif", "Moving pictures")


def _check(path, suffix, what):
    path = pathlib.Path(path)
    if path.suffix != suffix:
        raise InputError(f"{what} are written as {suffix}. Received: {path}.")
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        reason = "it is a directory" if path.is_dir() else f"{path.parent} is no directory that can be written"
        raise InputError(f"The picture cannot be written. Received: {path}: {reason}.")


def write_png(path, page):
    """Writes a uint8 image [height, width, channels], whole or not at all; a file that is there is replaced.

    Raises:
        InputError: it cannot be written there.
    """
    check_png(path)
    _write(path, lambda temporary: save_png(temporary, page))


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
    _write(path, lambda temporary: first.save(temporary, **film))


def _write(path, save):
    try:
        write_whole(path, save)
    except OSError as error:
        raise InputError(f"The picture cannot be written. Received: {path}: {reason(error)}.") from error
