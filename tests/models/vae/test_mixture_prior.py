"""The learned mixture of Gaussians as a VAE's prior."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability.python import distributions as tfd

from keraszoo.core.errors import InputError
from keraszoo.distributions.mixture import MixturePrior
from keraszoo.models import FlowVAE


def prior():
    """Three Gaussians of unlike weights, places and widths, and the same by TFP."""
    mixture = MixturePrior(2, components=3)
    means, sds = [[0.0, 5.0], [-5.0, 0.0], [5.0, -1.0]], [[0.5, 1.0], [0.2, 0.2], [2.0, 0.3]]
    mixture.means.assign(means)
    mixture.log_vars.assign(2 * np.log(sds))
    mixture.logits.assign(1.7 + np.log([0.6, 0.3, 0.1]))
    return mixture, tfd.MixtureSameFamily(
        tfd.Categorical(probs=[0.6, 0.3, 0.1]), tfd.MultivariateNormalDiag(means, sds)
    )


def test_its_density_is_that_of_tfp():
    mixture, same = prior()
    z = 4 * tf.random.stateless_normal([50, 2], (0, 0))
    np.testing.assert_allclose(mixture.log_prob(z), same.log_prob(z), rtol=1e-4)


def test_its_samples_have_its_moments():
    mixture, same = prior()
    z = mixture.sample(100_000, seed=0).numpy()
    np.testing.assert_allclose(z.mean(axis=0), same.mean(), atol=0.05)
    np.testing.assert_allclose(z.var(axis=0), same.variance(), rtol=0.03)
    shares = [np.mean(z[:, 1] > 2), np.mean(z[:, 0] < -3), np.mean((z[:, 0] > -3) & (z[:, 1] < 2))]
    np.testing.assert_allclose(shares, [0.6, 0.3, 0.1], atol=0.01)


def test_at_temperature_zero_it_samples_its_means():
    mixture, _ = prior()
    z = mixture.sample(100, seed=0, temperature=0.0).numpy()
    distance = np.abs(z[:, None] - mixture.means.numpy()).sum(axis=2).min(axis=1)
    np.testing.assert_allclose(distance, 0.0, atol=1e-6)


def test_served_draws_depend_on_their_own_seed_alone():
    mixture, _ = prior()
    three = mixture.sample_rows(tf.constant([4, 9, 4], tf.int64), tf.ones(3))
    np.testing.assert_array_equal(three[0], three[2])
    np.testing.assert_array_equal(three[1], mixture.sample_rows(tf.constant([9], tf.int64), tf.ones(1))[0])


@pytest.mark.slow
def test_a_vae_learns_it_and_keeps_it(tmp_path):
    vae = FlowVAE((4,), latent_dim=2, hidden=(8,), posterior="gaussian", prior="mixture", prior_components=3)
    before = [weight.numpy() for weight in vae.prior.weights]
    vae.compile("adam")
    vae.fit(np.random.default_rng(0).random((64, 4), "float32"), verbose=0)
    assert all(np.abs(weight - old).max() > 0 for weight, old in zip(vae.prior.weights, before, strict=True))
    vae.save(tmp_path / "vae.keras")
    restored = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(restored.sample(5, seed=0), vae.sample(5, seed=0))


def test_a_mixture_of_nothing_is_refused():
    with pytest.raises(InputError, match="prior_components.*Received: 0"):
        FlowVAE((4,), latent_dim=2, prior="mixture", prior_components=0)
