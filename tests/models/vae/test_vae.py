"""Laws of the variational autoencoder."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from keraszoo.core.errors import InputError
from keraszoo.distributions import Gaussian
from keraszoo.distributions.normal import DiagonalNormal
from keraszoo.models import VAE, BetaVAE

tfd = tfp.distributions


def constant_encoder(mean, log_var):
    """An encoder that answers the same mean and log-variance for every example."""
    dense = keras.layers.Dense(2 * len(mean), kernel_initializer="zeros")
    network = keras.Sequential([keras.layers.Flatten(), dense])
    network.build((None, 2, 2, 1))
    dense.bias.assign([*mean, *log_var])
    return network


@pytest.mark.parametrize("log_var", [-4.0, 0.0, 2.0])
def test_draws_have_the_standard_deviation_of_the_log_variance(log_var):
    vae = VAE((2, 2, 1), latent_dim=1, encoder=constant_encoder([0.3], [log_var]))
    q = vae.posterior(tf.zeros([50_000, 2, 2, 1]))
    sd = np.exp(0.5 * log_var)
    np.testing.assert_allclose(q.stddev(), np.full([50_000, 1], sd), rtol=1e-6)
    for z in (q.sample(seed=0), q.draw(vae.noise)[0], q.draws(tf.random.stateless_normal([50_000, 1, 1], (1, 2)))[0]):
        assert_moments(z, sd)


def assert_moments(z, sd):
    np.testing.assert_allclose(np.std(z), sd, rtol=0.02)
    np.testing.assert_allclose(np.mean(z), 0.3, atol=0.02 * sd)


@pytest.mark.parametrize("make", [VAE, functools.partial(VAE, prior="mixture"), functools.partial(VAE, prior="vamp")])
def test_the_posterior_has_the_density_of_tfp(make):
    vae = make((4, 4, 1), latent_dim=3, hidden=(8,))
    x = np.random.default_rng(0).random((6, 4, 4, 1), "float32")
    q = vae.posterior(x)
    same = tfd.MultivariateNormalDiag(q.mean(), q.stddev())
    one, many = q.sample(seed=0), q.sample(5, seed=0)
    np.testing.assert_allclose(q.log_prob(one), same.log_prob(one), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(q.log_prob(many), same.log_prob(many), rtol=1e-5, atol=1e-5)
    drawn, log_prob = q.draw(vae.noise)
    np.testing.assert_allclose(log_prob, same.log_prob(drawn), rtol=1e-5, atol=1e-5)
    drawn, log_prob = q.draws(tf.random.stateless_normal([6, 4, 3], (0, 0)))
    np.testing.assert_allclose(
        tf.transpose(log_prob), same.log_prob(tf.transpose(drawn, [1, 0, 2])), rtol=1e-5, atol=1e-5
    )
    np.testing.assert_allclose(q.variance(), same.variance(), rtol=1e-5)


def test_elbo_is_that_of_the_z_that_was_drawn(monkeypatch):
    vae = VAE((2, 2, 1), latent_dim=2, encoder=constant_encoder([0.5, -1.0], [-1.0, 0.7]), likelihood=Gaussian(0.5))
    drawn = []
    draw = DiagonalNormal.draw
    monkeypatch.setattr(DiagonalNormal, "draw", lambda *args: drawn.append(draw(*args)) or drawn[-1])
    x = np.random.default_rng(0).random((20_000, 2, 2, 1), "float32")
    terms = vae.loss_terms(x)
    ((z, log_q),) = drawn
    q = tfd.MultivariateNormalDiag([0.5, -1.0], np.exp(0.5 * np.array([-1.0, 0.7], "float32")))
    prior = tfd.MultivariateNormalDiag(tf.zeros(2), tf.ones(2))
    np.testing.assert_allclose(log_q, q.log_prob(z), rtol=1e-4, atol=1e-4)
    decoded = tf.reshape(vae.decode(z), [-1, 4])
    log_likelihood = tfd.MultivariateNormalDiag(decoded, 0.5 * tf.ones(4)).log_prob(x.reshape(-1, 4))
    np.testing.assert_allclose(terms["reconstruction"], -log_likelihood, rtol=1e-4)
    # the Monte Carlo estimate of the KL from the same draws agrees with the analytic term
    np.testing.assert_allclose(np.mean(q.log_prob(z) - prior.log_prob(z)), np.mean(terms["kl"]), atol=0.03)


def test_linear_gaussian_elbo_is_the_exact_log_density():
    """With the exact posterior the bound is tight for every z: Tipping and Bishop's probabilistic PCA."""
    random = np.random.default_rng(0)
    scale, d, k = 0.7, 6, 2
    w = np.linalg.qr(random.normal(size=(d, k)))[0] * [1.5, 0.8]  # orthogonal columns: a diagonal posterior
    b = random.normal(size=d)
    precision = w.T @ w + scale**2 * np.eye(k)
    gain = np.linalg.solve(precision, w.T)
    log_var = np.log(scale**2 / np.diag(precision))
    encoder, decoder = keras.Sequential([keras.layers.Dense(2 * k)]), keras.Sequential([keras.layers.Dense(d)])
    vae = VAE((d,), latent_dim=k, encoder=encoder, decoder=decoder, likelihood=Gaussian(scale))
    encoder.layers[0].set_weights([np.hstack([gain.T, np.zeros((d, k))]), np.concatenate([-gain @ b, log_var])])
    decoder.layers[0].set_weights([w.T, b])

    x = random.normal(size=(64, d)).astype("float32")
    # the ELBO of one draw: log p(x|z) + log p(z) - log q(z|x), whatever z is drawn
    q = vae.posterior(x)
    z = q.sample(seed=0)
    log_joint = -Gaussian(scale).negative_log_likelihood(x, vae.decode(z)) + tfd.MultivariateNormalDiag(
        tf.zeros(k), tf.ones(k)
    ).log_prob(z)
    one_draw = log_joint - tfd.MultivariateNormalDiag(q.mean(), q.stddev()).log_prob(z)
    exact = tfd.MultivariateNormalFullCovariance(b, w @ w.T + scale**2 * np.eye(d)).log_prob(x.astype("float64"))
    np.testing.assert_allclose(one_draw, exact, atol=1e-4)
    # and its expectation: the terms of the loss, averaged over draws
    elbo = -np.mean([tf.add_n(list(vae.loss_terms(x).values())) for _ in range(400)], axis=0)
    np.testing.assert_allclose(np.mean(elbo), np.mean(exact), atol=0.02)


def test_duplicating_the_batch_leaves_the_loss(same_noise):
    vae = VAE((4, 4, 1), latent_dim=2)
    vae.compile("sgd")
    x = np.random.default_rng(0).random((8, 4, 4, 1), "float32")
    once = vae.evaluate(x, verbose=0, return_dict=True)
    twice = vae.evaluate(np.concatenate([x, x]), verbose=0, return_dict=True)
    np.testing.assert_allclose([once[name] for name in once], [twice[name] for name in once], rtol=1e-5)


def test_metrics_weigh_batches_by_their_size(same_noise):
    vae = VAE((4, 4, 1), latent_dim=2)
    vae.compile("sgd")
    x = np.random.default_rng(0).random((65, 4, 4, 1), "float32")
    x[64] = 0.0  # the odd example out is alone in the last batch
    uneven = vae.evaluate(x, batch_size=64, verbose=0, return_dict=True)
    whole = vae.evaluate(x, batch_size=65, verbose=0, return_dict=True)
    np.testing.assert_allclose([uneven[name] for name in whole], [whole[name] for name in whole], rtol=1e-5)


def test_sample_weights_of_zero_remove_examples(same_noise):
    vae = VAE((4, 4, 1), latent_dim=2)
    vae.compile("sgd")
    x = np.random.default_rng(0).random((8, 4, 4, 1), "float32")
    weighted = vae.evaluate(x, sample_weight=np.r_[np.ones(5), np.zeros(3)], verbose=0)
    np.testing.assert_allclose(weighted, vae.evaluate(x[:5], verbose=0), rtol=1e-5)


def test_validation_during_fit_is_evaluation(same_noise):
    vae = VAE((4, 4, 1), latent_dim=2)
    vae.compile("adam")
    x = np.random.default_rng(0).random((40, 4, 4, 1), "float32")
    history = vae.fit(x[:30], validation_data=x[30:], verbose=0).history
    evaluated = vae.evaluate(x[30:], verbose=0, return_dict=True)
    for name, value in evaluated.items():
        np.testing.assert_allclose(history[f"val_{name}"], [value], rtol=1e-5)


def test_reconstruction_uses_the_mean_and_needs_no_noise():
    vae = VAE((4, 4, 1), latent_dim=2)
    x = np.random.default_rng(0).random((5, 4, 4, 1), "float32")
    np.testing.assert_array_equal(vae.encode(x), vae.posterior(x).mean())
    np.testing.assert_array_equal(vae.reconstruct(x), vae.reconstruct(x))
    np.testing.assert_array_equal(vae.reconstruct(x), vae.decode(vae.encode(x)))


def test_temperature_scales_the_latent_noise():
    vae = VAE((4,), latent_dim=4, decoder=keras.layers.Identity(), likelihood="gaussian")
    hot, warm = vae.sample(1000, seed=3, temperature=1.0), vae.sample(1000, seed=3, temperature=0.5)
    np.testing.assert_allclose(0.5 * hot, warm, rtol=1e-6)
    np.testing.assert_allclose(np.std(hot), 1.0, rtol=0.05)


def test_served_samples_depend_on_their_own_seed_alone():
    vae = VAE((4, 4, 1), latent_dim=3)
    method, _ = vae.serving_signatures()["sample"]
    three = method(tf.constant([4, 9, 4], tf.int64), tf.ones(3))["image"]
    one = method(tf.constant([9], tf.int64), tf.ones(1))["image"]
    np.testing.assert_array_equal(three[0], three[2])
    np.testing.assert_allclose(three[1], one[0], atol=1e-6)


def test_beta_multiplies_the_divergence_and_nothing_else(same_noise):
    vae, beta_vae = VAE((4, 4, 1), latent_dim=2), BetaVAE((4, 4, 1), latent_dim=2, beta=4.0)
    beta_vae.set_weights(vae.get_weights())
    x = np.random.default_rng(0).random((6, 4, 4, 1), "float32")
    plain, pressed = vae.loss_terms(x), beta_vae.loss_terms(x)
    np.testing.assert_allclose(pressed["kl"], 4 * plain["kl"], rtol=1e-6)
    np.testing.assert_allclose(pressed["reconstruction"], plain["reconstruction"], rtol=1e-6)
    assert BetaVAE.from_config(beta_vae.get_config()).beta == 4.0
    assert VAE.from_config(VAE((4, 4, 1), beta=4.0).get_config()).beta == 4.0
    with pytest.raises(InputError, match="beta=-1"):
        BetaVAE((4, 4, 1), beta=-1)


def test_values_that_no_bernoulli_pixel_has_are_refused():
    x = 255 * np.random.default_rng(0).random((8, 4, 4, 1), "float32")
    vae = VAE((4, 4, 1), latent_dim=2)
    vae.compile("adam")
    for method in (vae.fit, vae.evaluate):
        with pytest.raises(InputError, match="from 0 to 1. Received: x from .*gaussian takes any"):
            method(x, verbose=0)
    with pytest.raises(InputError, match="128 NaN among the values of x"):
        vae.fit(np.full_like(x, np.nan), verbose=0)
    vae = VAE((4, 4, 1), latent_dim=2, likelihood="gaussian")
    vae.compile("adam")
    vae.fit(x, verbose=0)
