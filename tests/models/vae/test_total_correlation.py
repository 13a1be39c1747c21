"""Penalties on the whole code: total correlation, covariance, discrepancy; exact values, estimates and replicas."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp

from keraszoo.core.errors import InputError
from keraszoo.core.replicas import global_rows, part_of_batch
from keraszoo.losses import (
    aggregate_log_weights,
    code_covariance,
    identity_penalty,
    maximum_mean_discrepancy,
    total_correlation,
)

# ---------------------------------------------------------------------- total correlation


def log_normal(z, mean, log_var):
    """[rows, batch, d], one by one."""
    return -0.5 * ((z[:, None] - mean) ** 2 / np.exp(log_var) + log_var + np.log(2 * np.pi))


def posteriors(count, d=2, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=[count, d]), random.uniform(-2, 0, size=[count, d])


def ratios(estimator, batch=8, size=30, repetitions=4000):
    """The mean of q_hat(z) / q(z) in each of many batches, z from each of its posteriors."""
    random = np.random.default_rng(1)
    mean, log_var = posteriors(size)
    weights = np.exp(aggregate_log_weights(batch, batch, size, estimator=estimator))
    found = np.empty(repetitions)
    for repetition in range(repetitions):
        rows = random.permutation(size)[:batch]
        z = mean[rows] + np.exp(0.5 * log_var[rows]) * random.normal(size=[batch, 2])
        density = np.exp(log_normal(z, mean, log_var).sum(axis=2))
        found[repetition] = np.mean((weights * density[:, rows]).sum(axis=1) / density.mean(axis=1))
    return found


def test_the_stratified_estimate_of_the_density_is_right_on_average():
    found = ratios("stratified")
    error = found.std() / np.sqrt(len(found))
    assert error < 0.02 and abs(found.mean() - 1) < 3 * error
    weighted = ratios("weighted")  # 1 / (size batch) weighs all others less
    assert weighted.mean() < 0.2


def test_stratified_weights_are_those_of_the_paper():
    batch, size = 5, 100
    weights = np.exp(aggregate_log_weights(batch, batch, size))
    m = batch - 1
    np.testing.assert_allclose(np.diag(weights), 1 / size, rtol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(
        np.sort(weights, axis=1), np.tile([1 / size, (size - m) / (size * m), *[1 / m] * 3], [batch, 1]), rtol=1e-5
    )
    np.testing.assert_allclose(np.exp(aggregate_log_weights(2, 2, size)), [[0.01, 0.99], [0.99, 0.01]], rtol=1e-5)
    part = np.exp(aggregate_log_weights(2, batch, size, first=3))  # the rows of one replica
    np.testing.assert_array_equal(part, weights[3:])
    np.testing.assert_allclose(np.exp(aggregate_log_weights(3, 3, 50, estimator="weighted")), 1 / 150, rtol=1e-5)


@pytest.mark.parametrize("estimator", ["stratified", "weighted"])
def test_terms_are_the_formula(estimator):
    mean, log_var = posteriors(6, d=3)
    z = np.random.default_rng(2).normal(size=[6, 3])
    log_q = log_normal(z, mean, log_var)
    weights = aggregate_log_weights(6, 6, 40, estimator=estimator).numpy()
    together = logsumexp(weights + log_q.sum(axis=2), axis=1)
    apart = sum(logsumexp(weights + log_q[:, :, unit], axis=1) for unit in range(3))
    np.testing.assert_allclose(
        total_correlation(z, mean, log_var, 40, estimator=estimator), together - apart, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("correlation", [0.0, 0.5, -0.9])
def test_total_correlation_of_a_gaussian_is_known(correlation):
    size, batch, variance = 50_000, 2000, 0.09  # of each posterior; that of the code is 1
    random = np.random.default_rng(0)
    spread = np.array([[1 - variance, correlation], [correlation, 1 - variance]])
    mean = random.multivariate_normal([0, 0], spread, size=batch)
    z = mean + np.sqrt(variance) * random.normal(size=mean.shape)
    found = total_correlation(z, mean, np.full(mean.shape, np.log(variance)), size).numpy()
    error = found.std() / np.sqrt(batch)
    assert found.mean() == pytest.approx(-0.5 * np.log(1 - correlation**2), abs=3 * error + 0.02)


def test_posteriors_that_are_the_prior_have_no_total_correlation():
    z = np.random.default_rng(0).normal(size=[16, 5])
    found = total_correlation(z, np.zeros([16, 5]), np.zeros([16, 5]), 1000)
    np.testing.assert_allclose(found, 0.0, atol=1e-4)


def test_what_cannot_be_estimated_is_refused():
    z = tf.zeros([4, 2])
    with pytest.raises(InputError, match="Unknown estimator. Received: 'stratifed'. Closest: stratified"):
        total_correlation(z, z, z, 10, estimator="stratifed")
    with pytest.raises(InputError, match="part of the training examples. Received: 4 of size=3"):
        total_correlation(z, z, z, 3)


# ---------------------------------------------------------------------- covariance


def test_covariance_is_that_of_numpy():
    mean, log_var = posteriors(50, d=4)
    expected = np.cov(mean.T, ddof=0)
    np.testing.assert_allclose(code_covariance(mean), expected, atol=1e-5)
    whole = expected + np.diag(np.exp(log_var).mean(axis=0))  # the law of total variance
    np.testing.assert_allclose(code_covariance(mean, log_var), whole, atol=1e-5)
    np.testing.assert_allclose(code_covariance(mean + 1000.0), expected, atol=1e-3)


def test_identity_has_no_penalty():
    assert float(identity_penalty(tf.eye(5), 3.0, 7.0)) == 0.0
    covariance = tf.constant([[1.0, 0.5, 0.0], [0.5, 2.0, 0.0], [0.0, 0.0, 0.0]])
    assert float(identity_penalty(covariance, 1.0, 0.0)) == 0.5
    assert float(identity_penalty(covariance, 0.0, 1.0)) == 2.0
    whitened = np.linalg.qr(np.random.default_rng(0).normal(size=[40, 3]) - 0.0)[0]
    whitened = np.linalg.qr(whitened - whitened.mean(axis=0))[0] * np.sqrt(40)
    assert float(identity_penalty(code_covariance(whitened), 1.0, 10.0)) == pytest.approx(0.0, abs=1e-8)


# ---------------------------------------------------------------------- discrepancy


def gaussian_discrepancy(shift, d, scale):
    """MMD^2 between N(shift, I) and N(0, I) under exp(-|x - y|^2 / scale): Gaussian integrals."""
    return 2 * (scale / (scale + 4)) ** (d / 2) * (1 - np.exp(-np.sum(np.square(shift)) / (scale + 4)))


@pytest.mark.parametrize("shift", [[0.0, 0.0, 0.0], [1.0, -0.5, 0.0]])
@pytest.mark.parametrize("scale", [None, 1.5])
def test_discrepancy_of_gaussians_is_known(shift, scale):
    random = np.random.default_rng(0)
    found = [
        float(maximum_mean_discrepancy(random.normal(size=[200, 3]) + shift, random.normal(size=[150, 3]), scale=scale))
        for _ in range(60)
    ]
    expected = gaussian_discrepancy(shift, 3, scale or 6.0)
    assert np.mean(found) == pytest.approx(expected, abs=3 * np.std(found) / np.sqrt(60))
    assert np.std(found) < 0.03


def test_discrepancy_by_hand():
    x, y = tf.constant([[0.0], [2.0]]), tf.constant([[1.0], [1.0], [4.0]])
    found = maximum_mean_discrepancy(x, y, kernel="inverse_multiquadratic", scale=2.0)
    within_x, within_y = 2 / 6, (1 + 2 * 2 / 11) / 3
    between = (2 / 3 + 2 / 3 + 2 / 18 + 2 / 3 + 2 / 3 + 2 / 6) / 6
    assert float(found) == pytest.approx(within_x + within_y - 2 * between, rel=1e-5)


@pytest.mark.parametrize("kernel", ["gaussian", "inverse_multiquadratic"])
def test_lowering_the_discrepancy_moves_codes_to_the_prior(kernel):
    codes, draws = tf.Variable(tf.random.normal([64, 2], 2.0, seed=0)), tf.random.normal([64, 2], seed=1)
    before = maximum_mean_discrepancy(codes, draws, kernel)
    for _ in range(50):
        with tf.GradientTape() as tape:
            value = maximum_mean_discrepancy(codes, draws, kernel)
        codes.assign_sub(20.0 * tape.gradient(value, codes))
    assert float(value) < 0.2 * float(before)


def test_unknown_kernels_are_refused():
    with pytest.raises(InputError, match="Unknown kernel. Received: 'gausian'. Closest: gaussian"):
        maximum_mean_discrepancy(tf.zeros([2, 1]), tf.zeros([2, 1]), "gausian")
    with pytest.raises(InputError, match="must be > 0. Received: scale=0"):
        maximum_mean_discrepancy(tf.zeros([2, 1]), tf.zeros([2, 1]), scale=0)


# ---------------------------------------------------------------------- several replicas


def whole_batch_loss(weight, z, mean, log_var, draws, gathered):
    """This replica's share of the mean of each term over a batch of 5, whose posteriors it learns to scale."""
    mean = mean * weight
    means, first = gathered(mean)
    terms = total_correlation(z, means, gathered(log_var)[0], 20, first=first)
    alike = identity_penalty(code_covariance(mean, log_var), 2.0, 5.0) + maximum_mean_discrepancy(means, draws)
    return terms, alike


@pytest.mark.parametrize("parts", [(3, 2), (5, 0)])
@pytest.mark.by_default("parts1")
def test_two_replicas_have_the_terms_and_gradients_of_one(mirrored, parts):
    random = np.random.default_rng(0)
    z, mean, log_var = random.normal(size=[3, 5, 2]).astype("float32")
    draws = random.normal(size=[7, 2]).astype("float32")
    weight = tf.constant(0.7)
    with tf.GradientTape() as tape:
        tape.watch(weight)
        terms, alike = whole_batch_loss(weight, z, mean, log_var, draws, lambda values: (values, 0))
        loss = tf.reduce_mean(terms) + alike
    expected = tape.gradient(loss, weight)

    def part(array, replica):
        own = array[: parts[0]] if replica == 0 else array[parts[0] :]
        return tf.constant(own if len(own) else np.zeros([1, *array.shape[1:]], "float32"))  # stands in for nothing

    def values_of(array):
        return mirrored.experimental_distribute_values_from_function(
            lambda context: part(array, context.replica_id_in_sync_group)
        )

    present = mirrored.experimental_distribute_values_from_function(
        lambda context: tf.constant(float(parts[context.replica_id_in_sync_group] > 0))
    )

    @tf.function
    def step(z, mean, log_var, present):
        weights = tf.fill(tf.shape(z)[:1], present)
        with part_of_batch(weights, present), tf.GradientTape() as tape:
            tape.watch(weight)
            terms, alike = whole_batch_loss(weight, z, mean, log_var, draws, global_rows)
            share = tf.reduce_sum(terms * weights) / 5 + alike / 2
        gradient = tf.distribute.get_replica_context().all_reduce("sum", tape.gradient(share, weight))
        return terms[: tf.cast(tf.reduce_sum(weights), tf.int32)], alike, gradient

    arguments = [values_of(array) for array in (z, mean, log_var)]
    found, together, gradients = mirrored.run(step, [*arguments, present])
    found = np.concatenate([values.numpy() for values in mirrored.experimental_local_results(found)])
    np.testing.assert_allclose(found, terms, rtol=1e-4, atol=1e-5)
    for value in mirrored.experimental_local_results(together):
        assert float(value) == pytest.approx(float(alike), rel=1e-4)
    for gradient in mirrored.experimental_local_results(gradients):
        assert float(gradient) == pytest.approx(float(expected), rel=1e-4)


def test_on_one_replica_the_rows_are_its_own():
    rows, first = global_rows(tf.ones([3, 2]))
    assert rows.shape == (3, 2) and int(first) == 0
