"""Laws of the scaling of images: one window of stored values, in training, in files and in what is served."""

import numpy as np
import pytest
import tensorflow as tf
import tifffile

from keraszoo import recipes
from keraszoo.core.errors import InputError
from keraszoo.data import batches, load, rescaled, unpaired
from keraszoo.models import UNet
from keraszoo.recipes.data import Data
from keraszoo.recipes.recipe import Recipe
from keraszoo.runs.prepared import PreparedData
from keraszoo.scaling import Scaling
from keraszoo.training.changes import to_resume
from keraszoo.training.options import Options
from keraszoo.training.session import Session

RANDOM = np.random.default_rng(0)


def twelve_bits(folder, count=10, name="stack.tif"):
    """A stack of images of a camera of 12 bits: a background about 200, cells about 3000."""
    values = np.where(RANDOM.random((count, 16, 16)) < 0.2, 3000, 200) + RANDOM.integers(-90, 90, (count, 16, 16))
    tifffile.imwrite(folder / name, values.astype("uint16"), photometric="minisblack")
    return folder / name


def opened(path, **options):
    """The data of a run on a file, and its first batch of test images."""
    prepared = PreparedData(load(path, test_last=4), Data(str(path), **options))
    return prepared, prepared.examples("test", 4)


@pytest.mark.parametrize("scale, low, high", [("dtype", 0, 65535), ("0:4095", 0, 4095), ("150:3000", 150, 3000)])
def test_a_window_becomes_0_to_1_and_is_recorded(tmp_path, scale, low, high):
    path = twelve_bits(tmp_path)
    prepared, x = opened(path, scale=scale)
    assert prepared.data.scaling == ("uint16", low, high)
    stored = tifffile.imread(path)[6:, ..., None].astype("float64")
    np.testing.assert_allclose(x, np.clip((stored - low) / (high - low), 0, 1), atol=1e-6)
    again = PreparedData(load(path, test_last=4), prepared.data)
    np.testing.assert_array_equal(again.examples("test", 4), x)


@pytest.mark.parametrize("limit", [2**30, 10])
def test_the_window_of_the_data_is_that_of_the_training_split_alone(tmp_path, limit):
    path = twelve_bits(tmp_path)
    values = tifffile.imread(path)
    values[6:] = 60000  # the test images are others
    tifffile.imwrite(path, values, photometric="minisblack")
    source = rescaled(load(path, test_last=4, memory_limit=limit), "data")
    np.testing.assert_allclose(source.scaling[1:], np.percentile(values[:6], [0.1, 99.9]), rtol=1e-5)
    x = next(iter(batches(source, "train", 6, training=True)))
    assert source.input_range == (0, 1) and np.min(x) == 0 and np.max(x) == 1


def test_what_a_measured_window_came_to_is_kept_until_the_data_or_the_scale_change():
    data = Data("a", scale="data", scaling=("uint16", 1.0, 2.0))
    assert data.replace(test_last=4, name="a", scale="data").scaling == ("uint16", 1.0, 2.0)
    assert data.replace(name="b").scaling is data.replace(scale="0:9").scaling is None


def test_images_of_12_bits_in_16_are_told(tmp_path):
    prepared, x = opened(twelve_bits(tmp_path))
    note, said = prepared.notes
    assert "highest value is 30" in note and "--scale data" in note and "--scale 0:4095" in note
    assert x.max() < 0.05 and "16 bits, of which 0 becomes 0 and 65535 becomes 1" in said
    assert len(opened(tmp_path / "stack.tif", scale="data")[0].notes) == 1
    tifffile.imwrite(tmp_path / "full.tif", RANDOM.integers(0, 65535, (10, 8, 8)).astype("uint16"))
    assert len(opened(tmp_path / "full.tif")[0].notes) == 1


def test_plain_images_of_8_bits_record_nothing():
    prepared = PreparedData(load("digits"), Data("digits"))
    assert (prepared.data, prepared.notes) == (Data("digits"), [])


def test_a_scaling_survives_what_prepares_the_data():
    scaled = rescaled(load("photos"), "0:128")
    assert unpaired(scaled, ("china", "flower")).scaling == scaled.scaling == scaled.with_splits({}).scaling


def test_what_the_model_sees_is_stored_again_as_it_was():
    for scaling, values in (
        (Scaling("uint16", 100.0, 4000.0), np.arange(100, 4001, 13).astype("uint16")),
        (Scaling("uint8", 0.0, 255.0), np.arange(256).astype("uint8")),
    ):
        found = scaling.stored(scaling(values).numpy())
        np.testing.assert_array_equal(found, values)
        assert found.dtype == values.dtype


@pytest.mark.parametrize("scaling", [("uint16", 150.0, 3000.0), ("uint8", 0.0, 255.0), ("uint8", 10.0, 90.0)])
def test_a_served_png_is_what_the_batches_are(scaling):
    model = UNet((16, 16, 1), depth=1, width=2, scaling=scaling)
    stored = RANDOM.integers(0, 4095 if scaling[0] == "uint16" else 255, (2, 16, 16, 1)).astype(scaling[0])
    encoded = tf.constant([tf.io.encode_png(image).numpy() for image in stored])
    served, _ = model.serving_signatures()["segment_png_bytes"]
    np.testing.assert_allclose(served(encoded)["probabilities"], model.segment(Scaling.of(scaling)(stored))[0])
    again = UNet.from_config(model.get_config())
    assert again.scaling == Scaling.of(scaling)


@pytest.mark.parametrize("own, other", [("uint16", "uint8"), ("uint8", "uint16")])
def test_a_served_png_of_another_depth_is_an_error(own, other):
    model = UNet((16, 16, 1), depth=1, width=2, scaling=(own, 0.0, 255.0))
    served, _ = model.serving_signatures()["segment_png_bytes"]
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"images of {own[4:]} bits a channel"):
        served(tf.constant([tf.io.encode_png(np.zeros([16, 16, 1], other)).numpy()]))


def test_floating_point_has_no_png():
    assert list(UNet((16, 16, 1), depth=1, width=2, scaling=("float32", 0.0, 9.0)).serving_signatures()) == ["segment"]


# ---------------------------------------------------------------------- awkward inputs


def saved(folder, values):
    np.savez(folder / "a.npz", image=values)
    return load(folder / "a.npz")


@pytest.mark.parametrize(
    "values, scale, message",
    [
        (np.ones((4, 8, 8), "uint8"), "full", "'dtype', 'data' or 'LOW:HIGH' .*Received: 'full'"),
        (np.ones((4, 8, 8), "uint8"), "9:3", "LOW < HIGH.*Received: '9:3'"),
        (np.ones((4, 8, 8), "uint8"), "0:inf", "Received: '0:inf'"),
        (np.ones((4, 8, 8), "uint8"), "0:1:2", "Received: '0:1:2'"),
        (np.ones((4, 8, 8), "uint16"), "data", "values that differ. Received: 1 nearly everywhere.*'LOW:HIGH'"),
        (np.ones((4, 8, 8), "float32"), "dtype", "stored as float32.*Nearest: 'data', or 'LOW:HIGH'"),
        (np.ones((4, 8), "float32"), "0:1", r"A scale is for images. Received: '0:1' .* shape \[8\]"),
    ],
)
def test_scales_that_cannot_be(tmp_path, values, scale, message):
    with pytest.raises(InputError, match=message) as error:
        rescaled(saved(tmp_path, values), scale)
    assert "\n" not in str(error.value)


def test_a_recorded_scaling_is_for_images_of_its_depth(tmp_path):
    with pytest.raises(InputError, match="recorded as images of 16 bits. Received: 8 bits"):
        PreparedData(saved(tmp_path, np.ones((4, 8, 8), "uint8")), Data("a", scaling=("uint16", 0.0, 9.0)))


@pytest.mark.parametrize("values", [("uint4", 0.0, 1.0), ("uint8", 1.0, 1.0), ("uint8", 0.0), 3, ("uint8", "0", 1.0)])
def test_a_scaling_is_a_dtype_and_two_numbers(values):
    with pytest.raises(InputError, match=r"\(dtype, low, high\)"):
        Scaling.of(values)


@pytest.mark.parametrize(
    "dtype, scale", [("uint8", "0:10"), ("uint16", "data"), ("int16", "-5:20"), ("float32", "data"), ("float64", "0:9")]
)
def test_numbers_of_any_type_are_scaled(tmp_path, dtype, scale):
    values = np.arange(6 * 16).reshape(6, 4, 4).astype(dtype)
    source = rescaled(saved(tmp_path, values), scale)
    x = next(iter(batches(source, "train", 5, training=False)))
    low, high = source.scaling[1:]
    np.testing.assert_allclose(x, np.clip((source.array("train") - low) / (high - low), 0, 1), atol=1e-6)


def test_a_training_says_and_records_the_scale_and_its_model_serves_it(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    values = tifffile.imread(twelve_bits(tmp_path / "images"))
    tifffile.imwrite(tmp_path / "masks" / "stack.tif", (values > 1000).astype("uint8"), photometric="minisblack")
    small = {"epochs": 1, "batch_size": 2, "arguments": {"depth": 1, "width": 2}}
    options = Options(dataset=str(tmp_path), scale="0:4095", test_last=4, strategy="none", **small)
    recipe = recipes.get("unet/cells").replace(data=Data())
    session = Session(recipe, tmp_path / "run", options)
    assert session.recipe.data.scaling == ("uint16", 0.0, 4095.0) == session.model.scaling
    assert Recipe.from_json(session.recipe.to_json()) == session.recipe
    assert to_resume(session.recipe, None, options) == session.recipe
    with pytest.raises(InputError, match="Received another: scale"):
        to_resume(session.recipe, None, Options(scale="data"))
    assert not (tmp_path / "run").exists()
