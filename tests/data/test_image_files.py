"""Laws of image files: every page is an image, in the depth and the channels that the file says."""

import numpy as np
import pytest
import tensorflow as tf
import tifffile
from PIL import Image

from keraszoo.core.errors import InputError
from keraszoo.data import batches, load
from keraszoo.data.sources.pages import Form, form_of, read_file, read_labels

RANDOM = np.random.default_rng(0)


def pixels(*shape, dtype="uint8"):
    if dtype == "float32":
        return RANDOM.random(shape, "float32")
    return RANDOM.integers(0, np.iinfo(dtype).max, shape).astype(dtype)


def save_png16(path, values):
    path.write_bytes(tf.io.encode_png(values).numpy())


# ---------------------------------------------------------------------- what a file holds


GREY = {"photometric": "minisblack"}


@pytest.mark.parametrize(
    "axes, dtype, options, form",
    [
        ("YX", "uint8", {}, Form(1, 9, 7, 1, "uint8")),
        ("ZYX", "uint8", {}, Form(6, 9, 7, 1, "uint8")),
        ("ZYX", "uint16", {}, Form(6, 9, 7, 1, "uint16")),
        ("ZYX", "uint16", {"compression": "zlib"}, Form(6, 9, 7, 1, "uint16")),
        ("ZYX", "uint16", {"imagej": True}, Form(6, 9, 7, 1, "uint16")),
        ("ZYX", "uint16", {"byteorder": ">"}, Form(6, 9, 7, 1, "uint16")),
        ("ZYX", "float32", GREY, Form(6, 9, 7, 1, "float32")),
        ("ZYXS", "uint16", {"photometric": "rgb"}, Form(6, 9, 7, 3, "uint16")),
        ("ZCYX", "uint8", GREY, Form(6, 9, 7, 5, "uint8")),
        ("CZYX", "uint8", GREY, Form(6, 9, 7, 5, "uint8")),
        ("ZCYX", "uint16", {"imagej": True}, Form(6, 9, 7, 5, "uint16")),
        ("CYX", "uint8", GREY, Form(1, 9, 7, 5, "uint8")),
        ("YXS", "uint8", GREY | {"planarconfig": "contig"}, Form(1, 9, 7, 3, "uint8")),
    ],
)
def test_every_page_of_a_tiff_is_an_image_and_its_channels_are_those_of_its_axes(tmp_path, axes, dtype, options, form):
    sizes = {"Z": 6, "C": 5, "Y": 9, "X": 7, "S": 3}
    values, path = pixels(*(sizes[axis] for axis in axes), dtype=dtype), tmp_path / "a.tif"
    tifffile.imwrite(path, values, metadata={"axes": axes}, **options)
    assert form_of(path) == form
    order = [axes.index(axis) for axis in "ZYXCS" if axis in axes]
    wanted = values.transpose(order).reshape(form.pages, form.height, form.width, form.channels)
    found = read_file(path, range(form.pages))
    np.testing.assert_array_equal(np.stack(found), wanted)
    assert found[0].dtype == dtype
    last = form.pages - 1
    np.testing.assert_array_equal(read_file(path, [last, 0]), wanted[[last, 0]])


@pytest.mark.parametrize("alpha, channels", [("unassalpha", 3), ("assocalpha", 3), ("unspecified", 4)])
def test_alpha_is_what_a_tiff_calls_alpha(tmp_path, alpha, channels):
    values = pixels(9, 7, 4)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", extrasamples=[alpha])
    assert form_of(tmp_path / "a.tif").channels == channels
    np.testing.assert_array_equal(read_file(tmp_path / "a.tif")[0], values[..., :channels])


@pytest.mark.parametrize("channels, kept", [(1, 1), (2, 1), (3, 3), (4, 3)])
def test_a_png_of_16_bits_keeps_them_and_drops_its_transparency(tmp_path, channels, kept):
    values = pixels(9, 7, channels, dtype="uint16")
    save_png16(tmp_path / "a.png", values)
    assert form_of(tmp_path / "a.png") == Form(1, 9, 7, kept, "uint16")
    np.testing.assert_array_equal(read_file(tmp_path / "a.png")[0], values[..., :kept])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_images_stand_upright_as_shallow_ones_do(tmp_path, orientation):
    values, exif = pixels(9, 7), Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(values).save(tmp_path / "a.png", exif=exif)
    tifffile.imwrite(tmp_path / "a.tif", values.astype("uint16"), extratags=[(274, "H", 1, orientation, True)])
    assert form_of(tmp_path / "a.png")[:4] == form_of(tmp_path / "a.tif")[:4]
    np.testing.assert_array_equal(read_file(tmp_path / "a.png")[0], read_file(tmp_path / "a.tif")[0])


def test_other_kinds_of_tiff_are_colours_or_grey(tmp_path):
    values = pixels(9, 7)
    tifffile.imwrite(tmp_path / "white.tif", values, photometric="miniswhite")
    np.testing.assert_array_equal(read_file(tmp_path / "white.tif")[0][..., 0], 255 - values)
    palette = Image.fromarray(values % 4).convert("P")
    palette.save(tmp_path / "palette.tif")
    assert form_of(tmp_path / "palette.tif").channels == 3
    np.testing.assert_array_equal(read_labels(tmp_path / "palette.tif")[0], np.asarray(palette))
    Image.fromarray(values).save(tmp_path / "lzw.tif", compression="tiff_lzw")
    np.testing.assert_array_equal(read_file(tmp_path / "lzw.tif")[0][..., 0], values)


# ---------------------------------------------------------------------- datasets of stacks


@pytest.mark.parametrize("limit", [2**30, 10])
def test_a_stack_is_a_data_set_and_its_last_pages_are_for_testing(tmp_path, limit):
    values = pixels(20, 9, 7, dtype="uint16")
    tifffile.imwrite(tmp_path / "stack.tif", values)
    source = load(tmp_path / "stack.tif", test_last=4, memory_limit=limit)
    assert source.sizes == {"train": 16, "test": 4} and source.dtypes["image"] == tf.uint16
    x = np.concatenate(list(batches(source, "test", 3, training=False)))
    np.testing.assert_allclose(x[..., 0], values[16:] / np.float32(65535), rtol=1e-6)


@pytest.mark.parametrize("limit", [2**30, 10])
def test_stacks_of_images_and_of_masks_are_paired_page_by_page(tmp_path, limit):
    masks = pixels(10, 8, 8) % 2
    for name, part in (("a", slice(0, 6)), ("b", slice(6, 10))):
        for kind, values in (("images", masks * 100 + 7), ("masks", masks * 255)):
            (tmp_path / kind).mkdir(exist_ok=True)
            tifffile.imwrite(tmp_path / kind / f"{name}.tif", values[part], photometric="minisblack")
    source = load(tmp_path, test_last=4, memory_limit=limit)
    assert source.sizes == {"train": 6, "test": 4} and source.num_classes == 2
    x, y = next(iter(batches(source, "test", 4, training=False, with_labels=True)))
    np.testing.assert_array_equal(y, masks[6:])
    np.testing.assert_array_equal(np.rint(255 * x[..., 0]), masks[6:] * 100 + 7)


def test_a_stack_and_an_archive_say_what_they_hold(tmp_path):
    values = pixels(20, 9, 7, dtype="uint16")
    tifffile.imwrite(tmp_path / "a.tif", values)
    np.savez(tmp_path / "a.npz", image=values)
    np.savez(tmp_path / "b.npz", x_train=values, x_test=values[:3])
    held = "examples of 9x7x1, uint16: train"
    assert load(tmp_path / "a.tif", test_last=4).account == f"{tmp_path}/a.tif: 20 {held} 16, test 4 (the last 4)"
    assert load(tmp_path / "a.npz").account == f"{tmp_path}/a.npz: 20 {held} 18, test 2 (a random tenth)"
    assert load(tmp_path / "b.npz").account == f"{tmp_path}/b.npz: 23 {held} 20, test 3"


@pytest.mark.parametrize("places", [("", ""), ("images/", "labels/")])
def test_stacks_called_volume_and_labels_are_pairs_and_a_test_without_labels_is_named(tmp_path, places):
    """The names of ISBI 2012."""
    masks = pixels(20, 8, 8) % 2
    files = {"train-volume": (places[0], masks * 100), "train-labels": (places[1], masks * 255)}
    files["test-volume"] = (places[0], masks)
    for name, (place, values) in files.items():
        (tmp_path / place).mkdir(exist_ok=True)
        tifffile.imwrite(tmp_path / place / f"{name}.tif", values, photometric="minisblack")
    source = load(tmp_path, test_last=4)
    assert source.sizes == {"train": 16, "test": 4} and source.has_masks
    np.testing.assert_array_equal(source.array("test", "label"), masks[16:])
    assert source.account.endswith(f"passed over 1: {places[0]}test-volume.tif (an image without a mask, of test)")


@pytest.mark.parametrize("dtype, channels", [("uint8", 5), ("uint16", 1), ("uint16", 3), ("float32", 2)])
def test_files_of_any_depth_and_channels_are_the_same_from_disk_and_brought_to_a_size(tmp_path, dtype, channels):
    for i in range(4):
        values = np.full((channels, 8, 6), i + 1, dtype) * np.arange(1, channels + 1, dtype=dtype)[:, None, None]
        tifffile.imwrite(tmp_path / f"{i}.tif", values, metadata={"axes": "CYX"}, **GREY)
    held, read = (load(tmp_path, image_size=4, memory_limit=limit) for limit in (2**30, 10))
    assert held.shapes["image"] == (4, 4, channels) and held.dtypes["image"] == dtype == read.dtypes["image"]
    x, again = (np.concatenate(list(batches(source, "train", 2, training=False))) for source in (held, read))
    np.testing.assert_array_equal(x, again)
    rows = np.unique(held.array("train")[..., -1])
    assert set(rows / channels) <= {1, 2, 3, 4}, "constant images stay constant"


# ---------------------------------------------------------------------- awkward inputs


def one_page(folder):
    tifffile.imwrite(folder / "a.tif", pixels(8, 8))
    return folder / "a.tif"


def cut(folder):
    tifffile.imwrite(folder / "a.tif", pixels(20, 8, 8))
    (folder / "b.tif").write_bytes((folder / "a.tif").read_bytes()[:700])
    return folder / "b.tif"


def pages_of_two_sizes(folder):
    with tifffile.TiffWriter(folder / "a.tif") as tif:
        tif.write(pixels(8, 8), metadata=None)
        tif.write(pixels(8, 9), metadata=None)
    return folder / "a.tif"


def channels_that_differ(folder):
    for channels in (2, 5):
        tifffile.imwrite(folder / f"{channels}.tif", pixels(channels, 8, 8), metadata={"axes": "CYX"}, **GREY)
    return folder


def depths_that_differ(folder):
    tifffile.imwrite(folder / "8.tif", pixels(8, 8))
    tifffile.imwrite(folder / "16.tif", pixels(8, 8, dtype="uint16"))
    return folder


def fewer_masks(folder):
    for kind, pages in (("images", 3), ("masks", 2)):
        (folder / kind).mkdir()
        tifffile.imwrite(folder / kind / "a.tif", pixels(pages, 8, 8) % 2, **GREY)
    return folder


def text(folder):
    (folder / "a.tif").write_text("no image")
    return folder / "a.tif"


def complex_values(folder):
    tifffile.imwrite(folder / "a.tif", np.ones([3, 8, 8], "complex64"), **GREY)
    return folder / "a.tif"


def nothing_in_it(folder):
    (folder / "a.png").touch()
    return folder


@pytest.mark.parametrize(
    "made, message",
    [
        (
            complex_values,
            "values of an image are real numbers. Received: complex64. Nearest: the magnitude, np.abs",
        ),
        (nothing_in_it, "Cannot read the image .*a.png: the file is empty, 0 bytes. If it is damaged, copy it anew or"),
        (one_page, "image on each page, two at least. Received: one page. Several files are given by their folder"),
        (cut, "Cannot read the image .*b.tif"),
        (pages_of_two_sizes, "one size and depth. Received: pages of 8x8, 8x9"),
        (channels_that_differ, r"differ in their number of channels.*2 channels \(.*2.tif\), 5 channels"),
        (depths_that_differ, r"differ in depth. Convert.*16 bits \(.*16.tif\), 8 bits"),
        (fewer_masks, "equally many pages. Received: 3 in .*images/a.tif, 2 in .*masks/a.tif"),
        (text, "Cannot read the image .*a.tif"),
        (lambda folder: folder / "missing.tif", "No such file or folder: .*missing.tif"),
    ],
)
def test_stacks_that_are_no_data_set(tmp_path, caplog, made, message):
    with pytest.raises(InputError, match=message) as error:
        load(made(tmp_path))
    assert "\n" not in str(error.value) and not caplog.records
