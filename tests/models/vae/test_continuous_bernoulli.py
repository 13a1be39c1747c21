"""The continuous Bernoulli: a density on [0, 1], stable where its normaliser is 0/0."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability.python import distributions as tfd

from keraszoo.distributions import ContinuousBernoulli
from keraszoo.models import VAE

LOGITS = [-60.0, -8.0, -0.61, -0.59, -1e-3, 0.0, 1e-6, 0.3, 0.61, 8.0, 60.0]


def nll(x, logit):
    return (
        ContinuousBernoulli().negative_log_likelihood(np.reshape(x, [-1, 1]), tf.fill([np.size(x), 1], logit)).numpy()
    )


@pytest.mark.parametrize("logit", LOGITS)
def test_it_integrates_to_one(logit):
    nodes, weights = np.polynomial.legendre.leggauss(100)
    density = np.exp(-nll(0.5 * (nodes + 1), logit))
    assert 0.5 * np.sum(weights * density) == pytest.approx(1.0, abs=2e-5)


@pytest.mark.parametrize("logit", LOGITS)
def test_its_mean_is_that_of_its_density(logit):
    nodes, weights = np.polynomial.legendre.leggauss(100)
    x = 0.5 * (nodes + 1)
    mean = 0.5 * np.sum(weights * x * np.exp(-nll(x, logit)))
    assert float(ContinuousBernoulli().mean(tf.constant([logit]))[0]) == pytest.approx(mean, abs=2e-5)


def test_it_is_that_of_tfp():
    x, logits = np.array([0.0, 0.2, 0.7, 1.0]), np.array([-3.0, -1.0, 2.0, 5.0], "float32")
    expected = -tfd.ContinuousBernoulli(logits=logits.astype("float64")).log_prob(x)
    found = ContinuousBernoulli().negative_log_likelihood(x[:, None], logits[:, None])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_gradient_is_the_mean_minus_the_value_everywhere():
    """As in every exponential family; a 0/0 in the branch not taken would make it NaN."""
    logits = tf.constant(LOGITS)[:, None]
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = ContinuousBernoulli().negative_log_likelihood(tf.fill([len(LOGITS), 1], 0.3), logits)
    np.testing.assert_allclose(tape.gradient(loss, logits), ContinuousBernoulli().mean(logits) - 0.3, atol=2e-5)


def test_it_is_a_likelihood_by_name():
    vae = VAE((4,), latent_dim=2, likelihood="continuous_bernoulli")
    assert isinstance(VAE.from_config(vae.get_config()).likelihood, ContinuousBernoulli)
