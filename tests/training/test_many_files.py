"""The verbs that use a run, on folders, stacks and tables: laws of what is read, written and refused."""

import csv
import dataclasses
import os
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import tifffile
from PIL import Image

from keraszoo import recipes
from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.data import load
from keraszoo.models import Autoencoder, UNet
from keraszoo.recipes.data import Data
from keraszoo.runs.prepared import PreparedData
from keraszoo.runs.run import Run
from keraszoo.training import anomaly, compress, image_to_image, measure, restore, search, segment
from keraszoo.training.queries import Examples, images_of, rows_of

RANDOM = np.random.default_rng(0)


def run_of(folder, recipe, model, **data):
    """A run with a model that learned nothing."""
    recipe = recipes.get(recipe)
    recipe = dataclasses.replace(recipe, data=recipe.data.replace(**data), input_shape=tuple(model.inputs.shape))
    run = Run.create(folder, recipe)
    run.save_model(model)
    return run


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("runs") / "digits", "autoencoder/digits", Autoencoder((8, 8, 1)))


@pytest.fixture(scope="module")
def unet(tmp_path_factory):
    keras.utils.set_random_seed(0)
    model = UNet((16, 16, 1), depth=1, width=2)
    return run_of(tmp_path_factory.mktemp("runs") / "unet", "unet/cells", model)


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    path = tmp_path_factory.mktemp("points") / "points.npz"
    np.savez(path, train=RANDOM.standard_normal([50, 2]), test=RANDOM.standard_normal([40, 2]))
    return load(path)


def photos(folder):
    """Five images in a folder and one below it, a file that is none, and a pipe."""
    (folder / "more").mkdir(parents=True)
    images = load("digits").array("test")[:6, ..., 0]
    for number, image in enumerate(images[:5]):
        Image.fromarray(image).save(folder / f"{number}.png")
    Image.fromarray(images[5]).save(folder / "more" / "0.png")
    (folder / "notes.txt").write_text("no image")
    os.mkfifo(folder / "pipe.png")
    (folder / "again").symlink_to(folder)
    return images


def table_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


# ---------------------------------------------------------------------- what is read


def test_a_folder_gives_each_of_its_images_once_and_names_the_others(here):
    photos(here / "photos")
    said = []
    queries = images_of("photos", said.append)
    assert [query.file for query in queries] == [
        f"photos/{name}" for name in ("0.png", "1.png", "2.png", "3.png", "4.png", "more/0.png")
    ]
    assert said == ["photos: 6 files are images; passed over notes.txt, pipe.png"]


def test_examples_are_the_same_from_a_folder_a_stack_and_an_array(here, digits):
    images = photos(here / "photos")
    tifffile.imwrite("stack.tif", images)
    np.save("array.npy", images)
    _, found = anomaly(digits, ["photos"])
    for path in ("stack.tif", "array.npy"):
        _, again = anomaly(digits, [path])
        assert [each.score for each in again] == [each.score for each in found]
    assert again[3].query == "array.npy, row 3"
    assert anomaly(digits, ["stack.tif"])[1][3].query == "stack.tif, page 4"
    _, mixed = anomaly(digits, ["photos/2.png", "stack.tif"], table="found.csv")
    assert [each.score for each in mixed] == pytest.approx([found[2].score, *(each.score for each in found)])
    rows = table_of("found.csv")
    assert list(rows[0]) == ["query", "score", "share_below", "anomaly"]
    assert [float(row["score"]) for row in rows] == [each.score for each in mixed]


def test_a_table_of_numbers_is_read_by_its_columns(here, points):
    x = points.array("test")[:40]
    np.savetxt("x.csv", x, "%.9g", delimiter=",", header="a,b", comments="")
    np.save("x.npy", x)
    for path in ("x.csv", "x.npy"):
        examples = Examples([path], PreparedData(points, Data()))
        np.testing.assert_allclose(np.concatenate(list(examples.batches())), x, rtol=1e-6)
    assert [query.name for query in examples.queries[:2]] == ["x.npy, row 0", "x.npy, row 1"]


@pytest.mark.slow
def test_search_and_compress_take_many(here, digits, capsys):
    source = load("digits")
    tifffile.imwrite("stack.tif", source.array("train")[[123, 7, 300], ..., 0], photometric="minisblack")
    found = search(digits, "stack.tif", 4, out="near.png", table="near.csv")
    assert [each.row for each in found[::4]] == [123, 7, 300] and len(found) == 12
    assert np.asarray(Image.open("near.png")).shape == (3 * 33 - 1, 5 * 33 - 1)
    rows = table_of("near.csv")
    assert [(row["rank"], row["training_row"]) for row in rows[4:6]] == [("1", "7"), ("2", str(found[5].row))]
    np.save("test.npy", source.array("test"))
    assert compress(digits, ["test.npy"], table="rates.csv") == compress(digits)
    assert [float(row["psnr"]) for row in table_of("rates.csv")] == [row.psnr for row in compress(digits)]
    assert main(["search", str(digits.path), "stack.tif", "--count", "2"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("stack.tif, page 1")


# ---------------------------------------------------------------------- what is written


def test_each_image_of_a_folder_becomes_one_in_another_with_a_table(here, unet):
    images = photos(here / "photos")
    rows = segment(unet, "photos", "masks", table="all.csv", say=lambda _: None)
    written = sorted(str(path.relative_to("masks")) for path in Path("masks").rglob("*.*"))
    assert written == ["0.png", "1.png", "2.png", "3.png", "4.png", "more/0.png", "table.csv"]
    for row, image in zip(rows, images, strict=True):
        mask = np.asarray(Image.open(row["output"]))
        wanted = unet.model().segment(image[None, ..., None] / np.float32(255))[1][0]
        np.testing.assert_array_equal(mask, 255 * wanted)
        assert row["class_1"] == pytest.approx(np.mean(wanted)) and (row["height"], row["width"]) == (8, 8)
    assert table_of("masks/table.csv") == table_of("all.csv")
    assert [row["file"] for row in table_of("all.csv")] == [row["file"] for row in rows]


def test_the_pages_of_a_stack_become_pages(here, unet, capsys):
    images = photos(here / "photos")
    tifffile.imwrite("stack.tif", images)
    assert main(["segment", str(unet.path), "stack.tif", "masks.tif"]) == 0
    assert capsys.readouterr().out == "Segmented 6 images into masks.tif\n"
    masks = tifffile.imread("masks.tif")
    for mask, image in zip(masks, images, strict=True):
        single, _ = segment(unet, _saved("one.png", image), "mask.png")
        np.testing.assert_array_equal(mask, single)
    assert len(images_of("masks.tif")) == 6


def _saved(path, image):
    Image.fromarray(image).save(path)
    return path


@pytest.mark.parametrize("dtype, low, high", [("uint16", 150.0, 4000.0), ("float32", -1.0, 3.0), ("uint8", 20.0, 90.0)])
def test_images_are_restored_in_the_scale_that_the_run_learned(here, dtype, low, high):
    values = (low + RANDOM.random((3, 8, 8)) * (high - low)).astype(dtype)
    encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
    decoder = keras.Sequential([keras.Input((64,)), keras.layers.Reshape((8, 8, 1))])
    model = Autoencoder((8, 8, 1), 64, encoder=encoder, decoder=decoder, likelihood="gaussian")
    run = run_of(here / "run", "autoencoder/digits", model, scaling=(dtype, low, high))
    tifffile.imwrite("stack.tif", values, photometric="minisblack")
    restore(run, "stack.tif", "out.tif")
    found = tifffile.imread("out.tif")
    assert found.dtype == dtype
    np.testing.assert_allclose(found, values, atol=1e-3 if dtype == "float32" else 1)
    restore(run, "stack.tif", "out")
    suffix = "tif" if dtype == "float32" else "png"
    assert sorted(path.name for path in (here / "out").iterdir()) == [
        *(f"stack-{page}.{suffix}" for page in (1, 2, 3)), "table.csv"
    ]  # fmt: skip


def test_a_run_is_measured_on_its_own_test_split(here, monkeypatch):
    """`test_last` of the recipe, not another division of the file."""
    images = RANDOM.integers(0, 255, (30, 8, 8)).astype("uint8")
    tifffile.imwrite("stack.tif", images)
    run = run_of(here / "run", "autoencoder/digits", Autoencoder((8, 8, 1)), name="stack.tif", test_last=12)
    seen = []
    monkeypatch.setattr("keraszoo.training.measurement.SampleMeasures", lambda x, *_: seen.append(x) or (lambda _: {}))
    monkeypatch.setattr("keraszoo.training.measurement.FeatureNetwork", lambda _: _AnyShape())
    monkeypatch.setattr("keraszoo.training.measurement.sampling_model", lambda *_, **__: None)
    monkeypatch.setattr("keraszoo.training.measurement.draw", lambda *_: None)
    measure(run, "features", count=100)
    known = {image.tobytes(): row for row, image in enumerate(images)}
    rows = [{known[np.rint(255 * image).astype("uint8").tobytes()] for image in x} for x in seen]
    assert rows[0] <= set(range(18)) and rows[1] <= set(range(18, 30))


class _AnyShape:
    def check_shape(self, shape):
        pass


# ---------------------------------------------------------------------- awkward inputs


def empty(folder):
    (folder / "empty").mkdir()
    return "empty", "out"


def many_into_one(folder):
    photos(folder / "photos")
    return "photos", "out.png"


def into_files(folder):
    photos(folder / "photos")
    return "photos", "photos"


def broken(folder):
    photos(folder / "photos")
    (folder / "photos" / "9.png").write_bytes((folder / "photos" / "1.png").read_bytes()[:60])
    return "photos", "out"


def deep(folder):
    Image.fromarray(np.ones([8, 8], "uint16")).save(folder / "deep.png")
    return "deep.png", "out.png"


def bright(folder):
    tifffile.imwrite(folder / "bright.tif", np.full([8, 8], 7, "float32"))
    return "bright.tif", "out.png"


def channels(folder):
    tifffile.imwrite(folder / "five.tif", np.ones([5, 8, 8], "uint8"), metadata={"axes": "CYX"})
    return "five.tif", "out.png"


def pipe(folder):
    os.mkfifo(folder / "pipe.png")
    return "pipe.png", "out.png"


def nowhere(folder):
    photos(folder / "photos")
    return "photos", "no/out"


@pytest.mark.parametrize(
    "made, message",
    [
        (empty, "empty: no images, which are files in"),
        (many_into_one, "6 images are written into a folder, or as the pages of a .tif. Received: out.png"),
        (into_files, "new or empty folder. Received: photos, a folder with files in it"),
        (broken, "Cannot read the image photos/9.png"),
        (deep, r"8 bits a channel.*deep.png of 16 bits.*--scale"),
        (bright, "from 0 to 1, .*bright.tif from 7 to 7"),
        (channels, "five.tif: an image of 1 channels is needed. Received: 5 channels"),
        (nowhere, "folder cannot be made. Received: no/out: no is none"),
        (lambda _: ("missing", "out"), "There is no image missing"),
        (pipe, "pipe.png is neither a file nor a folder"),
    ],
)
def test_images_that_cannot_be_segmented(here, unet, made, message):
    image, out = made(here)
    before = sorted(here.rglob("*"))
    with pytest.raises(InputError, match=message) as error:
        segment(unet, image, out, say=lambda _: None)
    assert "\n" not in str(error.value) and sorted(here.rglob("*")) == before


@pytest.mark.parametrize(
    "text, message",
    [
        ("a,b\n1,2\n3,x\n", "x.csv: every column must hold numbers. Received: column 'b' of text"),
        ("a,b\n1,2\n3,\n", "x.csv: every value must be a finite number. Received: row 1"),
        ("a,b,c\n1,2,3\n", "x.csv: each row must be an example of .*points.npz, 2. Received: 3"),
        ("a,b\n", "x.csv: "),
        ("", "x.csv cannot be read as a table of numbers"),
    ],
)
def test_tables_that_cannot_be_judged(here, points, text, message):
    (here / "x.csv").write_text(text)
    with pytest.raises(InputError, match=message) as error:
        rows_of("x.csv", points)
    assert "\n" not in str(error.value)


def test_a_table_is_of_the_depth_of_the_run(here, digits):
    np.save("x.npy", np.ones([3, 8, 8]))
    with pytest.raises(InputError, match="stored as those of digits, in 8 bits. Received: float64"):
        anomaly(digits, ["x.npy"])


def test_images_of_another_depth_than_the_runs_are_refused(here):
    run = run_of(here / "run", "unet/cells", UNet((16, 16, 1), depth=1, width=2), scaling=("uint16", 0.0, 4095.0))
    Image.fromarray(np.ones([16, 16], "uint8")).save("x.png")
    with pytest.raises(InputError, match="depth of those that the run learned from, 16 bits. Received: x.png of 8"):
        segment(run, "x.png", "out.png")
    (here / "y.png").write_bytes(tf.io.encode_png(np.full([16, 16, 1], 4095, "uint16")).numpy())
    mask, _ = segment(run, "y.png", "out.png")
    np.testing.assert_array_equal(mask, 255 * run.model().segment(np.ones([1, 16, 16, 1], "float32"))[1][0])


@pytest.mark.parametrize("count, told", [(12, "11.txt"), (30, "04.txt and 25 others (25 .txt)")])
def test_files_of_a_folder_that_are_no_images_are_all_told(tmp_path, count, told):
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    for i in range(count):
        (tmp_path / f"{i:02}.txt").touch()
    said = []
    assert len(images_of(tmp_path, said.append)) == 1
    assert said[0].endswith(told)


# ---------------------------------------------------------------------- objects


def test_a_stack_gives_masks_objects_overlays_and_probabilities_in_one_command(here, unet, capsys):
    images = photos(here / "photos")
    tifffile.imwrite("stack.tif", images)
    further = ["--instances", "objects.tif", "--overlay", "overlays.tif", "--probabilities", "all.tif"]
    assert main(["segment", str(unet.path), "stack.tif", "masks.tif", *further, "--table", "all.csv"]) == 0
    model = unet.model()
    probabilities = np.asarray(model.probabilities(images[..., None] / np.float32(255)))
    np.testing.assert_allclose(tifffile.imread("all.tif"), probabilities[..., 1], atol=1e-6)
    objects = tifffile.imread("objects.tif")
    assert objects.dtype == "uint16"
    np.testing.assert_array_equal(objects, model.instances(probabilities))
    assert tifffile.imread("overlays.tif").shape == (6, 8, 8, 3)
    assert [int(row["objects"]) for row in table_of("all.csv")] == objects.max((1, 2)).tolist()


def test_each_kind_of_picture_has_its_place_and_all_are_written_or_none(here, unet, capsys):
    images = photos(here / "photos")
    rows = segment(unet, "photos", "masks", instances="objects", overlay="shown.tif", say=lambda _: None)
    assert len(rows) == 6 and sorted(os.listdir("masks")) == sorted([*os.listdir("objects"), "table.csv"])
    before = sorted(here.rglob("*"))
    for options, message in (
        ({"instances": "more"}, "new or empty folder|is a directory"),
        ({"overlay": "new"}, "needs its own place"),
        ({"probabilities": "p.png"}, "pages of a .tif. Received: p.png"),
        ({"instances": "one.png"}, "into a folder"),
    ):
        (here / "more").mkdir(exist_ok=True)
        (here / "more" / "file").touch()
        with pytest.raises(InputError, match=message):
            segment(unet, "photos", "new", **options, say=lambda _: None)
    assert [path for path in sorted(here.rglob("*")) if here / "more" not in (path, path.parent)] == before
    lines = []
    segment(unet, _saved("one.png", images[0]), "mask.png", instances="objects.png", say=lines.append)
    numbers = np.asarray(Image.open("objects.png"))
    assert lines == [f"one.png: {numbers.max()} objects"]


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_an_image_in_blocks_is_segmented_as_a_whole(here, padding, monkeypatch):
    size = 44 if padding == "valid" else 16
    model = UNet((size, size, 1), depth=2, width=2, padding=padding, tile=None)
    run = run_of(here / "run", "unet/cells", model)
    image = np.random.default_rng(0).integers(0, 256, (150, 133)).astype("uint8")
    whole = tiff_of(run, image, "whole.tif")
    monkeypatch.setattr(image_to_image, "LARGE", 100)
    monkeypatch.setattr(UNet, "block", 64)
    np.testing.assert_allclose(tiff_of(run, image, "blocks.tif"), whole, atol=1e-5)
    monkeypatch.setattr(UNet, "context", 0)
    assert np.abs(tiff_of(run, image, "seams.tif") - whole).max() > 1e-3


def tiff_of(run, image, name):
    segment(run, _saved("image.png", image), f"mask_{name}", probabilities=name, say=lambda _: None)
    return tifffile.imread(name)
