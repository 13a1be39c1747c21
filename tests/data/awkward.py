"""Forty inputs as people bring them, and what becomes of each.

Each is made in a folder of its own. It is read, read with a warning, or refused; nothing else may happen.
"""

import contextlib
import dataclasses
import os
from collections.abc import Callable

import numpy as np
import pandas
import tifffile
from PIL import Image

from keraszoo.core.errors import InputError
from keraszoo.training.options import Options
from keraszoo.training.session import Session

READ, WARNED, REFUSED = "read", "read, with a warning", "refused"
HALF = np.repeat([[0, 0, 0, 0, 1, 1, 1, 1]], 8, axis=0).astype("uint8")  # a mask, 8x8


@dataclasses.dataclass
class Case:
    """What somebody brings.

    Args:
        what: in words.
        make: makes it in an empty folder.
        outcome: READ, WARNED or REFUSED.
        line: what the account, the warning or the refusal must say.
        given: what is loaded, a path in the folder.
        options: of the training.
        family: that is trained.
    """

    what: str
    make: Callable
    outcome: str
    line: str
    given: str = "."
    options: dict = dataclasses.field(default_factory=dict)
    family: str = "vae"


def numbers(*shape, top=256, dtype="uint8"):
    return np.random.default_rng(0).integers(0, top, shape).astype(dtype)


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.startswith(".tif"):
        tifffile.imwrite(path, pixels, **options)
    else:
        Image.fromarray(pixels).save(path, **options)


def photographs(*places, shape=(8, 8, 3)):
    """A maker of four images in each place, each of a name of its own."""

    def make(folder):
        for place in places:
            for number, pixels in enumerate(numbers(4, *shape)):
                save(folder / place / f"{place.replace('/', '_')}{number}.png", pixels)

    return make


def pairs(mask, images="images", masks="masks", suffix=""):
    """A maker of four images and masks."""

    def make(folder):
        for number, pixels in enumerate(numbers(4, 8, 8, 3)):
            save(folder / images / f"{number}.png", pixels)
            save(folder / masks / f"{number}{suffix}.png", mask)

    return make


def both(*makers):
    def make(folder):
        for maker in makers:
            maker(folder)

    return make


def file(name, write):
    """A maker of one file, by a function of its path."""

    def make(folder):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)

    return make


def text(name, content):
    return file(name, lambda path: path.write_bytes(content if isinstance(content, bytes) else content.encode()))


def tiff(name, pixels, **options):
    return file(name, lambda path: save(path, pixels, **options))


def arrays(**named):
    return file("data.npz", lambda path: np.savez(path, **named))


def table(columns, name="data.csv"):
    return file(name, lambda path: pandas.DataFrame(columns).to_csv(path, index=False))


def rotated(folder):
    for number, pixels in enumerate(numbers(4, 8, 12, 3)):
        exif = Image.Exif()
        exif[0x0112] = 6  # the camera was held upright
        save(folder / f"{number}.png", pixels, exif=exif)


def cut(folder):
    photographs("")(folder)
    path = folder / "2.png"
    path.write_bytes(path.read_bytes()[:60])


def mixed_depths(folder):
    photographs("", shape=(8, 8))(folder)
    save(folder / "deep.png", numbers(8, 8, top=4096, dtype="uint16"))


CASES = [
    # folders
    Case("photographs of one size", photographs(""), READ, "4 used as images"),
    Case(
        "photographs of two sizes", both(photographs("a"), photographs("b", shape=(6, 9, 3))), REFUSED, "--image-size"
    ),
    Case(
        "photographs of two sizes, with a size",
        both(photographs("a"), photographs("b", shape=(6, 9, 3))),
        READ,
        "2 classes: a 4, b 4",
        options={"image_size": 8},
    ),
    Case("upright photographs of a turned camera", rotated, READ, "4 used"),
    Case("`Train/` and `Testing/`", photographs("Train", "Testing"), READ, "train 4, test 4"),
    Case("splits beside another folder", photographs("train", "test", "extra"), REFUSED, "extra/"),
    Case("images in deeper folders of a class", photographs("a", "a/more", "b"), READ, "a 8, b 4"),
    Case("a class that only the test split has", photographs("train/a", "test/a", "test/b"), WARNED, "class b"),
    Case(
        "notes and hidden files among images",
        both(photographs(""), text("notes.txt", "a"), text(".x.png", "a")),
        READ,
        "passed over 2",
    ),
    Case("a FIFO among images", both(photographs(""), file("pipe.png", os.mkfifo)), READ, "pipe.png .a FIFO"),
    Case(
        "a link to nothing",
        both(photographs(""), file("gone.png", lambda path: path.symlink_to("no.png"))),
        READ,
        "gone.png .a link to nothing",
    ),
    Case("an image that is cut off", cut, REFUSED, "2.png"),
    Case("text that is called an image", both(photographs(""), text("4.png", "hello")), REFUSED, "4.png"),
    Case("images of 8 and of 16 bits", mixed_depths, REFUSED, "16 bits"),
    Case("an empty folder", lambda folder: None, REFUSED, "image"),
    # masks
    Case("`imgs/` and `masks/` of 0 and 1", pairs(HALF, "imgs"), READ, "8 used as images and masks"),
    Case("masks of 0 and 255", pairs(255 * HALF), READ, "2 classes"),
    Case("masks of 0 and 128", pairs(128 * HALF), REFUSED, "--mask-values"),
    Case(
        "masks of 0 and 128, with their classes",
        pairs(128 * HALF),
        READ,
        "2 classes",
        options={"mask_values": "0:0,128:1"},
    ),
    Case("masks in red and black", pairs(np.stack([255 * HALF, 0 * HALF, 0 * HALF], -1)), REFUSED, "#ff0000"),
    Case("masks with a border of 255", pairs(np.where(HALF.T, 255, HALF).astype("uint8")), REFUSED, "--ignore 255"),
    Case(
        "masks with a border of 255 that does not count",
        pairs(np.where(HALF.T, 255, HALF).astype("uint8")),
        READ,
        "ignored 128 pixels",
        options={"ignore": 255},
    ),
    Case("masks without foreground", pairs(0 * HALF), WARNED, "no mask has foreground"),
    Case("`0.png` beside `0_mask.png`", pairs(HALF, "", "", "_mask"), REFUSED, "--mask-suffix"),
    Case("a mask larger than its image", pairs(np.zeros([9, 9], "uint8") + 1), REFUSED, "9"),
    # stacks, depth, channels
    Case(
        "a TIFF of 20 pages",
        tiff("stack.tif", numbers(20, 8, 8)),
        READ,
        "20 examples of 8x8x1",
        "stack.tif",
        {"test_last": 4},
    ),
    Case("a TIFF of one page", tiff("one.tif", numbers(8, 8)), REFUSED, "two", "one.tif"),
    Case(
        "12 bits in a TIFF of 16", tiff("a.tif", numbers(8, 8, 8, top=4096, dtype="uint16")), WARNED, "--scale", "a.tif"
    ),
    Case("a TIFF in floating point", tiff("a.tif", numbers(8, 8, 8) / np.float32(9)), REFUSED, "--scale data", "a.tif"),
    Case(
        "a TIFF of 5 channels",
        tiff("a.tif", numbers(6, 5, 8, 8), imagej=True, metadata={"axes": "TCYX"}),
        READ,
        "8x8x5",
        "a.tif",
    ),
    Case(
        "a TIFF of 3 volumes of 4 slices",
        tiff("a.tif", numbers(3, 4, 8, 8), imagej=True, metadata={"axes": "TZYX"}),
        READ,
        "12 examples of 8x8x1",
        "a.tif",
    ),
    # arrays
    Case(
        "channels first",
        arrays(x_train=numbers(9, 3, 32, 32), x_test=numbers(3, 3, 32, 32)),
        REFUSED,
        "channels",
        "data.npz",
    ),
    Case(
        "labels one-hot",
        arrays(x_train=numbers(9, 8, 8), y_train=np.eye(9), x_test=numbers(3, 8, 8), y_test=np.eye(9)[:3]),
        REFUSED,
        "argmax",
        "data.npz",
        family="conditional_vae",
    ),
    Case(
        "labels that are no integers",
        arrays(image=numbers(9, 8, 8), label=np.linspace(0, 3, 9)),
        REFUSED,
        "integers",
        "data.npz",
        family="conditional_vae",
    ),
    Case("arrays of objects", arrays(image=np.array([1, None], object)), REFUSED, "object", "data.npz"),
    # tables
    Case(
        "a table whose label is text",
        table({"a": range(40), "b": numbers(40), "kind": list("xy") * 20}),
        READ,
        "x",
        "data.csv",
        {"label": "kind"},
    ),
    Case("a table with a column of text", table({"a": range(40), "name": ["n"] * 40}), REFUSED, "name", "data.csv"),
    Case("a table with gaps", table({"a": [1.0, None] * 20, "b": range(40)}), REFUSED, "a", "data.csv"),
    Case(
        "a table with a constant column and columns of far scales",
        table({"a": [5.0] * 40, "b": np.arange(40) * 1e6, "c": np.sin(np.arange(40)) * 1e-6}),
        WARNED,
        "columns of one value",
        "data.csv",
    ),
    Case(
        "a table with decimal commas",
        text("data.csv", "a;b\n" + "1,5;2,5\n2,5;1,5\n" * 20),
        REFUSED,
        "decimal=",
        "data.csv",
    ),
]


def outcome(case, folder):
    """What became of it, and the line that says so."""
    folder.mkdir()
    case.make(folder)
    with contextlib.chdir(folder):
        try:
            session = Session(case.family, "run", Options(dataset=f"./{case.given}", **case.options))
        except InputError as error:
            return REFUSED, str(error)
        lines = list(session.lines())
    warnings = [line for line in lines if "warning: " in line]
    return (WARNED, " ".join(warnings)) if warnings else (READ, lines[0])
