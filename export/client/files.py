"""Files as a request's inputs, and answers as files: images, tables, arrays."""

import io
from pathlib import Path

import numpy as np

from keraszoo.core.errors import InputError
from keraszoo.runs.drafts import write_whole
from keraszoo.system.failures import reason

TABLES = (".csv", ".npy")


def read(paths, inputs):
    """The rows in files as the inputs of a signature.

    Args:
        paths: one .npz with an array for each input; or tables (.csv, .npy) or images for the one input that can be
            such a thing.
        inputs: `{name: {"dtype", "shape"}}`.

    Returns:
        `{name: array}`; of some inputs only where others do not come from files.

    Raises:
        InputError: when a file cannot be read, or no input is for it.
    """
    suffixes = {Path(path).suffix.lower() for path in paths}
    if suffixes == {".npz"} and len(paths) == 1:
        with _opened(paths[0], lambda path: np.load(path, allow_pickle=False)) as archive:
            return {name: archive[name] for name in archive.files}
    if suffixes & {".npz"}:
        raise InputError("An .npz holds all inputs and comes alone.")
    if suffixes <= set(TABLES):
        name = _only(inputs, lambda info: info["dtype"] != "string" and len(info["shape"] or [0, 0]) == 2, "a table")
        tables = [_opened(path, _read_table) for path in paths]
        if len({table.shape[1:] for table in tables}) > 1:
            raise InputError("The tables have different numbers of columns.")
        return {name: np.concatenate(tables)}
    name = _only(inputs, _takes_images, "an image")
    if inputs[name]["dtype"] == "string":
        contents = np.empty(len(paths), object)
        contents[:] = [_opened(path, lambda path: Path(path).read_bytes()) for path in paths]
        return {name: contents}
    images = [_image(path, inputs[name]["shape"]) for path in paths]
    if len({image.shape for image in images}) > 1:
        raise InputError("The images of one request are of one size; ask for each by itself.")
    return {name: np.stack(images)}


def is_image(array):
    """Whether an answer is a batch of images."""
    return array.dtype == np.float32 and array.ndim == 4 and array.shape[-1] in (1, 3)


def write(path, answer):
    """Writes an answer, `{name: array}`: as .npz all of it, as .png its one batch of images, side by side.

    Raises:
        InputError: when it holds no images, or cannot be written.
    """
    path, content = Path(path), io.BytesIO()
    if path.suffix == ".npz":
        np.savez(content, **{name: _plain(array) for name, array in answer.items()})
    elif path.suffix == ".png":
        images = [array for array in answer.values() if is_image(array)]
        if len(images) != 1:
            raise InputError(f"A .png holds one batch of images; the answer has {', '.join(answer)}. Nearest: an .npz.")
        from PIL import Image

        pixels = np.rint(np.clip(np.nan_to_num(images[0]), 0, 1) * 255).astype(np.uint8)
        page = np.concatenate(list(pixels), axis=1) if len(pixels) else np.zeros([1, 1, 1], np.uint8)
        Image.fromarray(page[..., 0] if page.shape[-1] == 1 else page).save(content, format="png")
    else:
        raise InputError(f"--out is a .png or an .npz. Received: {path}.")
    try:
        write_whole(path, content.getvalue())
    except OSError as error:
        raise InputError(f"Cannot write {path}: {reason(error)}.") from error


def _takes_images(info):
    return info["dtype"] == "string" or (info["dtype"] == "float32" and len(info["shape"] or []) == 4)


def _only(inputs, fits, what):
    names = [name for name, info in inputs.items() if fits(info)]
    if len(names) != 1:
        raise InputError(f"No one input takes {what}; the inputs are {', '.join(inputs)}. An .npz can hold them all.")
    return names[0]


def _opened(path, read):
    try:
        return read(path)
    except InputError:
        raise
    except Exception as error:  # whatever Pillow, pandas and NumPy meet in files that they did not write
        why = reason(error) if isinstance(error, OSError) and error.strerror else " ".join(str(error).split())[:160]
        raise InputError(f"Cannot read {path}: {why}.") from None


def _read_table(path):
    if path.lower().endswith(".npy"):
        return np.load(path, allow_pickle=False)
    import pandas

    table = pandas.read_csv(path)
    numbers = table.select_dtypes("number")
    if others := ", ".join(table.columns.difference(numbers.columns)):
        raise InputError(f"{path}: every column must hold numbers. Received: {others}.")
    return numbers.to_numpy()


def _image(path, shape):
    """An image from 0 to 1, float32 [height, width, channels], in the channels of `shape`."""
    from PIL import Image

    def decode(path):
        with Image.open(path) as image:
            image.load()
            if image.mode.startswith("I;16"):
                return np.asarray(image, np.float32)[..., None] / 65535
            grey = shape[-1] == 1 or (shape[-1] is None and image.mode in ("1", "L"))
            pixels = np.asarray(image.convert("L" if grey else "RGB"), np.float32) / 255
            return pixels[..., None] if grey else pixels

    image = _opened(path, decode)
    if shape[-1] == 3 and image.shape[-1] == 1:
        image = np.repeat(image, 3, axis=-1)
    return image


def _plain(array):
    """Strings as fixed-length bytes: an .npz that anyone can read holds no Python objects."""
    return np.array(array.tolist(), "S") if array.dtype == object else array
