"""Mixtures of Gaussians beside scikit-learn's, from the same start."""

import warnings

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as ScikitLearnMixture

from keraszoo.core.errors import InputError
from keraszoo.models import GaussianMixture
from keraszoo.models.density.gaussian_mixture import COVARIANCES


def clouds(rows=240, size=3, seed=0):
    random = np.random.default_rng(seed)
    mixed = random.normal(size=(rows, size)) @ np.triu(random.normal(size=(size, size)))
    return mixed + 4.0 * random.integers(0, 3, rows)[:, None]


def far_away():
    return clouds() + 1e6


def duplicates():
    return np.repeat(clouds(40), 6, axis=0)


def few():
    return clouds(6, 8)


DATA = {"clouds": clouds, "far_away": far_away, "duplicates": duplicates, "few": few}


def arrays(mixture):
    return [np.asarray(part) for part in (mixture.mixing_weights(), mixture.means.value, mixture.covariances())]


def like(mixture, iterations, offset):
    """scikit-learn's mixture, of data less the offset, with the parameters of ours and so many iterations to do."""
    weights, means, covariances = arrays(mixture)
    precisions = np.linalg.inv(covariances)
    precisions = {
        "full": precisions,
        "tied": precisions[0],
        "diag": np.diagonal(precisions, axis1=1, axis2=2),
        "spherical": precisions[:, 0, 0],
    }[mixture.covariance]
    return ScikitLearnMixture(
        mixture.components, covariance_type=mixture.covariance, reg_covar=mixture.reg_covar, max_iter=iterations, tol=0,
        weights_init=weights / weights.sum(), means_init=means - offset, precisions_init=precisions,
    )  # fmt: skip


def fitted(x, epochs=8, **options):
    mixture = GaussianMixture(x.shape[1:], options.pop("components", 3), dtype="float64", **options)
    mixture.adapt(x)
    mixture.compile()
    theirs = like(mixture, epochs, x.mean(axis=0))
    history = mixture.fit(x, epochs=epochs, batch_size=100, verbose=0).history["loss"]
    return mixture, theirs, history


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize("data", DATA)
@pytest.mark.by_default("clouds-full", "far_away-tied", "duplicates-diag", "few-spherical")
def test_it_learns_what_scikit_learn_learns(data, covariance):
    """Of data less their mean: scikit-learn's sums of squares lose digits far from 0, up to 6e-3 nats at 1e6."""
    x = DATA[data]()
    mixture, theirs, history = fitted(x, covariance=covariance, reg_covar=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs.fit(x - x.mean(axis=0))
    assert np.mean(mixture.log_prob(x)) == pytest.approx(theirs.score(x - x.mean(axis=0)), abs=1e-6)
    assert np.diff(history).max() <= 1e-6  # EM never falls
    assert mixture.bic(x) == pytest.approx(theirs.bic(x - x.mean(axis=0)), abs=1e-3)
    assert mixture.aic(x) == pytest.approx(theirs.aic(x - x.mean(axis=0)), abs=1e-3)


def test_a_component_without_examples_keeps_still():
    x = clouds()
    mixture = GaussianMixture((3,), 3, dtype="float64")
    start = np.array([[0.0, 0.0, 0.0], [4.0, 4.0, 4.0], [1e4, 1e4, 1e4]])
    mixture.assign([1.0, 1.0, 1.0], start, np.eye(3))
    mixture.compile()
    theirs = like(mixture, 5, 0.0)
    mixture.fit(x, epochs=5, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs.fit(x)
    np.testing.assert_array_equal(mixture.means.numpy()[2], start[2])
    assert float(mixture.mixing_weights()[2]) < 1e-12
    assert np.mean(mixture.log_prob(x)) == pytest.approx(theirs.score(x), abs=1e-6)


def test_float32_keeps_its_digits_far_from_zero():
    """Data of standard deviation 1e3 around 1e6, of which 32 bits hold four digits."""
    x = (1e3 * clouds() + 1e6).astype("float32")
    mixture = GaussianMixture((3,), 3)
    mixture.compile()
    mixture.fit(x, epochs=8, verbose=0)
    mixture64, *_ = fitted(x.astype("float64"))
    assert np.mean(mixture.log_prob(x)) == pytest.approx(np.mean(mixture64.log_prob(x)), abs=1e-3)


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.by_default("full", "spherical")
def test_its_density_is_the_sum_of_scipys(covariance):
    x = clouds()
    mixture, *_ = fitted(x, covariance=covariance)
    parts = zip(*arrays(mixture), strict=True)
    of_each = np.stack([w * stats.multivariate_normal(m, c).pdf(x) for w, m, c in parts], axis=1)
    np.testing.assert_allclose(mixture.log_prob(x), np.log(of_each.sum(axis=1)), atol=1e-9)
    np.testing.assert_allclose(
        mixture.responsibilities(x), of_each / of_each.sum(axis=1, keepdims=True), rtol=1e-7, atol=1e-12
    )


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.by_default("full", "spherical")
def test_samples_have_its_moments(covariance):
    mixture, *_ = fitted(clouds(), covariance=covariance)
    weights, means, covariances = arrays(mixture)
    mean = weights @ means
    covariance = np.einsum("k,kab->ab", weights, covariances + means[:, :, None] * means[:, None]) - np.outer(
        mean, mean
    )
    samples = np.asarray(mixture.sample(200_000, seed=1))
    error = 5 * np.sqrt(np.diag(covariance) / 200_000)
    assert (np.abs(samples.mean(axis=0) - mean) < error).all()
    np.testing.assert_allclose(np.cov(samples.T), covariance, rtol=0.05, atol=0.05)


@pytest.mark.slow
def test_minibatch_em_comes_close_to_em():
    x = clouds(2000)
    parts = GaussianMixture((3,), 3, dtype="float64", learning="minibatch_em")
    parts.adapt(x)
    start = np.mean(parts.log_prob(x))
    parts.compile()
    parts.fit(x, epochs=10, batch_size=100, verbose=0)
    em, *_ = fitted(x, epochs=10)
    reached = np.mean(em.log_prob(x))
    assert start < np.mean(parts.log_prob(x)) <= reached + 1e-3
    assert np.mean(parts.log_prob(x)) == pytest.approx(reached, abs=0.05)


@pytest.mark.slow
def test_gradients_come_close_to_em():
    x = clouds(1000)
    mixture = GaussianMixture((3,), 3, learning="gradient")
    mixture.compile("adam")
    mixture.optimizer.learning_rate = 0.03
    mixture.fit(x.astype("float32"), epochs=10, batch_size=100, verbose=0)
    em, *_ = fitted(x, epochs=20)
    assert np.mean(mixture.log_prob(x.astype("float32"))) == pytest.approx(np.mean(em.log_prob(x)), abs=0.2)


@pytest.mark.slow
def test_two_replicas_learn_what_one_learns(mirrored):
    x = clouds().astype("float32")
    alone = GaussianMixture((3,), 3)
    alone.compile()
    alone.fit(x, epochs=3, batch_size=101, verbose=0)  # the last batch is one that replicas cannot share evenly
    with mirrored.scope():
        shared = GaussianMixture((3,), 3)
        shared.compile()
    shared.fit(x, epochs=3, batch_size=101, verbose=0)
    for one, two in zip(alone.get_weights(), shared.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-4)


def test_weights_of_examples_count_them():
    x = clouds()
    weights = np.random.default_rng(1).integers(0, 4, len(x))
    weighted, repeated = (GaussianMixture((3,), 2, dtype="float64") for _ in range(2))
    for mixture, data, sample_weight in ((weighted, x, weights), (repeated, np.repeat(x, weights, axis=0), None)):
        mixture.assign([0.5, 0.5], [[0.0] * 3, [5.0] * 3], 4 * np.eye(3))
        mixture.compile()
        mixture.fit(data, epochs=4, sample_weight=sample_weight, verbose=0)
    for one, two in zip(arrays(weighted), arrays(repeated), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6)


def test_the_start_looks_at_weights():
    """Rows that count nothing, far away, do not draw a mean; two starts at multiples of the weights are one."""
    x = np.concatenate([clouds(), np.full([40, 3], 1000.0)])
    weights = np.where(np.arange(len(x)) < len(x) - 40, 0.25, 0.0)
    weighted, without = (GaussianMixture((3,), 2, dtype="float64") for _ in range(2))
    weighted.adapt(x, sample_weight=weights)
    without.adapt(clouds())
    for one, two in zip(arrays(weighted), arrays(without), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-9)


@pytest.mark.slow
def test_more_starts_are_no_worse():
    """Twelve clouds in the plane, which one start of k-means rarely finds."""
    random = np.random.default_rng(2)
    x = random.normal(size=(600, 2)) * 0.2 + 3 * np.stack(np.divmod(random.integers(0, 12, 600), 4), axis=1)
    reached = []
    for n_init in (1, 5):
        mixture, *_ = fitted(x, epochs=20, components=12, n_init=n_init)
        reached.append(np.mean(mixture.log_prob(x)))
    assert reached[1] >= reached[0] - 1e-3


def test_marginal_and_conditional_make_the_joint():
    mixture, *_ = fitted(clouds())
    x = clouds(20, seed=3)
    joint = np.asarray(mixture.log_prob(x))
    marginal = np.asarray(mixture.marginal([2]).log_prob(x[:, 2:]))
    given = np.array([float(mixture.conditional([2], [row[2]]).log_prob(row[None, :2])[0]) for row in x])
    np.testing.assert_allclose(joint, marginal + given, atol=1e-6)


def test_a_second_fit_goes_on():
    x = clouds()
    once, *_ = fitted(x, epochs=6)
    twice, *_ = fitted(x, epochs=3)
    twice.fit(x, epochs=3, batch_size=100, verbose=0)
    for one, two in zip(arrays(once), arrays(twice), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-9)


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: GaussianMixture((2,), covariance="diagonal"), "Closest: diag"),
        (lambda: GaussianMixture((2,), learning="EM"), "Known: em"),
        (lambda: GaussianMixture((2,), components=0), "integers >= 1"),
        (lambda: GaussianMixture((2,), seed=-1), "seed must be an integer >= 0"),
        (lambda: GaussianMixture((2,), reg_covar=-1.0), "reg_covar must be a number >= 0"),
        (lambda: GaussianMixture((2,), 5).adapt(np.zeros((4, 2), "float32")), "no more components than examples"),
        (lambda: GaussianMixture((2,), 1).assign([0.0], [[0.0, 0.0]], np.eye(2)), "weights > 0"),
        (lambda: GaussianMixture((2,), 1).assign([np.inf], [[0.0, 0.0]], np.eye(2)), "finite weights"),
        (lambda: GaussianMixture((2,), 1).assign(["a"], [[0.0, 0.0]], np.eye(2)), "made of numbers"),
        (lambda: GaussianMixture((2,), 1).assign([1.0], [[np.nan, 0.0]], np.eye(2)), "finite means"),
        (lambda: GaussianMixture((2,), 1).assign([1.0], [[0.0, 0.0]], -np.eye(2)), "positive definite"),
        (lambda: GaussianMixture((2,), 1).assign([1.0], [[0.0, 0.0]], [[1.0, 2.0], [2.0, 1.0]]), "positive definite"),
        (lambda: GaussianMixture((2,), 1).assign([1.0], [[0.0, 0.0]], [[1.0, 0.0], [0.5, 1.0]]), "symmetric"),
        (lambda: GaussianMixture((2,), 1).assign([1.0], [[0.0, 0.0]], np.eye(3)), "of shape"),
        (lambda: GaussianMixture((2,), 1, covariance="diag").assign([1.0], [[0.0, 0.0]], [[0.0, 1.0]]), "positive"),
        (lambda: GaussianMixture((2,), 1).assign([1.0], [[0.0, 0.0]], 1e39 * np.eye(2)), "finite in float32"),
        (lambda: GaussianMixture((2,), 1).adapt(1e25 * np.eye(2, dtype="float32")), "dtype='float64'"),
        (lambda: GaussianMixture((2,), 1).adapt(np.zeros((0, 2), "float32")), "Received: none"),
        (lambda: GaussianMixture((2,), 1).conditional([0, 1], [0.0, 0.0]), "Some features"),
        (lambda: GaussianMixture((2,), 1).marginal([2]), "from 0 to 1"),
    ],
)
def test_refusals_are_one_line(call, says):
    with pytest.raises(InputError, match=says) as error:
        call()
    assert "\n" not in str(error.value)


def test_served_rows_do_not_see_each_other():
    mixture, *_ = fitted(clouds())
    x = clouds(4, seed=5)
    alone = np.asarray(mixture.log_prob(x[:3]))
    x[3] = 1e30
    np.testing.assert_array_equal(tf.function(mixture.log_density)(tf.constant(x))[:3], alone)


def test_starts_are_compared_on_rows_as_often_as_they_weigh():
    tried, shares = [], np.array([0.5, 0.0, 0.25, 0.25, 1.0])

    class Watched(GaussianMixture):
        def _tried(self, rows, *start):
            tried.append(rows)
            return super()._tried(rows, *start)

    x = np.arange(40.0, dtype="float32").reshape(20, 2) ** 2
    Watched((2,), 2, n_init=2).adapt(x, sample_weight=np.tile(shares, 4))
    centred = x - x[np.tile(shares, 4) > 0].mean(axis=0)
    counts = [np.isclose(tried[0], row, atol=1e-3).all(axis=1).sum() for row in centred]
    assert sum(counts) == 16 and (np.abs(counts - 16 * np.tile(shares, 4) / 8) < 1).all()
