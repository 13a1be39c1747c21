"""Laws of the regularised autoencoder and of the density of its codes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keraszoo.core.errors import InputError
from keraszoo.distributions import FullNormal
from keraszoo.layers import SpectralNormalization
from keraszoo.models import RegularizedAutoencoder


def model(regularizer="l2", **options):
    options = {"hidden": (8,), "likelihood": "gaussian", **options}
    return RegularizedAutoencoder((4, 4, 1), latent_dim=2, regularizer=regularizer, **options)


def images(rows, seed=0):
    return np.random.default_rng(seed).random((rows, 4, 4, 1), "float32")


def test_l2_is_the_sum_of_squares_of_the_decoders_kernels():
    rae = model(weight=0.3, code_weight=2.0)
    terms, code = rae.loss_terms(tf.constant(images(5))), rae.encode(images(5)).numpy()
    squares = sum(np.square(layer.kernel).sum() for layer in rae.decoder.layers if hasattr(layer, "kernel"))
    np.testing.assert_allclose(terms["regularization"], np.full(5, 0.3 * squares), rtol=1e-5)
    np.testing.assert_allclose(terms["code"], np.square(code).sum(axis=1), rtol=1e-5)


def test_gradient_penalty_is_the_squared_norm_of_a_linear_decoder():
    rae = model("gradient_penalty", weight=1.0, hidden=())
    (kernel,) = [layer.kernel for layer in rae.decoder.layers if hasattr(layer, "kernel")]
    found = [rae.loss_terms(tf.constant(images(64)))["regularization"].numpy() for _ in range(60)]
    assert abs(np.mean(found) / np.square(kernel).sum() - 1) < 0.05  # Hutchinson's estimate, 3840 probes


def test_spectral_decoder_stretches_nothing():
    """Every linear map of it has norm 1, so that with relu two codes decode no further apart than they are."""
    rae = model("spectral")
    layers = [layer for layer in rae.decoder.layers if isinstance(layer, SpectralNormalization)]
    assert len(layers) == 2 and rae.term_names == ("reconstruction", "code")
    for _ in range(30):
        rae.decoder(np.zeros([1, 2], "float32"), training=True)
    z = np.random.default_rng(0).standard_normal((2, 200, 2)).astype("float32")
    one, other = (np.reshape(rae.decoder(part), [200, -1]) for part in z)
    assert (np.linalg.norm(one - other, axis=1) <= 1.001 * np.linalg.norm(z[0] - z[1], axis=1)).all()


@pytest.mark.slow
def test_prior_is_the_normal_distribution_of_the_epochs_codes():
    """Measured while the encoder stands still, over uneven batches and weights, it is numpy's mean and covariance."""
    rae, x = model(), images(50)
    rae.compile(keras.optimizers.SGD(0.0))
    rae.fit(x, batch_size=16, epochs=1, verbose=0)
    codes = rae.encode(x).numpy().astype("float64")
    np.testing.assert_allclose(rae.prior.loc, codes.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(rae.prior.covariance(), np.cov(codes.T, bias=True), rtol=1e-3, atol=1e-6)
    weights = np.repeat([1.0, 0.0], 25).astype("float32")
    rae.fit(x, sample_weight=weights, batch_size=16, epochs=1, verbose=0)
    np.testing.assert_allclose(rae.prior.loc, codes[:25].mean(axis=0), atol=1e-5)


def test_density_of_full_normal_is_scipys():
    prior, z = FullNormal(3), np.random.default_rng(0).standard_normal((200, 3)).astype("float32")
    prior.fit(**FullNormal.sums(z @ np.array([[1, 0.5, 0], [0, 2, 0.3], [0, 0, 0.7]], "float32")))
    expected = stats.multivariate_normal(prior.loc.numpy(), prior.covariance().numpy()).logpdf(z)
    np.testing.assert_allclose(prior.log_prob(z), expected, rtol=1e-4)
    draws = prior.sample(20_000, seed=0).numpy()
    np.testing.assert_allclose(np.cov(draws.T), prior.covariance(), atol=0.1)


@pytest.mark.parametrize(
    "wrong", [{"regularizer": "l1"}, {"weight": -1.0}, {"code_weight": 0.0}], ids=lambda wrong: str(*wrong)
)
def test_impossible_arguments_are_one_line(wrong):
    with pytest.raises(InputError, match="Received") as error:
        model(**wrong)
    assert "\n" not in str(error.value)
