"""The images in image files: how many there are, their size, channels and depth, and reading them.

TIFF is read by tifffile, page by page, PNG of 16 bits by TensorFlow, everything else by Pillow.
"""

import itertools
import logging
import os
import struct
import typing

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from ...core.errors import InputError
from .account import some

TIFF = (".tif", ".tiff")
_ORIENTATION = 274  # the tag of TIFF and EXIF
_AS_STORED = (1, 2)  # photometric interpretations of TIFF: black is zero, and RGB
_ALPHA = (1, 2)  # kinds of TIFF's extra samples
_DEPTHS = {"uint8": "8 bits", "uint16": "16 bits", "float32": "floating point"}
#: by which an image must be turned to stand upright: {orientation: function of [height, width, channels]}
_TURNS = {
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: np.rot90,
}


class Page(typing.NamedTuple):
    """One image in a file.

    Attributes:
        path: of the file.
        number: 0 is the file's first image.
    """

    path: str
    number: int = 0


class Form(typing.NamedTuple):
    """What the images of a file are.

    Attributes:
        pages: how many.
        height, width: of each, in pixels, once it stands upright.
        channels: of each, without transparency: 1 for grey, 3 for colours, or what a TIFF says.
        dtype: "uint8", "uint16", or "float32" for all other numbers.
    """

    pages: int
    height: int
    width: int
    channels: int
    dtype: str


def form_of(path):
    """The `Form` of an image file, from its header.

    Raises:
        InputError: no image, one that cannot be read, or a TIFF whose pages differ.
    """
    return _reading(path, lambda: _tiff_form(path) if _is_tiff(path) else _pillow_form(path))


def read_file(path, numbers=(0,), channels=None):
    """The images of a file, uint8, uint16 or float32 [height, width, channels] each, upright and without transparency.

    Args:
        path: of the file.
        numbers: which of them.
        channels: 1 for the luminance, 3 for colours; None: as many as it has.
    """
    images = _images(path, numbers)
    return images if channels is None else [with_channels(image, channels, path) for image in images]


def read_labels(path, numbers=(0,)):
    """The values of masks as they are stored, [height, width] or [height, width, channels]: indices of a palette."""
    images = _images(path, numbers, colours=False)
    return [image[..., 0] if image.shape[-1] == 1 else image for image in images]


def survey(where, paths, image_size):
    """What all images of some files have in common; reads the headers only.

    Args:
        where: what they belong to, for messages.
        paths: of the files.
        image_size: (height, width) to which they will be brought, or None.

    Returns:
        (`{path: number of pages}`, (height, width, channels), "uint8", "uint16" or "float32").

    Raises:
        InputError: images that differ in depth, in the number of channels (but for grey and colours), or, without
            `image_size`, in size.
    """
    forms = {path: form_of(path) for path in paths}
    _check_alike(where, forms, "dtype", lambda dtype: _DEPTHS[dtype], "Convert them to one depth.")
    channels = {form.channels for form in forms.values()}
    if not channels <= {1, 3}:
        _check_alike(where, forms, "channels", "{} channels".format, "Sort them into data sets of their own.")
    dtype, pages = next(iter(forms.values())).dtype, {path: form.pages for path, form in forms.items()}
    if image_size:
        return pages, (*image_size, max(channels)), dtype
    sizes = {}
    for form in forms.values():
        sizes[form[1:3]] = sizes.get(form[1:3], 0) + form.pages
    if len(sizes) > 1:
        common = sorted(sizes.items(), key=lambda item: -item[1])
        most = some([f"{height}x{width} ({count})" for (height, width), count in common])
        (height, width), _ = common[0]
        raise InputError(
            f"{where}: the images differ in size. Say to which to bring them (image_size), such as "
            f"--image-size {height} {width}. Received: {most} (height x width)."
        )
    return pages, (*next(iter(sizes)), max(channels)), dtype


def read_pages(pages, shape, dtype, resize):
    """The images of some pages, [n, *shape] of `dtype`; neighbours in one file are read together.

    Args:
        pages: a list of `Page`.
        shape: (height, width, channels) of each.
        dtype: as `survey` gave it.
        resize: whether they are brought to that height and width.
    """
    images, row = np.empty((len(pages), *shape), dtype), 0
    for path, together in itertools.groupby(pages, lambda page: page.path):
        for image in read_file(path, [page.number for page in together], shape[-1]):
            images[row] = resized(image, shape[:2]) if resize else image
            row += 1
    return images


def resized(image, size):
    """The middle of an image [height, width, channels], as large as `size` allows, brought to it; of the same dtype."""
    if image.shape[:2] == tuple(size):
        return image
    if image.dtype == np.uint8 and image.shape[-1] in (1, 3):
        whole = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        return np.asarray(ImageOps.fit(whole, size[::-1], Image.Resampling.BILINEAR)).reshape(*size, -1)
    channels = [
        np.asarray(ImageOps.fit(Image.fromarray(channel), size[::-1], Image.Resampling.BILINEAR))
        for channel in np.moveaxis(image.astype("float32"), -1, 0)
    ]
    values = np.stack(channels, axis=-1)
    return values if image.dtype.kind == "f" else np.rint(values).astype(image.dtype)


def with_channels(image, channels, path):
    """An image [height, width, c] in 1 channel, its luminance, or in 3; InputError where it has other channels."""
    if image.shape[-1] == channels:
        return image
    if {image.shape[-1], channels} != {1, 3}:
        raise InputError(f"{path}: an image of {channels} channels is needed. Received: {image.shape[-1]} channels.")
    if channels == 3:
        return np.repeat(image, 3, axis=-1)
    if image.dtype == np.uint8:
        return np.asarray(Image.fromarray(image).convert("L"))[..., None]
    grey = image.astype("float32") @ np.float32([[0.299], [0.587], [0.114]])
    return grey if image.dtype.kind == "f" else np.rint(grey).astype(image.dtype)


def _is_tiff(path):
    return os.path.splitext(path)[1].lower() in TIFF


def _images(path, numbers, colours=True):
    if _is_tiff(path):
        return _reading(path, lambda: _tiff_images(path, numbers, colours))
    return _reading(path, lambda: [_pillow_image(path, number, colours) for number in numbers])


def _reading(path, read):
    """What `read` gives; InputError in one line for a file that cannot be read."""
    try:
        return read()
    except (InputError, FileNotFoundError):
        raise
    except Exception as error:  # whatever Pillow and tifffile meet in files that they did not write
        if os.path.exists(path) and not os.path.getsize(path):
            reason = "the file is empty, 0 bytes"
        else:
            reason = " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
        raise InputError(
            f"Cannot read the image {path}: {reason}. If it is damaged, copy it anew or take it out of the data set."
        ) from error


def _check_alike(where, forms, field, words, remedy):
    """Raises InputError where the files differ in one field of their forms."""
    first = {}
    for path, form in forms.items():
        first.setdefault(getattr(form, field), path)
    if len(first) > 1:
        found = ", ".join(f"{words(value)} ({path})" for value, path in list(first.items())[:4])
        what = {"dtype": "depth", "channels": "their number of channels"}[field]
        raise InputError(f"{where}: the images differ in {what}. {remedy} Received: {found}.")


# ---------------------------------------------------------------------- Pillow and TensorFlow


def _pillow_form(path):
    with Image.open(path) as image:
        turned = image.getexif().get(_ORIENTATION, 1) > 4
        width, height = image.size[::-1] if turned else image.size
        channels = 1 if image.mode in ("1", "L", "LA") or image.mode.startswith(("I", "F")) else 3
        if deep := _png16(path):
            return Form(1, height, width, deep, "uint16")
        dtype = "uint16" if image.mode.startswith("I;16") else "float32" if image.mode in ("I", "F") else "uint8"
        return Form(1, height, width, channels, dtype)


def _png16(path):
    """The channels, without transparency, of a PNG of 16 bits a channel; 0 for another file."""
    with open(path, "rb") as file:
        header = file.read(26)
    if header[:8] != b"\x89PNG\r\n\x1a\n" or len(header) < 26 or header[24] != 16:
        return 0
    return 3 if header[25] in (2, 6) else 1


def _pillow_image(path, number=0, colours=True):
    if channels := _png16(path):
        with open(path, "rb") as file:
            pixels = tf.io.decode_png(file.read(), channels, tf.uint16).numpy()
        with Image.open(path) as image:
            return _turned(pixels, image.getexif().get(_ORIENTATION, 1))
    with Image.open(path) as image:
        image.seek(number)
        upright = ImageOps.exif_transpose(image)
        deep = image.mode.startswith(("I", "F"))
        if colours and not deep:
            upright = upright.convert("L" if image.mode in ("1", "L", "LA") else "RGB")
        pixels = np.asarray(upright)
    return _plain(pixels.reshape(*pixels.shape[:2], -1))


def _turned(pixels, orientation):
    return np.ascontiguousarray(_TURNS[orientation](pixels)) if orientation in _TURNS else pixels


def _plain(pixels):
    """Pixels as uint8, uint16 or float32."""
    if pixels.dtype == bool:
        return pixels.astype("uint8") * np.uint8(255)
    own = pixels.dtype.newbyteorder("=")
    return pixels.astype(own if own in (np.uint8, np.uint16) else "float32", copy=False)


# ---------------------------------------------------------------------- TIFF


class _Layout(typing.NamedTuple):
    """How the images lie in a TIFF: its one series, axes beside height and width, pages an image, and alpha."""

    series: typing.Any
    pages: int
    height: int
    width: int
    channels: int
    planes: int  # pages that hold one image, a channel each; 0 where an image's pages do not follow each other
    alpha: bool
    by_pillow: bool
    orientation: int


def _opened(path):
    """A TIFF; what tifffile would write to the log about its faults is left out, as those that matter are raised."""
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    return tifffile.TiffFile(path)


def _layout(path, tif):
    series, page = tif.series[0], tif.pages[0]
    if len(tif.series) > 1:
        found = ", ".join("x".join(map(str, each.shape)) for each in tif.series[:4])
        raise InputError(f"{path}: all pages of a TIFF must have one size and depth. Received: pages of {found}.")
    sizes = dict(zip(series.axes, series.shape, strict=True))
    if not {"Y", "X"} <= set(sizes) or page.imagedepth > 1:
        raise InputError(f"{path}: a TIFF's pages are images of height and width. Received: axes {series.axes}.")
    alpha = bool(page.extrasamples) and page.extrasamples[-1] in _ALPHA and sizes.get("S", 1) in (2, 4)
    others = [axis for axis in series.axes if axis not in "CSYX"]
    in_order = series.axes.replace("S", "") == "".join(others) + "C" * ("C" in sizes) + "YX"
    return _Layout(
        series,
        pages=int(np.prod([sizes[axis] for axis in others], dtype="int64")),
        height=sizes["Y"],
        width=sizes["X"],
        channels=sizes.get("C", 1) * sizes.get("S", 1) - alpha,
        planes=sizes.get("C", 1) if in_order else 0,
        alpha=alpha,
        by_pillow=int(page.photometric) not in _AS_STORED,
        orientation=int(page.tags[_ORIENTATION].value) if _ORIENTATION in page.tags else 1,
    )


def _tiff_form(path):
    with _opened(path) as tif:
        layout = _layout(path, tif)
        if layout.by_pillow:  # such as a palette, CMYK or white as zero
            return _pillow_form(path)._replace(pages=layout.pages)
        dtype = str(layout.series.dtype.newbyteorder("="))
    if dtype.startswith("complex"):
        raise InputError(
            f"{path}: the values of an image are real numbers. Received: {dtype}. Nearest: the magnitude, np.abs, or "
            "real and imaginary part as two channels."
        )
    dtype = {"bool": "uint8"}.get(dtype, dtype if dtype in ("uint8", "uint16") else "float32")
    size = (layout.height, layout.width)[:: -1 if layout.orientation > 4 else 1]
    return Form(layout.pages, *size, layout.channels, dtype)


def _tiff_images(path, numbers, colours=True):
    with _opened(path) as tif:
        layout = _layout(path, tif)
        if not layout.by_pillow:
            try:
                return [_upright(image, layout) for image in _stored(tif, layout, numbers)]
            except (ValueError, struct.error) as error:
                if "imagecodecs" not in str(error):
                    raise
                if layout.planes != 1 or (layout.channels > 1 and layout.series.dtype != np.uint8):
                    raise InputError(f"{path}: to read this compression, `pip install imagecodecs`.") from error
    return [_pillow_image(path, number, colours) for number in numbers]


def _stored(tif, layout, numbers):
    """The images [..., height, width, ...] as they lie in the file, without the axes beside them."""
    series, planes = layout.series, layout.planes
    axes = "".join(axis for axis in series.axes if axis in "CSYX")
    inner = tuple(size for axis, size in zip(series.axes, series.shape, strict=True) if axis in "CSYX")
    if series.dataoffset is None and planes:
        for number in numbers:
            pages = range(number * planes, (number + 1) * planes)
            yield tif.asarray(key=pages, series=0).reshape(inner), axes
        return
    whole = series.asarray() if series.dataoffset is None else _mapped(tif, series)
    order = [axis for axis in series.axes if axis not in "CSYX"] + list(axes)
    whole = whole.transpose([series.axes.index(axis) for axis in order]).reshape(-1, *inner)
    for number in numbers:
        yield whole[number], axes


def _mapped(tif, series):
    """The values of a series that lies in its file in one piece; only what is used of it is read."""
    dtype = series.dtype.newbyteorder(tif.byteorder)
    return np.memmap(tif.filehandle.path, dtype, "r", series.dataoffset, tuple(series.shape))


def _upright(stored, layout):
    image, axes = stored
    order = [axes.index(axis) for axis in "YXCS" if axis in axes]
    image = np.asarray(image).transpose(order).reshape(layout.height, layout.width, -1)
    return _turned(_plain(np.array(image[..., :-1] if layout.alpha else image)), layout.orientation)
