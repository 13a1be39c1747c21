"""Laws of the image metrics, and the classical restorations on MNIST."""

import numpy as np
import pytest

from keraszoo.core.errors import InputError
from keraszoo.data import load
from keraszoo.metrics import bicubic, downsample, hole_psnr, mean_image_fill, median_filter, psnr, ssim, wiener_filter


@pytest.fixture
def images():
    return np.random.default_rng(0).random([3, 16, 20, 2], "float32")


def corner_hole(images, side=5):
    mask = np.ones([*images.shape[:3], 1], "float32")
    mask[:, :side, :side] = 0
    return mask


# ---------------------------------------------------------------------- PSNR and SSIM


def test_psnr_is_that_of_the_mean_squared_error(images):
    """20 dB for an error of a tenth of the range, and 6.02 dB more when the error is halved."""
    errors = np.array([0.1, 0.05, 0.025], "float32").reshape(3, 1, 1, 1)
    np.testing.assert_allclose(psnr(images, images + errors), 20 + 20 * np.log10([1, 2, 4]), rtol=1e-4)
    np.testing.assert_allclose(psnr(255 * images, 255 * (images + errors), max_val=255), [20, 26.02, 32.04], rtol=1e-3)
    assert np.isposinf(psnr(images, images)).all()


def test_psnr_averages_over_the_pixels_of_each_image_alone(images):
    other = images.copy()
    other[1] += 0.1
    assert np.isposinf(psnr(images, other)).tolist() == [True, False, True]


@pytest.mark.parametrize("side", [32, 11, 8, 1])
def test_ssim_of_an_image_with_itself_is_one(side):
    images = np.random.default_rng(0).random([2, side, side + 1, 1])
    np.testing.assert_allclose(ssim(images, images), 1.0, rtol=1e-6)


def test_ssim_of_flat_images_is_the_luminance_term():
    """Without contrast (2ab + c1) / (a^2 + b^2 + c1) remains, with c1 = 0.01^2."""
    a, b = np.full([1, 16, 16, 1], 0.2), np.full([1, 16, 16, 1], 0.6)
    expected = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)
    np.testing.assert_allclose(ssim(a, b), expected, rtol=1e-3)


def test_ssim_of_a_negative_is_negative(images):
    assert (np.asarray(ssim(images, 1 - images)) < 0).all()


def test_hole_psnr_ignores_what_is_known(images):
    mask = corner_hole(images)
    wrong = images + 0.1 * (1 - mask)
    np.testing.assert_allclose(hole_psnr(images, wrong, mask), 20, rtol=1e-4)
    np.testing.assert_allclose(hole_psnr(images, wrong + 7 * mask, mask), 20, rtol=1e-4)
    np.testing.assert_allclose(hole_psnr(images, wrong, mask[:1]), 20, rtol=1e-4)


def test_psnr_is_hole_psnr_where_everything_is_missing(images):
    other = images[::-1]
    np.testing.assert_allclose(hole_psnr(images, other, 0 * corner_hole(images)), psnr(images, other), rtol=1e-5)


# ---------------------------------------------------------------------- classical restorations


def test_wiener_filter_moves_each_pixel_towards_the_mean_around_it():
    images = np.random.default_rng(0).random([2, 6, 7, 2])
    images[1] = 0.5
    mirrored = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(mirrored, (3, 3), axis=(1, 2))
    mean, variance = windows.mean(axis=(-2, -1)), windows.var(axis=(-2, -1))
    kept = np.maximum(0, 1 - 0.25**2 / np.maximum(variance, 1e-9))
    assert (kept == 0).any() and (kept > 0).any()
    np.testing.assert_allclose(wiener_filter(images, 0.25), mean + kept * (images - mean), atol=1e-9)


def test_median_filter_removes_specks_and_keeps_edges_in_each_channel():
    edge = np.zeros([2, 8, 8, 2], "float32")
    edge[0, :, 4:, 0] = 1
    edge[1, 4:, :, 1] = 1
    specks = edge.copy()
    specks[0, 2, 2, 0], specks[1, 2, 1, 1] = 1, 1
    np.testing.assert_array_equal(median_filter(specks), edge)


def test_downsampling_undoes_the_repetition_of_pixels(images):
    np.testing.assert_allclose(downsample(images.repeat(4, 1).repeat(4, 2), 4), images, rtol=1e-6)
    np.testing.assert_allclose(downsample(images, 2).mean((1, 2)), images.mean((1, 2)), rtol=1e-5)


def test_bicubic_reproduces_a_ramp_inside_and_stays_in_range(images):
    ramp = np.tile(np.linspace(0, 1, 16, dtype="float32"), (1, 16, 1))[..., None]
    np.testing.assert_allclose(downsample(bicubic(ramp, 4), 4)[:, :, 2:-2], ramp[:, :, 2:-2], atol=1e-5)
    steps = (images > 0.5).astype("float32")
    large = bicubic(steps, 2)
    assert large.shape == (3, 32, 40, 2) and large.min() >= 0 and large.max() <= 1


def test_mean_image_fills_the_hole_only(images):
    mask, mean = corner_hole(images), images.mean(0)
    filled = mean_image_fill(images, mask, mean)
    np.testing.assert_array_equal(filled[:, 5:], images[:, 5:])
    np.testing.assert_array_equal(filled[:, :5, :5], np.broadcast_to(mean[:5, :5], (3, 5, 5, 2)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: psnr(x, x[:2]), "same shape"),
        (lambda x: ssim(x[0], x[0]), "ssim takes images"),
        (lambda x: hole_psnr(x, x, x[..., 0]), "and a mask"),
        (lambda x: median_filter(x[0]), "Images are"),
        (lambda x: median_filter(x, 4), "odd side.*4"),
        (lambda x: wiener_filter(x, 0.1, 2), "odd side.*2"),
        (lambda x: downsample(x, 3), "divisible by 3. Received: 16x20"),
        (lambda x: bicubic(x, 0.5), "integer >= 1.*0.5"),
        (lambda x: mean_image_fill(x, x, x[0]), "need a mask"),
    ],
)
def test_impossible_shapes_are_refused_in_one_line(images, call, message):
    with pytest.raises(InputError, match=message) as error:
        call(images)
    assert "\n" not in str(error.value)


# ---------------------------------------------------------------------- what a learned restoration must beat


@pytest.fixture(scope="module")
def mnist():
    """The first 2000 test images of tfds' MNIST padded to 32x32, and the training images' mean."""
    try:
        source = load("mnist")
    except InputError as error:
        pytest.skip(str(error))
    padding = [(0, 0), (2, 2), (2, 2), (0, 0)]
    x = np.pad(source.array("test")[:2000] / np.float32(255), padding)
    return x, np.pad(source.array("train").mean(0, keepdims=True, dtype="float32") / 255, padding)[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("noise", "noisy", "filtered"),
    [(0.25, (14.90, 0.510), (18.93, 0.592)), (0.5, (9.39, 0.326), (14.65, 0.455))],
)
def test_median_filter_on_noisy_mnist(mnist, noise, noisy, filtered):
    x, _ = mnist
    damaged = np.clip(x + noise * np.random.default_rng(0).standard_normal(x.shape, "float32"), 0, 1)
    for restored, expected in ((damaged, noisy), (median_filter(damaged), filtered)):
        assert float(np.mean(psnr(x, restored))) == pytest.approx(expected[0], abs=0.04)
        assert float(np.mean(ssim(x, restored))) == pytest.approx(expected[1], abs=0.003)


@pytest.mark.slow
@pytest.mark.parametrize(("factor", "decibel", "similarity"), [(2, 21.27, 0.859), (4, 15.61, 0.456)])
def test_bicubic_on_small_mnist(mnist, factor, decibel, similarity):
    x, _ = mnist
    restored = bicubic(downsample(x, factor), factor)
    assert float(np.mean(psnr(x, restored))) == pytest.approx(decibel, abs=0.02)
    assert float(np.mean(ssim(x, restored))) == pytest.approx(similarity, abs=0.002)


@pytest.mark.slow
def test_filling_the_middle_of_mnist(mnist):
    x, mean = mnist
    mask = np.ones([1, 32, 32, 1], "float32")
    mask[:, 10:22, 10:22] = 0
    assert float(np.mean(hole_psnr(x, x * mask, mask))) == pytest.approx(5.01, abs=0.02)
    assert float(np.mean(hole_psnr(x, mean_image_fill(x, mask, mean), mask))) == pytest.approx(7.47, abs=0.02)
