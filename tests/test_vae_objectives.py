"""Objectives for disentanglement: their terms by hand, what they do in the limit, and what they refuse."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.errors import InputError
from keraszoo.losses import normal_kl
from keraszoo.models import VAE, BetaVAE, BurgessVAE


def images(count=6, seed=0):
    return np.random.default_rng(seed).random((count, 4, 4, 1), "float32")


def telling(moments):
    """An encoder that reads its answer, [mean, log_var], off the example itself."""
    network = keras.Sequential([keras.layers.Dense(moments, kernel_initializer="identity")])
    network.build((None, moments))
    return network


# ---------------------------------------------------------------------- beta and capacity


def test_normalised_beta_counts_pixels_and_units(same_noise):
    vae = VAE((4, 4, 1), latent_dim=2)
    pressed = BetaVAE((4, 4, 1), latent_dim=2, beta=0.5, normalized=True)
    pressed.set_weights(vae.get_weights())
    plain, terms = vae.loss_terms(images()), pressed.loss_terms(images())
    np.testing.assert_allclose(terms["kl"], 0.5 * 16 / 2 * plain["kl"], rtol=1e-6)
    np.testing.assert_allclose(terms["reconstruction"], plain["reconstruction"], rtol=1e-6)  # still in nats
    again = BetaVAE.from_config(pressed.get_config())
    assert (again.beta, again.normalized, again.kl_weight) == (0.5, True, 4.0)


def held(capacity, gamma=3.0):
    """A model of 4 numbers which are the means and log-variances of 2 units."""
    return BurgessVAE(
        (4,), latent_dim=2, capacity=capacity, gamma=gamma, encoder=telling(4), decoder=keras.layers.Dense(4),
        likelihood="gaussian",
    )  # fmt: skip


def test_capacity_holds_the_mean_of_the_batch():
    x = np.zeros([2, 4], "float32")
    x[1, 0] = 2.0  # KLs of 0 and 2
    terms = held(1.0).loss_terms(x)
    np.testing.assert_allclose(terms["kl"], [0.0, 2.0], atol=1e-6)
    np.testing.assert_allclose(terms["deviation"], [0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(held(4.0).loss_terms(x)["deviation"], [9.0, 9.0], atol=1e-5)
    np.testing.assert_allclose(held(0.0).loss_terms(x)["deviation"], [3.0, 3.0], atol=1e-5)


def test_capacity_is_reached_from_both_sides():
    x = np.random.default_rng(0).normal(size=[64, 16]).astype("float32")
    for log_var in (-6.0, 0.0):
        model = BurgessVAE((16,), latent_dim=4, hidden=(16,), capacity=3.0, gamma=20.0, likelihood="gaussian")
        bias = model.encoder.layers[-1].bias
        bias.assign(tf.concat([tf.zeros(4), tf.fill([4], log_var)], 0))
        model.compile(keras.optimizers.Adam(1e-2))
        before = float(np.mean(normal_kl(*model.encode(x))))
        model.fit(x, batch_size=64, epochs=150, verbose=0)
        after = float(np.mean(normal_kl(*model.encode(x))))
        assert abs(before - 3.0) > 1.0 and after == pytest.approx(3.0, abs=0.3)


def test_impossible_capacities_are_refused():
    with pytest.raises(InputError, match="capacity is a KL in nats and must be >= 0. Received: capacity=-1"):
        BurgessVAE((4, 4, 1), capacity=-1)
    with pytest.raises(InputError, match="must be >= 0. Received: gamma=-2"):
        BurgessVAE((4, 4, 1), gamma=-2)
