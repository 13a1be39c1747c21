"""Calibration of posteriors, on a model whose posterior is known."""

import keras
import numpy as np
import pytest

from keraszoo.analysis import calibration_ranks, expected_coverage, posterior_calibration, rank_p_values
from keraszoo.core.errors import InputError
from keraszoo.models import MAF

MIXING = np.array([[1.0, 0.5], [-0.3, 0.8], [0.2, 0.2]])
NOISE = 0.5


def simulated(count, seed=0):
    """Parameters from N(0, I), and what a linear simulator with Gaussian noise makes of them."""
    random = np.random.default_rng(seed)
    parameters = random.normal(size=(count, 2))
    observed = parameters @ MIXING.T + NOISE * random.normal(size=(count, 3))
    return parameters.astype("float32"), observed.astype("float32")


class Posterior:
    """The posterior of that simulator, its standard deviations times `width` and its means moved by `shift`."""

    def __init__(self, width=1.0, shift=0.0):
        covariance = np.linalg.inv(np.eye(2) + MIXING.T @ MIXING / NOISE**2)
        self.gain, self.shift = covariance @ MIXING.T / NOISE**2, shift
        self.factor = width * np.linalg.cholesky(covariance)

    def sample(self, count, seed, context):
        noise = np.random.default_rng(seed).normal(size=(count, 2))
        return context @ self.gain.T + self.shift + noise @ self.factor.T

    def log_prob(self, x, context):
        z = np.linalg.solve(self.factor, (x - context @ self.gain.T - self.shift).T)
        return -0.5 * (z**2).sum(axis=0)


def test_of_the_true_posterior_ranks_are_uniform_and_regions_cover_their_share():
    parameters, observed = simulated(2000)
    ranks = calibration_ranks(Posterior(), parameters, observed)
    assert ranks.shape == (2000, 2) and rank_p_values(ranks, 99).min() > 0.01
    np.testing.assert_allclose(expected_coverage(Posterior(), parameters, observed), [0.5, 0.8, 0.95], atol=0.03)


@pytest.mark.parametrize("wrong", [{"width": 0.7}, {"width": 1.5}, {"shift": 0.2}], ids=str)
def test_of_a_wrong_posterior_they_are_not(wrong):
    parameters, observed = simulated(2000)
    ranks = calibration_ranks(Posterior(**wrong), parameters, observed)
    assert rank_p_values(ranks, 99).max() < 1e-4
    if wrong.get("width", 1.0) < 1.0:
        assert (expected_coverage(Posterior(**wrong), parameters, observed) < [0.42, 0.68, 0.85]).all()
        assert np.bincount(ranks[:, 0] // 10)[[0, -1]].min() > 250  # high at both ends


def test_posteriors_are_drawn_from_in_parts(monkeypatch):
    parameters, observed = simulated(50)
    monkeypatch.setattr(posterior_calibration, "VALUES", 7 * 99 * 5)
    assert calibration_ranks(Posterior(), parameters, observed).shape == (50, 2)
    asked = []
    posterior = Posterior()
    monkeypatch.setattr(posterior, "sample", lambda count, **kwargs: asked.append(count) or np.zeros([count, 2]))
    calibration_ranks(posterior, parameters, observed)
    assert asked == [7 * 99] * 7 + [99]


class OfImages(Posterior):
    """The same posterior, of observations that are the first row of an image."""

    def sample(self, count, seed, context):
        return super().sample(count, seed, context[:, 0, :, 0])

    def log_prob(self, x, context):
        return super().log_prob(x, context[:, 0, :, 0])


def test_contexts_have_any_shape(monkeypatch):
    parameters, observed = simulated(50)
    images = np.stack([observed, 0 * observed], axis=1)[..., None]  # [50, 2, 3, 1]
    np.testing.assert_array_equal(
        calibration_ranks(OfImages(), parameters, images), calibration_ranks(Posterior(), parameters, observed)
    )
    np.testing.assert_array_equal(
        expected_coverage(OfImages(), parameters, images), expected_coverage(Posterior(), parameters, observed)
    )
    asked, posterior = [], OfImages()
    monkeypatch.setattr(posterior_calibration, "VALUES", 7 * 99 * (2 + 6))
    monkeypatch.setattr(posterior, "sample", lambda count, **kwargs: asked.append(count) or np.zeros([count, 2]))
    calibration_ranks(posterior, parameters, images)
    assert asked == [7 * 99] * 7 + [99]  # an image counts with all of its values


def test_contexts_are_what_the_flow_takes():
    parameters = np.zeros([5, 2])
    of_sets = keras.Sequential([keras.Input((None, 3)), keras.layers.Dense(4), keras.layers.GlobalAveragePooling1D()])
    for options, contexts in (
        ({"context_network": of_sets}, np.zeros([5, 7, 3])),
        ({"context_dim": 3}, np.zeros([5, 3], int)),
        ({"context_dim": 3}, np.zeros([5, 3]).tolist()),
        ({"num_classes": 3}, np.arange(5) % 3),
        ({"num_classes": 3}, [0, 1, 2, 0, 1]),
    ):
        flow = MAF((2,), transforms=1, hidden=(4,), **options)
        assert calibration_ranks(flow, parameters, contexts, draws=3).shape == (5, 2)
        assert expected_coverage(flow, parameters, contexts, draws=3).shape == (3,)


def test_what_is_no_pair_is_refused():
    with pytest.raises(InputError, match="finite parameters"):
        calibration_ranks(Posterior(), np.full([5, 2], np.nan), np.zeros([5, 3]))
    with pytest.raises(InputError, match="as many contexts"):
        calibration_ranks(Posterior(), np.zeros([5, 2]), np.float32(3.0))
    with pytest.raises(InputError, match="as many contexts"):
        calibration_ranks(Posterior(), np.zeros([5, 2]), np.zeros([4, 3]))
    with pytest.raises(InputError, match="between 0 and 1"):
        expected_coverage(Posterior(), *simulated(5), levels=(95,))
    with pytest.raises(InputError, match="2 to 10 bins"):
        rank_p_values(np.zeros([5, 1]), draws=9, bins=20)


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1, 1000])
def test_a_flow_learns_the_posterior_from_contexts_of_any_scale(scale):
    parameters, observed = simulated(20000)
    keras.utils.set_random_seed(0)
    flow = MAF((2,), transforms=2, hidden=(32,), context_dim=3)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, 1600)
    flow.compile(keras.optimizers.Adam(rate), steps_per_execution=64)
    flow.fit(parameters, scale * observed, batch_size=250, epochs=20, verbose=0)
    tested, seen = simulated(2000, seed=1)
    p_values = rank_p_values(calibration_ranks(flow, tested, scale * seen), 99)
    coverage = expected_coverage(flow, tested, scale * seen)
    assert p_values.min() > 0.01 and np.abs(coverage - [0.5, 0.8, 0.95]).max() < 0.03, (p_values, coverage)
