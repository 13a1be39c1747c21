"""Laws of the Wasserstein autoencoder."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.losses import maximum_mean_discrepancy
from keraszoo.models import WassersteinAutoencoder


def model(**options):
    return WassersteinAutoencoder((4, 4, 1), latent_dim=2, hidden=(8,), likelihood="gaussian", **options)


def test_terms_are_half_the_squared_error_and_the_weighted_discrepancy():
    wae, x = model(weight=7.0), np.random.default_rng(0).random((64, 4, 4, 1), "float32")
    wae.noise.state.assign([5, 0])
    terms = wae.loss_terms(tf.constant(x))
    again = keras.random.SeedGenerator(0)
    again.state.assign([5, 0])
    draws = keras.random.normal([64, 2], dtype="float32", seed=again)
    expected = 7.0 * maximum_mean_discrepancy(wae.encode(x), draws, "inverse_multiquadratic")
    np.testing.assert_allclose(terms["discrepancy"], np.full(64, expected), rtol=1e-6)
    error = 0.5 * np.square(x - wae.reconstruct(x)).sum(axis=(1, 2, 3)) + 8 * np.log(2 * np.pi)
    np.testing.assert_allclose(terms["reconstruction"], error, rtol=1e-5)


@pytest.mark.slow
def test_discrepancy_makes_codes_follow_the_prior():
    """An encoder that starts far from the prior is brought to mean 0 and variance 1, whatever the images say."""
    x = np.random.default_rng(0).standard_normal((512, 4, 4, 1)).astype("float32")
    wae = model(weight=1e4)
    wae.encoder.layers[-1].bias.assign([4.0, -4.0])
    wae.compile(keras.optimizers.Adam(1e-2))
    wae.fit(x, batch_size=128, epochs=60, verbose=0)
    codes = wae.encode(x).numpy()
    assert np.abs(codes.mean(axis=0)).max() < 0.2
    assert np.abs(np.cov(codes.T) - np.eye(2)).max() < 0.35


@pytest.mark.parametrize(
    "wrong", [{"weight": 0.0}, {"weight": float("nan")}, {"kernel": "rbf"}], ids=lambda wrong: str(*wrong)
)
def test_impossible_arguments_are_one_line(wrong):
    with pytest.raises(InputError, match="Received") as error:
        model(**wrong)
    assert "\n" not in str(error.value)
