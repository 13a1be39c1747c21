"""Laws of the models that mend images."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.analysis import restoration
from keraszoo.core.errors import InputError
from keraszoo.layers.lab import grey_of_equal_lightness
from keraszoo.metrics import bicubic, compare_restorations, downsample, psnr
from keraszoo.models import (
    ColorizationAutoencoder,
    DenoisingAutoencoder,
    InpaintingAutoencoder,
    SuperResolutionAutoencoder,
)

GREY = np.random.default_rng(0).random((6, 16, 16, 1), "float32")
COLOUR = np.random.default_rng(1).random((6, 16, 16, 3), "float32")
MAKERS = {
    "denoising": lambda **options: DenoisingAutoencoder((16, 16, 1), hidden=(4, 8), **options),
    "inpainting": lambda **options: InpaintingAutoencoder((16, 16, 1), hole=(5, 6), hidden=(4, 8), **options),
    "super_resolution": lambda **options: SuperResolutionAutoencoder((16, 16, 1), hidden=(4, 8), **options),
    "colorization": lambda **options: ColorizationAutoencoder((16, 16, 3), hidden=(4, 8), **options),
}


def clean(model):
    return COLOUR if model.image_shape[2] == 3 else GREY


@pytest.mark.parametrize("name", MAKERS)
def test_damage_is_repeated_by_its_seed_and_leaves_the_models_noise_alone(name):
    model = MAKERS[name]()
    states = [variable.numpy() for variable in model.non_trainable_variables]
    one, again = ([np.asarray(part) for part in model.degrade(clean(model), seed=3)] for _ in range(2))
    model.pictures(clean(model), seed=3)
    for a, b in zip(one, again, strict=True):
        np.testing.assert_array_equal(a, b)
    for before, after in zip(states, model.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(before, after)


def test_noise_is_fresh_in_every_step_and_absent_from_restore():
    model = MAKERS["denoising"](amount=0.3)
    noisy = [model.degrade(GREY)[0].numpy() for _ in range(2)]
    assert not np.array_equal(*noisy)
    np.testing.assert_array_equal(model.restore(GREY), model.restore(GREY))
    np.testing.assert_array_equal(model.predict(GREY, verbose=0), model.restore(GREY))


@pytest.mark.parametrize(("corruption", "expected"), [("masking", {0.0}), ("salt_and_pepper", {0.0, 1.0})])
def test_the_named_corruption_is_used(corruption, expected):
    model = DenoisingAutoencoder((16, 16, 1), corruption=corruption, amount=1.0)
    assert set(np.unique(model.degrade(GREY)[0])) == expected


def test_a_corruption_of_ones_own_is_used_and_saved(tmp_path):
    model = DenoisingAutoencoder((16, 16, 1), hidden=(4,), corruption=keras.layers.Rescaling(0.5))
    np.testing.assert_allclose(model.degrade(GREY)[0], GREY / 2)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(restored.degrade(GREY)[0], GREY / 2)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("size", [(16, 16), (13, 18), (1, 2)])
def test_images_of_any_size_are_restored(name, size):
    model = MAKERS[name]()
    image = np.random.default_rng(2).random((2, *size, model.input_channels), "float32")
    mask = [np.ones((2, *size, 1), "float32")] * (model.mask is not None)
    restored = model.restore(image, *mask)
    assert restored.shape == (2, model.upscale * size[0], model.upscale * size[1], model.image_shape[2])
    assert np.min(restored) >= 0 and np.max(restored) <= 1


def test_borders_are_mirrored_to_a_size_that_the_network_halves():
    model = MAKERS["denoising"]()
    image = GREY[:, :13, :14]
    mirrored = np.pad(image, [(0, 0), (0, 3), (0, 2), (0, 0)], mode="symmetric")
    np.testing.assert_allclose(model.restore(image), model.restore(mirrored)[:, :13, :14], atol=1e-6)


def test_a_network_that_adds_nothing_leaves_the_simple_restoration():
    for name, expected in (
        ("denoising", GREY),
        ("super_resolution", tf.image.resize(GREY, (32, 32), method="bilinear")),
        ("colorization", np.repeat(GREY, 3, axis=-1)),
    ):
        model = MAKERS[name](**({"target": "mean"} if name == "colorization" else {}))
        model.set_weights([np.zeros_like(weights) for weights in model.get_weights()])
        np.testing.assert_allclose(model.restore(GREY), expected, atol=1e-6, err_msg=name)


def test_known_pixels_stay_and_the_holes_content_does_not_matter():
    model = MAKERS["inpainting"]()
    _, mask = (np.asarray(part) for part in model.degrade(GREY))
    assert np.all(mask.reshape(6, -1).sum(axis=1) == 16 * 16 - 5 * 6)
    restored = model.restore(GREY, mask).numpy()
    np.testing.assert_array_equal(restored[mask == 1], GREY[mask == 1])
    np.testing.assert_array_equal(restored, model.restore(np.where(mask == 1, GREY, 0.77), mask))
    np.testing.assert_array_equal(model(GREY), GREY)
    np.testing.assert_array_equal(model((GREY, mask)), restored)


def test_only_the_hole_is_paid_for():
    model = MAKERS["inpainting"]()
    x = tf.constant(GREY)
    image, mask = model.degrade(x, seed=1)
    squares = tf.reduce_sum(tf.square(x - model.restored(image, mask)) * (1 - mask), axis=[1, 2, 3])
    model.degrade = lambda x: (image, mask)
    terms = model.loss_terms(x)
    np.testing.assert_allclose(terms["squared_error"], squares, rtol=1e-5)
    np.testing.assert_allclose(terms["hole_squared_error"], squares / 30, rtol=1e-5)


@pytest.mark.parametrize("factor", [2, 4])
def test_super_resolution_learns_from_means_over_blocks(factor):
    model = SuperResolutionAutoencoder((16, 16, 1), factor=factor, hidden=(4,))
    np.testing.assert_allclose(model.degrade(GREY)[0], downsample(GREY, factor), atol=1e-6)


def test_colours_come_from_the_lightness_alone():
    model = MAKERS["colorization"]()
    grey = grey_of_equal_lightness(COLOUR)
    np.testing.assert_allclose(model.predict(COLOUR, verbose=0), model.restore(grey), atol=1e-6)
    np.testing.assert_allclose(model(grey), model.restore(grey), atol=1e-6)


def test_comparison_puts_the_classical_restoration_beside_the_models():
    model = MAKERS["super_resolution"]()
    model.set_weights([np.zeros_like(weights) for weights in model.get_weights()])
    rows = compare_restorations(model, GREY, GREY.mean(axis=0), batch_size=4)
    assert list(rows) == ["bicubic", "model"]
    expected = np.mean(psnr(GREY, bicubic(downsample(GREY, 2), 2)))
    assert rows["bicubic"]["psnr"] == pytest.approx(expected, rel=1e-5)
    rows = compare_restorations(MAKERS["inpainting"](), GREY, GREY.mean(axis=0))
    assert list(rows) == ["damaged", "mean image", "model"] and set(rows["model"]) == {"hole_psnr", "ssim"}
    assert rows["mean image"]["hole_psnr"] > rows["damaged"]["hole_psnr"]
    for name in ("denoising", "inpainting"):
        model = MAKERS[name]()
        one, again, other = (compare_restorations(model, GREY, GREY.mean(axis=0), seed=seed) for seed in (1, 1, 2))
        assert one == again and (one != other) == (name == "denoising")  # the compared hole is in the middle


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DenoisingAutoencoder((16, 16, 1), corruption="gausian"), "Unknown corruption.*Closest: gaussian"),
        (lambda: DenoisingAutoencoder((16, 16, 1), amount=-1), "stddev.*-1"),
        (lambda: DenoisingAutoencoder((16, 16)), r"\(height, width, channels\)"),
        (lambda: InpaintingAutoencoder((16, 16, 1), hole=(17, 4)), r"hole=\(17, 4\). Nearest: \(16, 4\)"),
        (lambda: InpaintingAutoencoder((16, 16, 1), hole=(4,)), "a height and a width"),
        (lambda: SuperResolutionAutoencoder((16, 16, 1), factor=3), "2 or 4.*factor=3"),
        (lambda: SuperResolutionAutoencoder((18, 16, 1), hidden=(4, 8)), r"divisible by 8.*\(18, 16\)"),
        (lambda: DenoisingAutoencoder((30, 32, 1), hidden=(4, 8)), r"divisible by 4.*\(30, 32\). Nearest: \(32, 32\)"),
        (lambda: ColorizationAutoencoder((16, 16, 1)), r"colour images.*\(16, 16, 1\)"),
        (lambda: DenoisingAutoencoder((16, 16, 1), network=keras.layers.Conv2D(2, 3)), "network must map"),
        (lambda: MAKERS["inpainting"]().restore(GREY, np.ones([6, 16, 15, 1])), r"mask.*\[6, 16, 15, 1\]"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(make, message):
    with pytest.raises(InputError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", MAKERS)
def test_a_large_image_is_restored_in_tiles_as_in_one(name, monkeypatch):
    model, random = MAKERS[name](), np.random.default_rng(3)
    # a quarter of the overlap is left out at each side, at least what an answer depends on: 8 pixels, 15 of colours
    tile, overlap = (96, 64) if name == "colorization" else (64, 32)
    height, width = tile + 48, tile + 26
    image = random.random((height, width, model.input_channels), "float32")
    mask = None if model.mask is None else np.ones((height, width), "float32")
    whole = restoration.restore(model, image, mask)
    assert restoration.tiles(model, height, width) == 1
    monkeypatch.setattr(restoration, "TILE", tile)
    monkeypatch.setattr(restoration, "OVERLAP", overlap)
    assert restoration.tiles(model, height, width) == 6
    parts, original = [], type(model).restore

    def record(self, *given, **options):
        parts.append(given)
        return original(self, *given, **options)

    monkeypatch.setattr(type(model), "restore", record)
    np.testing.assert_allclose(restoration.restore(model, image, mask), whole, atol=1e-5)
    assert len(parts) == 6 and max(given[0].shape[1] for given in parts) == tile
