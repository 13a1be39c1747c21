"""Laws of the layers that corrupt images."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.layers import GaussianCorruption, Masking, RandomHole, SaltAndPepper

GREY = np.full([64, 32, 32, 3], 0.5, "float32")
LAYERS = {
    "gaussian": lambda seed=0, **kwargs: GaussianCorruption(0.3, seed=seed, **kwargs),
    "salt and pepper": lambda seed=0, **kwargs: SaltAndPepper(0.3, seed=seed, **kwargs),
    "masking": lambda seed=0, **kwargs: Masking(0.3, seed=seed, **kwargs),
    "hole": lambda seed=0, **kwargs: RandomHole(12, 7, seed=seed, **kwargs),
}
every_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


def within_four_standard_errors(hits, probability):
    return abs(np.mean(hits) - probability) <= 4 * np.sqrt(probability * (1 - probability) / np.size(hits))


def test_gaussian_noise_has_its_mean_and_standard_deviation():
    noise = GaussianCorruption(0.3, clip=False, seed=0)(GREY).numpy() - 0.5
    assert abs(noise.mean()) <= 4 * 0.3 / np.sqrt(noise.size)
    assert abs(noise.std() - 0.3) <= 4 * 0.3 / np.sqrt(2 * noise.size)
    # P(|N(0, 1)| < 1), and channels that do not know each other
    assert within_four_standard_errors(np.abs(noise) < 0.3, 0.682689)
    assert abs(np.corrcoef(noise.reshape(-1, 3).T)[0, 1]) <= 4 / np.sqrt(noise.size / 3)


def test_gaussian_noise_is_clipped_where_it_leaves_the_range():
    noisy = GaussianCorruption(0.3, seed=0)(GREY).numpy()
    free = GaussianCorruption(0.3, clip=False, seed=0)(GREY).numpy()
    np.testing.assert_array_equal(noisy, np.clip(free, 0, 1))
    assert free.min() < 0 and free.max() > 1


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_salt_and_pepper_lose_pixels_to_either_side_equally(rate):
    noisy = SaltAndPepper(rate, seed=0)(GREY).numpy()
    assert (noisy == noisy[..., :1]).all()  # all channels of a pixel together
    assert within_four_standard_errors(noisy[..., 0] == 0, rate / 2)
    assert within_four_standard_errors(noisy[..., 0] == 1, rate / 2)
    assert set(np.unique(noisy)) <= {0, 0.5, 1}


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_masking_loses_pixels_at_its_rate(rate):
    noisy = Masking(rate, seed=0)(GREY).numpy()
    assert (noisy == noisy[..., :1]).all()
    assert within_four_standard_errors(noisy[..., 0] == 0, rate)
    assert set(np.unique(noisy)) <= {0, 0.5}


def test_holes_are_rectangles_of_their_size_everywhere_equally_often():
    masks = RandomHole(2, 3, seed=0)(tf.zeros([6000, 4, 5, 3])).numpy()
    assert masks.shape == (6000, 4, 5, 1)
    places = np.zeros([3, 3])
    for mask in masks[..., 0]:
        rows, columns = np.nonzero(mask == 0)
        assert mask.sum() == 20 - 6 and np.ptp(rows) == 1 and np.ptp(columns) == 2
        places[rows.min(), columns.min()] += 1
    error = np.sqrt(6000 / 9 * (1 - 1 / 9))
    assert np.abs(places - 6000 / 9).max() <= 4 * error


def test_a_hole_may_be_as_large_as_the_image():
    assert not RandomHole(4, 5)(tf.ones([2, 4, 5, 1])).numpy().any()


@every_layer
def test_a_seed_decides_all_draws_and_each_call_draws_anew(make):
    first, again, other = make(), make(), make(seed=1)
    calls = [first(GREY).numpy(), first(GREY).numpy()]
    np.testing.assert_array_equal(calls, [again(GREY), again(GREY)])
    assert (calls[0] != calls[1]).any() and (calls[0] != other(GREY).numpy()).any()


@every_layer
def test_each_example_is_corrupted_differently(make):
    noisy = make()(GREY).numpy()
    assert len(np.unique(noisy.reshape(len(noisy), -1), axis=0)) > 0.9 * len(noisy)


@every_layer
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_range_and_dtype_stay_whatever_the_policy(make, dtype, policy):
    x = tf.cast(np.random.default_rng(0).random([8, 16, 16, 1]), dtype)
    noisy = make(dtype=policy)(x)
    assert noisy.dtype == dtype and noisy.shape == x.shape
    noisy = tf.cast(noisy, tf.float32).numpy()
    assert noisy.min() >= 0 and noisy.max() <= 1
    assert make(dtype=policy)(keras.KerasTensor((None, 16, 16, 1), dtype)).dtype == dtype


@every_layer
@pytest.mark.parametrize("jit", [False, True])
def test_graphs_draw_anew_at_each_call(make, jit):
    layer = make()
    graph = tf.function(lambda x: layer(x), [tf.TensorSpec([None, None, None, 3])], jit_compile=jit)
    calls = [graph(GREY).numpy(), graph(GREY).numpy()]
    assert (calls[0] != calls[1]).any()
    if not jit:  # XLA has a generator of its own
        np.testing.assert_array_equal(calls[0], make()(GREY))


@every_layer
@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("shape", [[None, 32, 32, 3], [None, None, None, 3]])
def test_graphs_corrupt_as_eager_mode_does_for_the_same_noise(make, jit, shape, same_noise):
    layer = make()
    graph = tf.function(lambda x: layer(x), [tf.TensorSpec(shape)], jit_compile=jit)
    np.testing.assert_allclose(graph(GREY[:5]), layer(GREY[:5]), atol=1e-6)


@every_layer
def test_replaced_noise_is_the_same_for_each_row(make, same_noise):
    noisy = make()(GREY).numpy()
    np.testing.assert_array_equal(noisy, np.broadcast_to(noisy[:1], noisy.shape))
    np.testing.assert_array_equal(noisy, make(seed=7)(GREY))


@every_layer
def test_corruption_survives_saving(make, tmp_path):
    model = keras.Sequential([keras.Input((32, 32, 3)), make(seed=3)])
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.layers[0].get_config() == model.layers[0].get_config()
    np.testing.assert_array_equal(restored(GREY), model(GREY))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianCorruption(-0.1), "stddev=-0.1"),
        (lambda: GaussianCorruption(float("nan")), "stddev=nan"),
        (lambda: SaltAndPepper(1.5), "rate=1.5"),
        (lambda: Masking("much"), "rate='much'"),
        (lambda: RandomHole(0, 3), "height=0"),
        (lambda: RandomHole(3, 2.5), "width=2.5"),
        (lambda: RandomHole(33, 3)(GREY), "33 x 3 for images of 32 x 32. Nearest: 32 x 3"),
    ],
)
def test_impossible_corruptions_are_refused_in_one_line(make, message):
    with pytest.raises(InputError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("jit", [False, True])
def test_a_hole_that_does_not_fit_fails_where_sizes_are_learnt_late(jit):
    layer = RandomHole(8, 3)
    graph = tf.function(lambda x: layer(x), [tf.TensorSpec([None, None, None, 3])], jit_compile=jit)
    with pytest.raises((tf.errors.InvalidArgumentError, tf.errors.UnknownError)):
        graph(GREY[:, :7])
