"""The VampPrior: the mean of the posteriors of learned pseudo-inputs."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability.python import distributions as tfd

from keraszoo.core.errors import InputError
from keraszoo.distributions import normal_log_prob
from keraszoo.models import VAE, VampVAE


def model(components=3, **options):
    """A small one whose weights are shaken, so that its components differ."""
    vae = VampVAE((4, 4, 1), latent_dim=2, hidden=(16,), prior_components=components, **options)
    random = np.random.default_rng(0)
    for weight in vae.trainable_weights:
        weight.assign_add(0.1 * random.standard_normal(weight.shape))
    return vae


def same_by_tfp(vae):
    q = vae.posterior(vae.prior.pseudo_inputs())
    components = tfd.MultivariateNormalDiag(q.mean(), q.stddev())
    return tfd.MixtureSameFamily(tfd.Categorical(logits=tf.zeros([vae.prior.components])), components)


def test_the_prior_is_the_mean_of_the_posteriors_of_the_pseudo_inputs():
    vae = model()
    z = 2 * tf.random.stateless_normal([50, 2], (0, 0))
    np.testing.assert_allclose(vae.prior.log_prob(z), same_by_tfp(vae).log_prob(z), rtol=1e-4, atol=1e-5)


def test_one_pseudo_input_gives_its_posterior():
    vae = model(components=1)
    q = vae.posterior(vae.prior.pseudo_inputs())
    z = tf.random.stateless_normal([20, 2], (0, 0))
    np.testing.assert_allclose(vae.prior.log_prob(z), normal_log_prob(z, q.mean(), q.log_var), rtol=1e-6)
    noise = (vae.sample_latent(50_000, seed=0) - q.mean()) / q.stddev()
    np.testing.assert_allclose(np.mean(noise, axis=0), 0.0, atol=0.02)
    np.testing.assert_allclose(np.var(noise, axis=0), 1.0, atol=0.03)


def test_the_prior_integrates_to_one():
    side = np.linspace(-12, 12, 400, dtype="float32")
    z = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    density = np.exp(model(components=7).prior.log_prob(z).numpy().astype("float64"))
    assert density.sum() * (side[1] - side[0]) ** 2 == pytest.approx(1.0, abs=1e-4)


def test_samples_have_the_moments_of_the_prior_and_repeat():
    vae = model()
    z, same = vae.sample_latent(100_000, seed=4).numpy(), same_by_tfp(vae)
    np.testing.assert_allclose(z.mean(axis=0), same.mean(), atol=0.02)
    np.testing.assert_allclose(z.var(axis=0), same.variance(), rtol=0.03)
    np.testing.assert_array_equal(vae.sample(5, seed=1), vae.sample(5, seed=1))
    assert np.abs(vae.sample(5, seed=1) - vae.sample(5, seed=2)).max() > 1e-4


def test_the_prior_over_the_posterior_is_one_on_average():
    """E_q p(z) / q(z|x) = integral of p = 1: the KL term is that of these densities."""
    vae = model()
    x = tf.repeat(tf.random.stateless_uniform([1, 4, 4, 1], (0, 0)), 40_000, axis=0)
    ratio = np.exp(-vae.loss_terms(x)["kl"].numpy())
    assert ratio.mean() == pytest.approx(1.0, abs=4 * ratio.std() / np.sqrt(len(ratio)))


def test_an_example_that_is_the_pseudo_input_costs_nothing():
    vae = model(components=1)
    x = tf.repeat(vae.prior.pseudo_inputs(), 8, axis=0)
    np.testing.assert_allclose(vae.loss_terms(x)["kl"], 0.0, atol=1e-5)


@pytest.mark.slow
def test_training_moves_the_pseudo_inputs_within_the_range_of_the_data():
    vae = model(components=4)
    x = np.random.default_rng(0).random([32, 4, 4, 1], "float32")
    vae.adapt(x)
    before = vae.prior.pseudo_inputs().numpy()
    np.testing.assert_allclose(before, 0.05 + 0.9 * x[[0, 10, 21, 31]], atol=1e-5)
    vae.compile(keras.optimizers.Adam(0.5))
    vae.fit(x, epochs=20, verbose=0)
    after = vae.prior.pseudo_inputs().numpy()
    assert np.abs(after - before).reshape(4, -1).max(axis=1).min() > 0.1
    assert after.min() >= 0 and after.max() <= 1


def test_without_a_range_pseudo_inputs_are_any_numbers():
    vae = VampVAE((3,), latent_dim=2, prior_components=2, likelihood="gaussian")
    x = np.array([[-5.0, 0.0, 7.0], [1.0, 2.0, 3.0]], "float32")
    vae.adapt(x)
    np.testing.assert_array_equal(vae.prior.pseudo_inputs(), x)


def test_importance_sampling_uses_the_prior():
    """A decoder that ignores z has p(x) = p(x|z) whatever the prior is, if its density is right."""
    vae = model()
    last = vae.decoder.layers[-2]
    last.set_weights([np.zeros(last.kernel.shape), last.bias.numpy()])
    x = tf.cast(tf.random.stateless_uniform([6, 4, 4, 1], (0, 0)) > 0.5, tf.float32)
    exact = vae.likelihood.negative_log_likelihood(x, vae.decoder(tf.zeros([6, 2])))
    nll, error = vae.negative_log_likelihood(x, samples=4000)
    np.testing.assert_array_less(np.abs(nll - exact), 5 * error)
    assert error.max() < 0.1


def test_it_starts_as_a_vae_with_another_prior(same_noise):
    vae, plain = model(), VAE((4, 4, 1), latent_dim=2, hidden=(16,))
    plain.encoder.set_weights(vae.encoder.get_weights())
    plain.decoder.set_weights(vae.decoder.get_weights())
    x = tf.random.stateless_uniform([3, 4, 4, 1], (0, 0))
    np.testing.assert_array_equal(vae.loss_terms(x)["reconstruction"], plain.loss_terms(x)["reconstruction"])
    assert np.abs(vae.loss_terms(x)["kl"] - plain.loss_terms(x)["kl"]).min() > 1e-3


def test_mistakes_are_told_in_one_line():
    with pytest.raises(InputError, match="prior_components.*Received: 0") as error:
        model(components=0)
    assert "\n" not in str(error.value)
