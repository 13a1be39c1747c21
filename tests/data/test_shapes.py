"""The shapes: what they look like, that every combination is there once, and whose factors are known."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from keraszoo.core.errors import InputError
from keraszoo.data import batches, load
from keraszoo.data.datasets import offline
from keraszoo.data.datasets.factors import FACTORS, factor_values, known_factors
from keraszoo.data.datasets.sprites import SHAPES, SIZES, sprite

SMALL = {"scale": 2, "rotation": 5, "x": 3, "y": 3}


@pytest.fixture
def few(tmp_path_factory, monkeypatch):
    """`data_dir` with a small `shapes/32`."""
    for name, size in SMALL.items():
        monkeypatch.setitem(SIZES, name, size)
    folder = tmp_path_factory.mktemp("data")
    offline.BUILDERS["shapes"](config="32", data_dir=folder).download_and_prepare()
    return folder


def grey(images):
    return images.astype(float) / 255


# ---------------------------------------------------------------------- sprites


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("side", [32, 64])
def test_a_position_is_a_step_of_whole_pixels_and_the_sprite_stays_inside(shape, side):
    images = sprite(shape, 1.0, 0.7, side)
    step = side // 32
    assert images.shape == (16, 16, side, side) and images.dtype == np.uint8
    for x, y in ((0, 0), (7, 3), (15, 15)):
        moved = np.roll(images[0, 0], (step * y, step * x), axis=(0, 1))
        np.testing.assert_array_equal(images[x, y], moved)
    assert not images[..., 0].any() and not images[..., -1].any()
    assert not images[..., 0, :].any() and not images[..., -1, :].any()


def test_factors_say_where_the_sprite_is():
    images = grey(sprite("square", 0.5, 0.3, 64))
    middles = np.arange(64) + 0.5
    mass = images.sum(axis=(2, 3))
    np.testing.assert_allclose(mass, mass[0, 0])
    across = (images.sum(axis=2) @ middles) / mass
    down = (images.sum(axis=3) @ middles) / mass
    np.testing.assert_allclose(across, np.broadcast_to(32 + 2 * (np.arange(16) - 7.5)[:, None], [16, 16]), atol=0.02)
    np.testing.assert_allclose(down, np.broadcast_to(32 + 2 * (np.arange(16) - 7.5), [16, 16]), atol=0.02)


def test_areas_are_those_of_the_formulas():
    for scale in (0.5, 1.0):
        radius = 16 * scale
        assert grey(sprite("square", scale, 0.4, 64)[0, 0]).sum() == pytest.approx((1.24 * radius) ** 2, rel=0.01)
        ellipse = grey(sprite("ellipse", scale, 0.4, 64)[0, 0]).sum()
        assert ellipse == pytest.approx(np.pi * 0.9 * 0.45 * radius**2, rel=0.01)
        heart = grey(sprite("heart", scale, 0.4, 64)[0, 0]).sum()
        assert heart == pytest.approx(3.6616 * (radius / 1.35) ** 2, rel=0.01)  # the area inside the heart curve


def test_squares_repeat_after_a_quarter_and_ellipses_after_a_half_of_a_turn():
    def turned(shape, quarters):
        return sprite(shape, 0.8, 0.3 + quarters * np.pi / 2, 64)[5, 9].astype(int)

    def differ(shape, quarters):
        return (
            abs(turned(shape, 0) - turned(shape, quarters)) > 16
        ).any()  # a point at an edge may fall on either side

    assert [differ("square", quarters) for quarters in (1, 2, 3)] == [False, False, False]
    assert [differ("ellipse", quarters) for quarters in (1, 2, 3)] == [True, False, True]
    assert [differ("heart", quarters) for quarters in (1, 2, 3)] == [True, True, True]


def test_a_turn_is_counter_clockwise():
    upright = grey(sprite("ellipse", 1.0, 0.0, 64)[7, 7])
    risen = grey(sprite("ellipse", 1.0, np.pi / 4, 64)[7, 7])
    column, row = np.meshgrid(np.arange(64) - 30.5, np.arange(64) - 30.5)
    assert (upright * column**2).sum() > 2 * (upright * row**2).sum()  # it lies
    assert (risen * column * -row).sum() > 1000  # then it rises from the left to the right
    heart = grey(sprite("heart", 1.0, 0.0, 64)[7, 7])
    assert heart[:31].sum() > heart[31:].sum()  # its tip is below


def test_small_images_are_the_means_of_large_ones():
    for shape in SHAPES:
        large, small = (sprite(shape, 0.7, 1.1, side)[4, 11].astype(float) for side in (64, 32))
        np.testing.assert_allclose(large.reshape(32, 2, 32, 2).mean(axis=(1, 3)), small, atol=1)


# ---------------------------------------------------------------------- the dataset


def test_every_combination_is_there_once(few):
    source = load("shapes/32", data_dir=few)
    assert source.sizes == {"train": 243, "test": 27}
    assert source.shapes == {"image": (32, 32, 1), "factors": (5,), "label": ()}
    assert source.class_names == SHAPES and source.target == "label"
    factors = np.concatenate([factor_values(source, split) for split in source.splits])
    assert factors.dtype == np.int64
    np.testing.assert_array_equal(
        np.unique(factors, axis=0), np.stack(np.unravel_index(range(270), (3, 2, 5, 3, 3)), 1)
    )
    labels = np.concatenate([source.array(split, "label") for split in source.splits])
    np.testing.assert_array_equal(labels, factors[:, 0])


@pytest.mark.parametrize("limit", [2**30, 0])
def test_factors_are_those_of_the_images(few, limit):
    source = load("shapes/32", data_dir=few, memory_limit=limit)
    assert source.in_memory == (limit > 0)
    images = np.concatenate(list(batches(source, "test", 10, training=False).as_numpy_iterator()))
    factors = factor_values(source, "test")
    assert len(images) == len(factors) == 27
    for image, (shape, scale, rotation, x, y) in zip(images, factors, strict=True):
        drawn = sprite(SHAPES[shape], 0.5 + 0.1 * scale, 2 * np.pi * rotation / 5, 32)[x, y]
        np.testing.assert_allclose(image[..., 0], drawn / 255, atol=1e-6)


def test_the_images_are_the_same_each_time(few, tmp_path):
    offline.BUILDERS["shapes"](config="32", data_dir=tmp_path).download_and_prepare()
    assert load("shapes/32", data_dir=tmp_path).fingerprint() == load("shapes/32", data_dir=few).fingerprint()


def test_factors_are_known_by_the_name_of_their_data(few):
    assert (
        known_factors("shapes") is known_factors("shapes/64") is known_factors("shapes/32:1.0.0") is FACTORS["shapes"]
    )
    assert known_factors("digits") is known_factors("./shapes/32") is known_factors("mnist") is None
    with pytest.raises(InputError, match="not known. Received: digits. Those of shapes/32 and shapes/64 are"):
        factor_values(load("digits"), "test")


@pytest.mark.parametrize("name", ["dsprites", "shapes3d"])
def test_factors_are_features_of_tensorflow_datasets(name):
    features = tfds.builder(name).info.features
    known = known_factors(name)
    assert known.sizes == tuple(features[feature].num_classes for feature in known.features)
