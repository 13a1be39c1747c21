"""Autoencoders and VAEs on data of any scale, and where their outputs start."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.distributions.likelihoods import get
from keraszoo.layers.normalization.standardization import Standardization
from keraszoo.models import VAE, VQVAE, Autoencoder, ConditionalVAE, FlowVAE

RANDOM = np.random.default_rng(0)
SCALE = np.array([1e-6, 1.0, 1e6])
Z = RANDOM.standard_normal((200, 3))
RAW = (SCALE * (Z + 3)).astype("float32")
LABELS = np.arange(200) % 2
KINDS = {
    "Autoencoder": (Autoencoder, {}),
    "VAE": (VAE, {}),
    "vamp": (VAE, {"prior": "vamp", "prior_components": 5}),
    "ConditionalVAE": (ConditionalVAE, {"num_classes": 2}),
    "FlowVAE": (FlowVAE, {"posterior_transforms": 1}),
}


def made(kind, **options):
    model, arguments = KINDS[kind]
    options = {"latent_dim": 2, "hidden": (8,), "likelihood": "gaussian_learned_variance", **arguments, **options}
    keras.utils.set_random_seed(0)
    return model((3,), **options)


def labels_of(kind):
    return (LABELS,) if kind == "ConditionalVAE" else ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_of_raw_scales_is_the_standardised_one_in_other_units(kind):
    """Codes are the same; examples are so in their units; log-densities differ by the sum of the log scales."""
    raw, plain = made(kind, standardize=True), made(kind, standardize=True)
    z = ((RAW - RAW.mean(0, dtype="float64")) / RAW.std(0, dtype="float64")).astype("float32")
    raw.adapt(RAW, *labels_of(kind))
    plain.adapt(z, *labels_of(kind))
    np.testing.assert_allclose(raw.encode(RAW, *labels_of(kind)), plain.encode(z, *labels_of(kind)), atol=1e-4)
    codes = raw.encode(RAW, *labels_of(kind))
    back = (raw.decode(codes) - RAW.mean(0, dtype="float64")) / RAW.std(0, dtype="float64")
    np.testing.assert_allclose(back, plain.decode(codes), atol=1e-4)
    terms = [model.loss_terms(x, *map(tf.constant, labels_of(kind))) for model, x in ((raw, RAW), (plain, z))]
    difference = np.mean(terms[0]["reconstruction"]) - np.mean(terms[1]["reconstruction"])
    np.testing.assert_allclose(difference, np.log(RAW.std(0, dtype="float64")).sum(), atol=0.1)


def test_fit_measures_once_and_the_file_keeps_it(tmp_path):
    vae = made("vamp", standardize=True)
    vae.compile("adam", run_eagerly=True)
    assert np.isfinite(vae.fit(RAW, batch_size=100, epochs=2, verbose=0).history["loss"]).all()
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.reconstruct(RAW), vae.reconstruct(RAW))
    again.fit(RAW * np.float32(1.5), batch_size=100, epochs=1, verbose=0)
    np.testing.assert_array_equal(again.standardization.mean, vae.standardization.mean)
    np.testing.assert_allclose(again.sample(500, seed=0).numpy().mean(0), RAW.mean(0), rtol=0.5)


def test_images_are_standardised_by_channel():
    images = RANDOM.normal([100.0, -5.0], [10.0, 0.5], (50, 4, 4, 2)).astype("float32")
    vae = VAE((4, 4, 2), latent_dim=2, hidden=(8,), likelihood="gaussian", standardize=True)
    vae.adapt(images)
    seen = vae.network_input(images).numpy()
    np.testing.assert_allclose([seen.mean((0, 1, 2)), seen.std((0, 1, 2))], [[0, 0], [1, 1]], atol=1e-4)
    np.testing.assert_allclose(
        vae.likelihood.negative_log_likelihood(images, tf.zeros_like(images)),
        get("gaussian").negative_log_likelihood(seen, tf.zeros_like(images))
        + 16 * np.log(images.std((0, 1, 2), dtype="float64")).sum(),
        rtol=1e-4,
    )


def test_likelihoods_of_a_range_are_refused():
    with pytest.raises(InputError, match="likelihood='bernoulli'. Nearest: likelihood='gaussian'"):
        made("VAE", likelihood="bernoulli", standardize=True)


def test_standardization_is_undone():
    layer = Standardization(3)
    layer.adapt(RAW)
    np.testing.assert_allclose(layer.undo(layer(RAW)), RAW, rtol=1e-4)


# ---------------------------------------------------------------------- where outputs start


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "gaussian_learned_variance", "discretized_logistic"])
@pytest.mark.parametrize("network, hidden", [("dense", (8,)), ("convolutional", (4,))])
def test_the_first_output_is_the_mean_of_the_data(likelihood, network, hidden):
    images = RANDOM.beta(2, 6, (300, 8, 8, 2)).astype("float32") * np.float32([1.0, 0.5])
    vae = VAE((8, 8, 2), latent_dim=2, network=network, hidden=hidden, likelihood=likelihood)
    codes = tf.random.stateless_normal([400, 2], [1, 2])
    vae.adapt(images)
    decoded = vae.decode(codes).numpy().mean((0, 1, 2))
    np.testing.assert_allclose(decoded, images.mean((0, 1, 2)), atol=0.04)


@pytest.mark.parametrize("network, hidden", [("dense", (32,)), ("convolutional", (8, 16))])
def test_discretized_logistics_start_below_the_uniform(network, hidden):
    """In bits per dimension; pixels of all levels alike have 8."""
    images = np.round(255 * RANDOM.beta(2, 2, (256, 8, 8, 3))).astype("float32") / 255
    vae = VAE((8, 8, 3), network=network, hidden=hidden, likelihood="discretized_logistic")
    before = np.mean(vae.loss_terms(images)["reconstruction"]) / (192 * math.log(2))
    vae.adapt(images)
    after = np.mean(vae.loss_terms(images)["reconstruction"]) / (192 * math.log(2))
    assert before > 9 and after < 8.1


@pytest.mark.parametrize("likelihood", ["gaussian_learned_variance", "discretized_logistic"])
@pytest.mark.parametrize("network, hidden", [("dense", (8,)), ("convolutional", (4,)), ("convolutional", (8, 8))])
def test_the_first_means_depend_on_codes_as_before_and_the_first_scales_hardly(likelihood, network, hidden):
    """A decoder that hardly listens to codes teaches the encoder nothing; one that varies more than the data, noise."""
    vae = VAE((8, 8, 2), latent_dim=2, network=network, hidden=hidden, likelihood=likelihood)
    codes, images = tf.random.stateless_normal([100, 2], [1, 2]), RANDOM.random((100, 8, 8, 2)).astype("float32")

    def spreads():
        halves = np.split(vae.decoder(codes).numpy(), 2, axis=-1)
        return [np.sqrt(half.var(axis=0).mean()) for half in halves]

    means, scales = spreads()
    vae.adapt(images)
    first_means, first_scales = spreads()
    assert first_means == pytest.approx(min(means, 0.3 * np.sqrt(images.var(axis=0).mean())), rel=0.1)
    assert first_scales == pytest.approx(0.1 * scales, rel=1e-3)


@pytest.mark.parametrize(
    "end",
    [
        lambda: [keras.layers.Dense(3, "tanh")],
        lambda: [keras.layers.Dense(3), keras.layers.Activation("tanh")],
        lambda: [keras.layers.Dense(3), keras.layers.ReLU()],
    ],
    ids=["tanh", "an activation after it", "ReLU after it"],
)
def test_a_decoder_of_ones_own_stays_as_it_is(end):
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), *end()])
    vae = VAE((3,), latent_dim=2, hidden=(4,), likelihood="gaussian", decoder=decoder)
    before = [weight.numpy() for weight in decoder.weights]
    vae.adapt(Z.astype("float32"))
    for old, new in zip(before, decoder.weights, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("learning", ["ema", "gradient"])
def test_a_codebook_starts_at_what_the_encoder_makes_of_data(learning):
    images = RANDOM.random((64, 8, 8, 3)).astype("float32")
    model = VQVAE((8, 8, 3), num_codes=32, code_dim=4, hidden=(8,), prior_filters=4, prior_layers=1, learning=learning)
    used = len(np.unique(model.encode(images)))
    model.adapt(images)
    vectors = model._vectors(images).numpy().reshape(-1, 4)
    distances = np.linalg.norm(model.quantizer.codebook.numpy()[:, None] - vectors, axis=-1).min(axis=1)
    np.testing.assert_allclose(distances, 0, atol=1e-5)
    assert len(np.unique(model.encode(images))) == 32 > used


def test_fewer_vectors_than_codewords_are_a_start_too():
    model = VQVAE((4, 4, 1), num_codes=32, code_dim=4, hidden=(4,), prior_filters=4, prior_layers=1)
    model.adapt(np.zeros((2, 4, 4, 1), "float32"))
    assert np.isfinite(model.quantizer.codebook).all()
