"""Loss terms against published values and TensorFlow Probability."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from keraszoo.core.errors import InputError
from keraszoo.distributions import Bernoulli, Gaussian, likelihoods
from keraszoo.losses import normal_kl

tfd = tfp.distributions


@pytest.mark.parametrize(
    ("mean", "sd", "prior_mean", "prior_sd", "value"),
    [(0, 1, 0, 2, 0.3181472), (0, 1, 1, 1, 0.5), (0, 2, 0, 1, 0.8068528), (0.3, 1.7, 0.3, 1.7, 0.0)],
)
def test_normal_kl_has_the_analytic_values(mean, sd, prior_mean, prior_sd, value):
    column = lambda number: np.full([1, 1], number, "float32")  # noqa: E731
    kl = normal_kl(column(mean), column(2 * np.log(sd)), column(prior_mean), column(2 * np.log(prior_sd)))
    np.testing.assert_allclose(kl, [value], atol=1e-6)


def test_normal_kl_sums_over_the_latent_dimensions():
    mean, log_var = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    q = tfd.MultivariateNormalDiag(mean, np.exp(0.5 * log_var))
    expected = tfd.kl_divergence(q, tfd.MultivariateNormalDiag(tf.zeros(3), tf.ones(3)))
    np.testing.assert_allclose(normal_kl(mean, log_var), expected, rtol=1e-5)


def test_bernoulli_keeps_saturated_logits():
    logits = tf.constant([[30.0, -30.0, 5.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = Bernoulli().negative_log_likelihood(np.array([[0.0, 1.0, 0.0]], "float32"), logits)
    np.testing.assert_allclose(loss, [30 + 30 + np.log1p(np.exp(5))], rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(loss, logits), [[1.0, -1.0, 1 / (1 + np.exp(-5))]], rtol=1e-5)


def test_bernoulli_is_a_likelihood_of_binary_pixels():
    random = np.random.default_rng(0)
    x, logits = random.integers(0, 2, (4, 3, 3, 1)).astype("float32"), random.normal(size=(4, 3, 3, 1))
    expected = -tf.reduce_sum(tfd.Bernoulli(logits=tf.cast(logits, tf.float32)).log_prob(x), axis=[1, 2, 3])
    np.testing.assert_allclose(Bernoulli().negative_log_likelihood(x, logits), expected, rtol=1e-5)
    np.testing.assert_allclose(Bernoulli().mean(logits), 1 / (1 + np.exp(-logits)), rtol=1e-5)


@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
def test_gaussian_is_the_log_density_with_its_constant(scale):
    x, mean = np.random.default_rng(0).normal(size=(2, 4, 5)).astype("float32")
    expected = -tfd.MultivariateNormalDiag(mean, scale * np.ones(5, "float32")).log_prob(x)
    np.testing.assert_allclose(Gaussian(scale).negative_log_likelihood(x, mean), expected, rtol=1e-5)


def test_twice_the_pixels_are_twice_the_loss():
    x, output = np.random.default_rng(0).random((2, 4, 6), "float32")
    for likelihood in (Bernoulli(), Gaussian(0.5)):
        single = likelihood.negative_log_likelihood(x, output)
        double = likelihood.negative_log_likelihood(np.tile(x, 2), np.tile(output, 2))
        np.testing.assert_allclose(double, 2 * single, rtol=1e-5)


def test_likelihoods_are_found_by_name_instance_and_config():
    gaussian = Gaussian(0.25)
    assert likelihoods.get(gaussian) is gaussian
    assert isinstance(likelihoods.get("bernoulli"), Bernoulli)
    assert likelihoods.get(keras.saving.serialize_keras_object(gaussian)).scale == 0.25
    with pytest.raises(InputError, match="Closest: gaussian"):
        likelihoods.get("gausian")
    with pytest.raises(InputError, match="scale=0"):
        Gaussian(0)
