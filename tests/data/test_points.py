"""Data whose distribution is known: points in the plane, and stacked digits."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy.integrate import quad
from scipy.special import entr, ndtr
from scipy.stats import multivariate_normal
from sklearn.datasets import make_circles, make_moons

from keraszoo.core.errors import InputError
from keraszoo.data import load
from keraszoo.data.datasets import offline
from keraszoo.data.datasets.circles import Circles
from keraszoo.data.datasets.pinwheel import Pinwheel
from keraszoo.data.datasets.points import (
    DESCRIPTIONS,
    DISTRIBUTIONS,
    MIXTURES,
    distribution,
    known_density,
    known_mixture,
    mixture,
)
from keraszoo.data.datasets.stacked_mnist import stack_digits
from keraszoo.metrics import mode_coverage


def test_modes_are_where_they_are_known_to_be():
    ring, grid = mixture("gaussians8"), mixture("gaussians25")
    np.testing.assert_allclose(np.linalg.norm(ring.means, axis=1), 2)
    np.testing.assert_allclose(ring.means[[0, 2]], [[2, 0], [0, 2]], atol=1e-12)
    assert {tuple(mean) for mean in grid.means} == {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert (ring.sd, grid.sd) == (0.02, 0.05)


@pytest.mark.parametrize("name", MIXTURES)
def test_density_is_that_of_the_mixture(name):
    """Against TensorFlow Probability, near the modes and far away."""
    true, tfd = mixture(name), tfp.distributions
    k = len(true.means)
    theirs = tfd.MixtureSameFamily(
        tfd.Categorical(probs=np.full(k, 1 / k)),
        tfd.MultivariateNormalDiag(tf.constant(true.means), scale_diag=np.full(2, true.sd)),
    )
    x = np.random.default_rng(0).normal(size=[50, 2])
    x[:25] = true.means[np.arange(25) % k] + true.sd * x[:25]
    np.testing.assert_allclose(true.log_prob(x), theirs.log_prob(x), rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", MIXTURES)
def test_points_are_drawn_from_their_mixture(name):
    source, true = load(f"points/{name}"), mixture(name)
    assert source.sizes == {"train": 100_000, "test": 10_000}
    assert source.shapes == {"x": (2,), "label": ()} and source.num_classes == len(true.means)
    for split, size in source.sizes.items():
        x, label = source.array(split), source.array(split, "label")
        found = mode_coverage(x, true.means, true.sd)
        assert found.modes == len(true.means)
        assert found.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.004)
        assert found.mode_kl < len(true.means) / size
        offsets = (x - true.means[label]) / true.sd
        np.testing.assert_allclose(np.cov(offsets.T), np.eye(2), atol=0.04)
    assert not {*map(bytes, source.array("train"))} & {*map(bytes, source.array("test"))}


def test_points_are_the_same_each_time(tmp_path, monkeypatch):
    monkeypatch.setattr("keraszoo.data.datasets.points.SIZES", {"train": 30, "test": 20})
    fingerprints = []
    for folder in ("a", "b"):
        offline.BUILDERS["points"](config="gaussians8", data_dir=tmp_path / folder).download_and_prepare()
        fingerprints.append(load("points/gaussians8", data_dir=tmp_path / folder).fingerprint())
    assert fingerprints[0] == fingerprints[1]


def test_mixtures_are_known_by_the_name_of_their_data():
    for name, true in MIXTURES.items():
        assert known_mixture(f"points/{name}") is true
        assert known_mixture(f"points/{name}:1.0.0") is true
    assert known_mixture("points") is mixture("gaussians8")
    assert known_mixture("mnist") is known_mixture("points/moons") is known_mixture("./points/gaussians8") is None
    assert known_mixture("points/gaussians8_broad") is None
    with pytest.raises(InputError, match="Closest: gaussians8"):
        mixture("gaussian8")
    with pytest.raises(InputError, match="no configuration 'gaussians9'.*Closest: gaussians8"):
        load("points/gaussians9")


def test_densities_are_known_by_the_name_of_their_data():
    assert set(DISTRIBUTIONS) == set(DESCRIPTIONS) == set(offline.BUILDERS["points"].builder_configs)
    for name, true in DISTRIBUTIONS.items():
        assert known_density(f"points/{name}") is known_density(f"points/{name}:1.0.0") is distribution(name) is true
    assert known_density("points") is distribution("gaussians8")
    assert known_density("mnist") is known_density("points/moon") is known_density("./points/moons") is None
    with pytest.raises(InputError, match="Unknown distribution. Received: 'moon'. Closest: moons"):
        distribution("moon")


# Half the side of a square that holds all but 1e-6 of the points; the side of its cells, at most the sd of the noise,
# so that sums over their middles are exact; the entropy, of the first four as published with flows.
PLANES = {
    "moons": (2.4, 0.05, 0.284),
    "gaussians8_broad": (4.8, 0.2, 2.834),
    "checkerboard": (4.8, 0.1, 3.466),
    "two_spirals": (4.2, 0.1, 2.649),
    "circles": (1.5, 0.05, None),
    "rings": (3.6, 0.075, None),
    "pinwheel": (2.7, 0.025, None),
    "gaussians8": (2.16, 0.02, np.log(8 * 2 * np.pi * np.e * 0.02**2)),
    "gaussians25": (4.5, 0.05, np.log(25 * 2 * np.pi * np.e * 0.05**2)),
    "two_clouds": (6.0, 0.1, None),
}
FOLDED = Pinwheel(arms=2, radial_sd=0.3, tangential_sd=0.3, rate=0.5)  # a point may come from an arm three times


def density_on(true, half_side, cell):
    """The density at the middles of the cells of a square, [side, side]."""
    middles = np.arange(-half_side + cell / 2, half_side, cell)
    x = np.stack(np.meshgrid(middles, middles, indexing="ij"), axis=-1)
    return np.exp(true.log_prob(x.reshape(-1, 2))).reshape(x.shape[:2])


@pytest.mark.parametrize("name", PLANES)
@pytest.mark.by_default(every=2)
def test_density_is_that_of_the_samples(name):
    """It integrates to 1, has the published entropy, and gives 12 x 12 blocks as many points as are drawn there."""
    true, (half_side, cell, published) = distribution(name), PLANES[name]
    density = density_on(true, half_side, cell)
    assert density.sum() * cell**2 == pytest.approx(1, abs=1e-5)
    entropy = entr(density).sum() * cell**2
    if published is not None:
        assert entropy == pytest.approx(published, abs=0.01)
    count, blocks = 20_000, 12
    x, label = true.sample(count, np.random.RandomState(0))
    assert x.dtype == "float32" and x.shape == (count, 2)
    shares = getattr(true, "weights", np.full(true.num_classes, 1 / true.num_classes))
    np.testing.assert_allclose(np.bincount(label), count * shares, rtol=0.15)
    log_prob = true.log_prob(x[:4000])
    assert -log_prob.mean() == pytest.approx(entropy, abs=4 * log_prob.std() / np.sqrt(len(log_prob)) + 1e-9)
    check_blocks(x, density, half_side, cell, blocks)


def check_blocks(x, density, half_side, cell, blocks):
    size = len(density) // blocks
    assert size * blocks == len(density)
    expected = density.reshape(blocks, size, blocks, size).sum(axis=(1, 3)) * cell**2
    drawn = np.histogram2d(*x.T, bins=blocks, range=[[-half_side, half_side]] * 2)[0] / len(x)
    noise = np.sqrt(expected / len(x))
    assert np.abs(drawn - expected).sum() < 1.2 * noise.sum()  # .8 of the noise is what true samples have on average


def test_pinwheel_counts_every_way_to_a_point():
    half_side, cell = 3.0, 0.03
    density = density_on(FOLDED, half_side, cell)
    assert density.sum() * cell**2 == pytest.approx(1, abs=0.01)  # infinite at the folds, which a sum meets roughly
    check_blocks(FOLDED.sample(20_000, np.random.RandomState(0))[0], density, half_side, cell, 10)


def test_straight_pinwheel_is_a_mixture_of_gaussians():
    straight = Pinwheel(arms=3, radial_sd=0.3, tangential_sd=0.1, rate=0.0)
    x = np.random.default_rng(0).uniform(-2, 2, size=[20, 2])
    density = 0
    for angle in 2 * np.pi * np.arange(3) / 3:
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        density += multivariate_normal(turn @ [1, 0], turn @ np.diag([0.09, 0.01]) @ turn.T).pdf(x) / 3
    np.testing.assert_allclose(straight.log_prob(x), np.log(density), rtol=1e-9)


def test_moons_and_circles_are_those_of_scikit_learn():
    for name, make in (("moons", make_moons), ("circles", lambda n, **noise: make_circles(n, factor=0.5, **noise))):
        x, label = make(20_000, noise=0.05, random_state=0)
        mine, mine_label = distribution(name).sample(20_000, np.random.RandomState(0))
        log_prob = distribution(name).log_prob(x[:4000])
        entropy = -distribution(name).log_prob(mine[:4000]).mean()
        assert -log_prob.mean() == pytest.approx(entropy, abs=6 * log_prob.std() / np.sqrt(len(log_prob)))
        for one in (0, 1):
            np.testing.assert_allclose(mine[mine_label == one].mean(axis=0), x[label == one].mean(axis=0), atol=0.03)
            np.testing.assert_allclose(np.cov(mine[mine_label == one].T), np.cov(x[label == one].T), atol=0.02)


def test_circle_is_many_gaussians():
    angles = 2 * np.pi * np.arange(2000) / 2000
    x = np.array([[0.0, 0.0], [0.3, 0.4], [-1.2, 0.1], [0.0, 5.0]])
    centres = 1.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    many = [np.log(multivariate_normal(point, 0.2**2).pdf(centres).mean()) for point in x]
    np.testing.assert_allclose(Circles((1.5,), 0.2).log_prob(x), many, rtol=1e-9)


def test_moons_and_spirals_by_another_quadrature():
    def moons(u, x, y):
        upper = (x - np.cos(np.pi * u)) ** 2 + (y - np.sin(np.pi * u)) ** 2
        lower = (x - 1 + np.cos(np.pi * u)) ** 2 + (y - 0.5 + np.sin(np.pi * u)) ** 2
        return (np.exp(-200 * upper) + np.exp(-200 * lower)) / 2 * 200 / np.pi  # 200 = 1 / (2 sd^2)

    def two_spirals(u, x, y):
        t = 3 * np.pi * np.sqrt(u)

        def box(d):
            return 6 * (ndtr(d / 0.1) - ndtr((d - 1 / 6) / 0.1))

        one = box(x + t * np.cos(t) / 3) * box(y - t * np.sin(t) / 3)
        return (one + box(-x + t * np.cos(t) / 3) * box(-y - t * np.sin(t) / 3)) / 2

    for density in (moons, two_spirals):
        true = distribution(density.__name__)
        x = true.sample(4, np.random.RandomState(0))[0].astype("float64")
        theirs = [quad(density, 0, 1, tuple(point), epsabs=1e-7, limit=200)[0] for point in x]
        np.testing.assert_allclose(true.log_prob(x), np.log(theirs), atol=1e-6)


def test_two_bumps_are_numbers_of_a_known_density():
    true, random = distribution("two_bumps"), np.random.RandomState(0)
    x, label = true.sample(20_000, random)
    assert x.dtype == "float32" and x.shape == (20_000, 1) and set(PLANES) | {"two_bumps"} == set(DISTRIBUTIONS)
    places = np.linspace(-6, 8, 1401)
    density = np.exp(true.log_prob(places[:, None]))
    below = np.cumsum(density) * 0.01
    assert below[-1] == pytest.approx(1, abs=1e-6)
    for place in (200, 450, 600, 700, 800):
        assert (x < places[place] + 0.005).mean() == pytest.approx(below[place], abs=0.01)
    assert [x[label == one].mean() for one in (0, 1)] == pytest.approx([-1.5, 1.5], abs=0.03)
    assert np.isfinite(true.log_prob([[40.0]])).all()


@pytest.mark.parametrize("name", ["two_clouds", "two_bumps"])
def test_weighted_gaussians_are_those_of_scipy(name):
    true = distribution(name)
    x = np.random.default_rng(0).normal(size=(20, true.means.shape[1]))
    parts = zip(true.weights, true.means, true.covariances, strict=True)
    density = sum(weight * multivariate_normal(mean, covariance).pdf(x) for weight, mean, covariance in parts)
    np.testing.assert_allclose(true.log_prob(x), np.log(density), rtol=1e-9)


def test_far_from_the_data_densities_are_still_finite():
    for name in set(PLANES) - {"checkerboard", "pinwheel"}:
        assert np.isfinite(distribution(name).log_prob([[9.0, -7.0], [-20.0, 3.0]])).all(), name
    assert np.isfinite(distribution("pinwheel").log_prob([[2.3, -2.3], [-3.2, 0.5], [0.0, 3.3]])).all()
    np.testing.assert_array_equal(
        distribution("checkerboard").log_prob([[0.1, 0.1], [0.1, -0.1], [2, 2], [4, 4], [4.1, 4.1]]),
        [-np.log(32), -np.inf, -np.log(32), -np.log(32), -np.inf],
    )


def test_labels_are_the_components():
    random = np.random.RandomState(0)
    x, label = distribution("rings").sample(1000, random)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 3 - 0.75 * label, atol=0.4)
    x, label = distribution("checkerboard").sample(1000, random)
    assert len({(square, *np.floor(point / 2)) for square, point in zip(label, x, strict=True)}) == 8
    x, label = distribution("two_spirals").sample(20_000, random)
    t = np.linspace(0, 3 * np.pi, 2000)
    spiral = np.stack([-t * np.cos(t), t * np.sin(t)], axis=1) / 3 + 1 / 12
    nearest = [np.linalg.norm(x[:500, None] - sign * spiral, axis=2).min(axis=1) for sign in (1, -1)]
    assert (np.argmin(nearest, axis=0) == label[:500]).mean() > 0.97
    x, label = distribution("pinwheel").sample(20_000, random)
    turns = np.exp(-2j * np.pi * label / 5) * (x[:, 0] + 1j * x[:, 1])
    means = [turns[label == arm].mean() for arm in range(5)]
    np.testing.assert_allclose(means, np.mean(turns), atol=0.03)
    assert abs(np.mean(turns)) > 0.8


@pytest.mark.parametrize(("name", "features"), [("two_spirals", 2), ("two_bumps", 1)])
def test_a_curve_is_loaded_by_its_name(tmp_path, monkeypatch, name, features):
    monkeypatch.setattr("keraszoo.data.datasets.points.SIZES", {"train": 50, "test": 20})
    offline.BUILDERS["points"](config=name, data_dir=tmp_path).download_and_prepare()
    source = load(f"points/{name}", data_dir=tmp_path)
    assert source.sizes == {"train": 50, "test": 20} and source.shapes == {"x": (features,), "label": ()}
    assert source.num_classes == 2
    assert np.isfinite(known_density(f"points/{name}").log_prob(source.array("train"))).all()


def test_stacked_digits_are_three_digits_and_their_number():
    digits = load("digits")
    stacked = stack_digits("stacked", digits)
    assert stacked.sizes == digits.sizes and stacked.num_classes == 1000
    assert stacked.shapes == {"image": (8, 8, 3), "label": ()}
    for split in digits.splits:
        label_of = dict(zip(map(bytes, digits.array(split)), digits.array(split, "label"), strict=True))
        images, labels = stacked.array(split), stacked.array(split, "label")
        for channel, place in enumerate((100, 10, 1)):
            own = [bytes(np.ascontiguousarray(image[..., channel])) for image in images]
            assert [label_of[image] for image in own] == (labels // place % 10).tolist()
            assert sorted(own) == sorted(map(bytes, digits.array(split)))
    assert len(np.unique(stacked.array("train", "label"))) > 700
    assert stack_digits("stacked", digits).fingerprint() == stacked.fingerprint()


def test_stacked_mnist_needs_mnist(tmp_path):
    with pytest.raises(InputError, match="The dataset mnist is not prepared"):
        load("stacked_mnist", data_dir=tmp_path)
    with pytest.raises(InputError, match="supervised_keys"):
        load("stacked_mnist", supervised_keys=("image", "label"))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_stacked_mnist_has_a_thousand_modes():
    try:
        source = load("stacked_mnist")
    except InputError as error:
        pytest.skip(str(error))
    assert source.sizes == {"train": 60_000, "test": 10_000} and source.shapes["image"] == (28, 28, 3)
    assert len(np.unique(source.array("train", "label"))) == 1000
