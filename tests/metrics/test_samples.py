"""The measures of samples: closed forms, invariances, and what they say of damaged digits."""

import math
import tracemalloc

import keras
import numpy as np
import pytest
from scipy import ndimage

from keraszoo.core.errors import InputError
from keraszoo.data import load
from keraszoo.data.datasets.points import MIXTURES, mixture
from keraszoo.metrics import (
    class_histogram_kl,
    classes_reached,
    compare_samples,
    density_coverage,
    frechet_distance,
    inception_score,
    kernel_distance,
    mode_coverage,
    precision_recall,
)
from keraszoo.training import FeatureNetwork, train


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def with_moments(mean, covariance, rows=500):
    """Rows whose sample mean and covariance are exactly these."""
    x = normal(rows, len(mean))
    x -= x.mean(axis=0)
    x = np.linalg.solve(np.linalg.cholesky(np.cov(x, rowvar=False)), x.T).T
    return np.asarray(mean) + x @ np.linalg.cholesky(covariance).T


# ---------------------------------------------------------------------- Frechet distance


def test_frechet_distance_of_commuting_gaussians():
    """|m - m'|^2 + sum (s - s')^2 over the standard deviations along common axes."""
    turn = np.linalg.qr(normal(3, 3))[0]
    one = with_moments([0, 0, 0], turn @ np.diag([1.0, 4.0, 9.0]) @ turn.T)
    other = with_moments([1, 2, 2], turn @ np.diag([4.0, 4.0, 1.0]) @ turn.T)
    assert frechet_distance(one, other) == pytest.approx(9 + 1 + 0 + 4, abs=1e-8)


def test_frechet_distance_of_gaussians_in_the_plane():
    """tr (C C')^(1/2) of 2x2 matrices is sqrt(tr(C C') + 2 sqrt(det C det C')), also where they do not commute."""
    c, d = np.array([[2.0, 0.6], [0.6, 1.0]]), np.array([[1.0, -0.8], [-0.8, 3.0]])
    root = math.sqrt(np.trace(c @ d) + 2 * math.sqrt(np.linalg.det(c) * np.linalg.det(d)))
    found = frechet_distance(with_moments([0, 0], c), with_moments([0, 0], d))
    assert found == pytest.approx(np.trace(c) + np.trace(d) - 2 * root, abs=1e-8)


def test_frechet_distance_is_a_symmetric_distance_that_rotations_keep():
    x, y, turn = normal(300, 6), 2 * normal(200, 6, seed=1) + 1, np.linalg.qr(normal(6, 6, seed=2))[0]
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x))
    assert frechet_distance(x @ turn, y @ turn) == pytest.approx(frechet_distance(x, y))
    assert frechet_distance(3 * x, 3 * y) == pytest.approx(9 * frechet_distance(x, y))


def test_frechet_distance_is_finite_where_covariances_are_singular():
    x = normal(20, 84)
    x[:, 40:] = 0
    assert 0 <= frechet_distance(x, x) < 1e-6
    assert np.isfinite(frechet_distance(x, normal(30, 84, seed=1)))
    assert frechet_distance(np.ones([5, 2]), np.zeros([5, 2])) == pytest.approx(2)


# ---------------------------------------------------------------------- kernel distance


def test_kernel_distance_is_the_u_statistic(monkeypatch):
    """Against the sum over pairs as it is written; in pieces as in one."""
    x, y = normal(7, 3), normal(5, 3, seed=1) + 1

    def k(a, b):
        return (a @ b / 3 + 1) ** 3

    def mean(pairs):
        return np.mean([k(a, b) for a, b in pairs])

    same = [mean((a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j) for z in (x, y)]
    expected = sum(same) - 2 * mean((a, b) for a in x for b in y)
    assert kernel_distance(x, y) == pytest.approx(expected)
    monkeypatch.setattr("keraszoo.metrics.samples.kernel._ROWS", 2)
    assert kernel_distance(x, y) == pytest.approx(expected)


def test_kernel_distance_is_unbiased_however_few():
    """The mean over many pairs of samples of one distribution is 0; the Frechet distance's is not."""
    values = [kernel_distance(normal(10, 4, seed=2 * s), normal(10, 4, seed=2 * s + 1)) for s in range(400)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 20
    assert min(values) < 0 < max(values)


# ---------------------------------------------------------------------- nearest neighbours


def test_precision_and_recall_of_halves():
    """Fakes that are one of two real clusters are precise, and recall half; exchanging both exchanges them."""
    cluster = normal(200, 3)
    real = np.concatenate([cluster, normal(200, 3, seed=1) + 100])
    precision, recall = precision_recall(real, cluster)
    assert (precision, recall) == (1.0, 0.5)
    assert precision_recall(cluster, real) == (0.5, 1.0)


def test_one_real_outlier_is_enough_for_precision_only():
    real, fake = np.concatenate([normal(200, 2), [[1000.0, 0.0]]]), normal(200, 2, seed=1) + [500, 0]
    assert precision_recall(normal(200, 2), fake)[0] == 0.0
    assert precision_recall(real, fake)[0] == 1.0
    assert density_coverage(real, fake) == (1 / 5, 1 / 201)


@pytest.mark.parametrize("neighbours", [1, 3, 5])
def test_density_and_coverage_of_the_same_distribution(neighbours):
    """Naeem et al.: the expected density is 1, the expected coverage 1 - 2^-k for equally many samples."""
    density, coverage = density_coverage(normal(3000, 5), normal(3000, 5, seed=1), neighbours)
    assert density == pytest.approx(1, abs=0.06)
    assert coverage == pytest.approx(1 - 2.0**-neighbours, abs=0.025)


def test_copies_of_one_sample_cover_next_to_nothing():
    real = normal(500, 4)
    density, coverage = density_coverage(real, np.repeat(real[:1], 500, axis=0))
    assert coverage < 0.05
    assert precision_recall(real, np.repeat(real[:1], 500, axis=0))[1] <= 1 / 500


def test_neighbours_are_counted_in_pieces_as_at_once(monkeypatch):
    real, fake = normal(50, 3), normal(40, 3, seed=1)
    whole = precision_recall(real, fake), density_coverage(real, fake)
    monkeypatch.setattr("keraszoo.metrics.samples.nearest_neighbours._ROWS", 7)
    assert (precision_recall(real, fake), density_coverage(real, fake)) == whole


# ---------------------------------------------------------------------- classes


def test_inception_score_counts_sure_and_equally_common_classes():
    assert inception_score(np.eye(10)[[0, 1, 2, 3] * 5]) == pytest.approx(4)
    assert inception_score(np.full([7, 10], 0.1)) == pytest.approx(1)
    unsure = 0.9 * np.eye(4) + 0.025
    assert 1 < inception_score(unsure) < 4


def test_class_kl_of_missing_classes():
    real = np.eye(10)
    for kept in (10, 9, 5, 1):
        assert class_histogram_kl(real, real[:kept]) == pytest.approx(math.log(10 / kept))
    assert class_histogram_kl(real[:9], real) == math.inf


def test_classifier_of_one_channel_judges_each_channel_of_stacked_images():
    bright = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)])
    bright.layers[1].kernel.assign([[-10.0, 10.0]])
    bright.layers[1].bias.assign([5.0, -5.0])
    bright.add(keras.layers.Softmax())
    network = FeatureNetwork(bright)
    network.check_shape((4, 4, 3))
    channels = np.array([[0, 0, 1], [1, 0, 0], [1, 1, 1]], "float32")
    features, probabilities = network(np.broadcast_to(channels[:, None, None], [3, 4, 4, 3]))
    assert features.shape == (3, 6) and probabilities.shape == (3, 8)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), [1, 4, 7])
    assert classes_reached(probabilities) == 3


# ---------------------------------------------------------------------- modes


@pytest.mark.parametrize("name", MIXTURES)
def test_true_samples_reach_every_mode(name):
    true = mixture(name)
    x, _ = true.sample(2500, np.random.RandomState(1))
    found = mode_coverage(x, true.means, true.sd)
    assert found.modes == len(true.means)
    assert found.high_quality == pytest.approx(1 - math.exp(-4.5), abs=0.006)
    assert found.mode_kl < 2 * len(true.means) / 2500


def test_missing_modes_are_counted_and_weighted():
    true = mixture("gaussians8")
    found = mode_coverage(np.repeat(true.means[:4], 10, axis=0), true.means, true.sd)
    assert (found.modes, found.high_quality) == (4, 1.0)
    assert found.mode_kl == pytest.approx(math.log(2))
    weights = [2, 2, 2, 2, 1e-9, 1e-9, 1e-9, 1e-9]
    assert mode_coverage(np.repeat(true.means[:4], 10, axis=0), true.means, 0.02, weights).mode_kl < 1e-6


def test_high_quality_ends_at_three_standard_deviations():
    for distance, good in ((2.99, 1.0), (3.01, 0.0)):
        x = 0.1 * distance * np.array([[0.6, 0.8]])
        found = mode_coverage(x, [[0.0, 0.0], [5.0, 5.0]], sd=0.1)
        assert (found.high_quality, found.modes) == (good, int(good))


# ---------------------------------------------------------------------- all of them


def test_compare_samples_has_what_its_inputs_allow():
    real, fake = normal(2, 50, 3)
    features = {"frechet_distance", "kernel_distance", "precision", "recall", "density", "coverage"}
    assert set(compare_samples(real, fake)) == features
    probabilities = np.eye(10)[np.arange(50) % 10]
    measures = compare_samples(real, fake, probabilities, probabilities)
    assert set(measures) == features | {"inception_score", "class_kl", "classes"}
    assert all(type(value) is float for value in measures.values())
    assert (measures["precision"], measures["recall"]) == precision_recall(real, fake, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: frechet_distance(normal(5, 2), normal(5, 3)), r"equally many features.*\[5, 2\].*\[5, 3\]"),
        (lambda: frechet_distance(normal(5), normal(5)), r"\[n, d\]"),
        (lambda: frechet_distance(normal(1, 2), normal(5, 2)), "At least 2 samples.*real 1"),
        (lambda: kernel_distance(normal(3, 2), [[1.0, np.nan]] * 2), "finite.*fake"),
        (lambda: precision_recall(normal(3, 2), normal(9, 2)), "At least 4 samples.*real 3"),
        (lambda: density_coverage(normal(9, 2), normal(9, 2), 0), "neighbours=0"),
        (lambda: inception_score(normal(9, 4)), "softmax"),
        (lambda: inception_score(np.full([9, 4], 0.3)), "sum to 1.*sums from 1.2"),
        (lambda: inception_score(np.ones([9])), r"\[n, classes\]"),
        (lambda: class_histogram_kl(np.eye(3), np.eye(4)), "same classes"),
        (lambda: mode_coverage(normal(9, 3), normal(2, 2), 1.0), r"\[9, 3\] and \[2, 2\]"),
        (lambda: mode_coverage(normal(9, 2), normal(2, 2), 0.0), "sd=0.0"),
        (lambda: mode_coverage(normal(9, 2), normal(2, 2), 1.0, [1, 0]), "positive"),
        (lambda: mode_coverage([[np.inf, 0]], normal(2, 2), 1.0), "finite"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_line(call, message):
    with pytest.raises(InputError, match=message) as error:
        call()
    assert "\n" not in str(error.value) and "Received" in str(error.value)


# ---------------------------------------------------------------------- what they say of digits


@pytest.fixture(scope="module")
def lenet(tmp_path_factory):
    """Features of 10,000 real digits, and of 10,000 others as they are and damaged; by the recipe's LeNet-5."""
    try:
        source = load("mnist")
    except InputError as error:
        pytest.skip(str(error))
    run = train("classifier/mnist", tmp_path_factory.mktemp("runs") / "lenet")
    assert run.metrics()["test"]["accuracy"] >= 0.987
    x, y = source.array("train") / np.float32(255), source.array("train", "label")
    real, others, labels = x[:10_000], x[10_000:], y[10_000:]
    noise = 0.1 * np.random.default_rng(0).standard_normal(real.shape, "float32")
    sets = {
        "real": others[:10_000],
        "noise": others[:10_000] + noise,
        "clipped noise": np.clip(others[:10_000] + noise, 0, 1),
        "blur": ndimage.gaussian_filter(others[:10_000], (0, 1, 1, 0)),
        "no 9": others[labels != 9][:10_000],
        "only 1": others[labels == 1],
    }
    network = FeatureNetwork(run)
    return network(real), {name: network(images) for name, images in sets.items()}


@pytest.mark.slow
def test_measures_rank_damaged_digits(lenet):
    """docs/gans.md has the table; the network differs a little from machine to machine."""
    (real, probabilities), sets = lenet
    found = {}
    for name, (fake, classes) in sets.items():
        rows = len(fake)
        found[name] = compare_samples(real[:rows], fake, probabilities[:rows], classes)
        values = found[name]
        print(f"{name} {rows}", *(f"{measure} {value:.4g}" for measure, value in values.items()))
    frechet = {name: values["frechet_distance"] for name, values in found.items()}
    assert frechet["real"] < frechet["noise"] < frechet["clipped noise"] < frechet["no 9"] < frechet["only 1"]
    assert frechet["real"] < 0.3 and 0.5 < frechet["clipped noise"] < 2 and 0.5 < frechet["blur"] < 2
    assert 1 < frechet["no 9"] < 3 and 50 < frechet["only 1"] < 100
    assert found["only 1"]["kernel_distance"] > 10 * found["no 9"]["kernel_distance"] > 0
    assert abs(found["real"]["kernel_distance"]) < 0.1 * found["no 9"]["kernel_distance"]
    for name in ("real", "no 9", "only 1"):
        assert found[name]["precision"] > 0.93
    assert found["real"]["recall"] > 0.93 > found["no 9"]["recall"] > 0.8
    assert found["only 1"]["recall"] < 0.2
    assert found["real"]["coverage"] == pytest.approx(1 - 2**-5, abs=0.01)
    assert found["real"]["density"] == pytest.approx(1, abs=0.05)
    assert found["no 9"]["coverage"] == pytest.approx(0.88, abs=0.03)
    assert found["only 1"]["coverage"] == pytest.approx(0.12, abs=0.02)
    assert found["only 1"]["class_kl"] == pytest.approx(math.log(10 / 1.12), abs=0.1)
    assert found["only 1"]["inception_score"] < 1.1 and found["real"]["inception_score"] > 9.5


@pytest.mark.slow
def test_frechet_distance_falls_with_the_number_of_samples(lenet):
    (real, _), sets = lenet
    values = [frechet_distance(real[:n], sets["real"][0][:n]) for n in (500, 2000, 5000, 10_000)]
    print("real against real", *(f"{value:.3g}" for value in values))
    assert values == sorted(values, reverse=True) and values[0] > 5 * values[-1]


@pytest.mark.slow
def test_ten_thousand_against_ten_thousand_fit_into_a_gigabyte():
    real, fake = normal(2, 10_000, 84)
    tracemalloc.start()
    compare_samples(real, fake)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**30
