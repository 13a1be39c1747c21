"""Data whose distribution is known: mixtures in the plane, and stacked digits."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from keraszoo.data import load, offline
from keraszoo.data.points import MIXTURES, known_mixture, mixture
from keraszoo.data.stacked_mnist import stack_digits
from keraszoo.errors import InputError
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
    monkeypatch.setattr("keraszoo.data.points.SIZES", {"train": 30, "test": 20})
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
    with pytest.raises(InputError, match="Closest: gaussians8"):
        mixture("gaussian8")
    with pytest.raises(InputError, match="no configuration 'gaussians9'.*Closest: gaussians8"):
        load("points/gaussians9")


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
