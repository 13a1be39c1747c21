"""The conditional VAE: its density given the class, its samples and styles, and its verbs."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability.python import distributions as tfd

from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.distributions import Gaussian
from keraszoo.export.contents import golden
from keraszoo.layers.labels import with_label_channels
from keraszoo.models import ConditionalVAE
from keraszoo.training import train

SCALE, D, LATENT, CLASSES = 0.7, 6, 2, 3


def linear_gaussian(widening=0.0):
    """A linear model with its exact posterior, or a wider one, and the density of the data of each class.

    Class y has N(b_y, WW' + s^2 I), b_y a column of the decoder.
    """
    random = np.random.default_rng(0)
    w = np.linalg.qr(random.normal(size=(D, LATENT)))[0] * [1.5, 0.8]  # orthogonal columns: a diagonal posterior
    b = random.normal(size=(CLASSES, D))
    precision = w.T @ w + SCALE**2 * np.eye(LATENT)
    gain = np.linalg.solve(precision, w.T)
    log_var = np.log(SCALE**2 / np.diag(precision)) + widening
    encoder, decoder = keras.Sequential([keras.layers.Dense(2 * LATENT)]), keras.Sequential([keras.layers.Dense(D)])
    options = {"latent_dim": LATENT, "num_classes": CLASSES, "likelihood": Gaussian(SCALE)}
    vae = ConditionalVAE((D,), encoder=encoder, decoder=decoder, **options)
    kernel = np.zeros([D + CLASSES, 2 * LATENT])
    kernel[:D, :LATENT], kernel[D:, :LATENT] = gain.T, -b @ gain.T
    encoder.layers[0].set_weights([kernel, np.r_[np.zeros(LATENT), log_var]])
    decoder.layers[0].set_weights([np.vstack([w.T, b]), np.zeros(D)])
    return vae, [tfd.MultivariateNormalFullCovariance(mean, w @ w.T + SCALE**2 * np.eye(D)) for mean in b]


def examples(count=30):
    x = np.random.default_rng(1).normal(size=(count, D)).astype("float32")
    return x, np.arange(count) % CLASSES


def exact_nll(densities, x, labels):
    return np.array([-densities[y].log_prob(row.astype("float64")) for row, y in zip(x, labels, strict=True)])


def test_the_bound_of_a_linear_model_is_the_density_given_the_class():
    vae, densities = linear_gaussian()
    x, labels = examples()
    exact = exact_nll(densities, x, labels)
    terms = vae.loss_terms(np.repeat(x, 4000, axis=0), np.repeat(labels, 4000))
    bound = np.mean(np.reshape(tf.add_n(list(terms.values())), [-1, 4000]), axis=1)
    np.testing.assert_allclose(bound, exact, atol=0.15)  # the KL is exact, the reconstruction from a draw
    np.testing.assert_allclose(vae.negative_log_likelihood(x, labels, samples=3).nll, exact, atol=1e-4)
    wrong = exact_nll(densities, x, (labels + 1) % CLASSES)
    assert np.abs(wrong - exact).max() > 1
    np.testing.assert_allclose(vae.negative_log_likelihood(x, (labels + 1) % CLASSES, samples=3).nll, wrong, atol=1e-4)


def test_importance_sampling_corrects_a_posterior_that_is_too_wide():
    vae, densities = linear_gaussian(widening=0.8)
    x, labels = examples()
    nll, error = vae.negative_log_likelihood(x, labels, samples=4000)
    assert np.all(error > 0) and np.abs((nll - exact_nll(densities, x, labels)) / error).max() < 5


def test_the_label_of_an_example_is_one_hot_in_its_channels():
    codes = tf.one_hot([2, 0], 3)
    x = tf.random.stateless_uniform([2, 4, 4, 2], (0, 0))
    seen = with_label_channels(x, codes)
    np.testing.assert_array_equal(seen[..., :2], x)
    np.testing.assert_array_equal(seen[..., 2:], np.broadcast_to(codes[:, None, None], [2, 4, 4, 3]))
    np.testing.assert_array_equal(with_label_channels(x[:, 0, 0], codes), tf.concat([x[:, 0, 0], codes], axis=1))


@pytest.fixture(scope="module")
def model():
    vae = ConditionalVAE((8, 8, 1), latent_dim=2, hidden=(16,), num_classes=4)
    random = np.random.default_rng(0)
    for weight in vae.trainable_weights:
        weight.assign_add(0.1 * random.standard_normal(weight.shape))
    return vae


X = np.random.default_rng(2).random([5, 8, 8, 1], "float32")


def test_samples_are_of_the_classes_asked_for(model):
    given = model.sample(4, seed=3, labels=[2, 2, 0, 1]).numpy()
    other = model.sample(4, seed=3, labels=2).numpy()
    np.testing.assert_array_equal(given[:2], other[:2])
    assert np.abs(given[2:] - other[2:]).min(axis=0).max() > 1e-3  # the same noise as another class
    np.testing.assert_array_equal(model.sample(6, seed=3), model.sample(6, seed=3, labels=[0, 1, 2, 3, 0, 1]))
    styles = model.sample_latent(4, seed=3, labels=2).numpy()
    np.testing.assert_array_equal(styles[:, 2:], np.tile([0, 0, 1, 0], (4, 1)))
    np.testing.assert_array_equal(model.decode(styles), other)
    cold = model.sample(3, seed=3, labels=1, temperature=0.0).numpy()
    np.testing.assert_allclose(cold, np.tile(cold[:1], (3, 1, 1, 1)), atol=1e-6)


def test_a_style_is_decoded_as_another_class(model):
    labels, asked = [0, 1, 2, 3, 0], [1, 1, 1, 2, 0]
    mean = model.posterior(X, labels).mean()
    codes = np.eye(4, dtype="float32")
    np.testing.assert_array_equal(model.encode(X, labels), np.concatenate([mean, codes[labels]], axis=1))
    expected = model.decode(np.concatenate([mean, codes[asked]], axis=1))
    styled = model.reconstruct(X, labels, as_labels=asked)
    np.testing.assert_allclose(styled, expected, atol=1e-6)
    own = model.reconstruct(X, labels)
    np.testing.assert_array_equal(own, model.decode(model.encode(X, labels)))
    changed = np.abs(styled - own).max(axis=(1, 2, 3)) > 1e-4
    assert changed.tolist() == [True, False, True, True, False]


def test_a_call_shows_each_example_as_each_class_reads_it(model):
    shown = model(X)
    assert shown.shape == (5, 4, 8, 8, 1)
    for label in range(4):
        np.testing.assert_allclose(shown[:, label], model.reconstruct(X, label), atol=1e-6)


def test_convolutions_see_planes_and_dense_layers_features():
    assert ConditionalVAE((8, 8, 3), latent_dim=2, num_classes=5).encoder.input_shape == (None, 8 * 8 * 3 + 5)
    vae = ConditionalVAE((8, 8, 3), latent_dim=2, network="convolutional", hidden=(4,), num_classes=5)
    assert vae.encoder.input_shape == (None, 8, 8, 8) and vae.decoder.input_shape == (None, 7)
    assert vae.sample(2, labels=4).shape == (2, 8, 8, 3)


@pytest.mark.parametrize("name", ["reconstruct", "encode", "decode", "sample"])
def test_signatures_take_a_label(model, name):
    method, inputs = model.serving_signatures()[name]
    *rest, label = golden.inputs_for(inputs).values()
    assert inputs[-1].name == "label"
    (answer, *_) = method(*map(tf.constant, rest), tf.constant(label)).values()
    (changed, *_) = method(*map(tf.constant, rest), tf.constant((label + 1) % 4)).values()
    assert np.abs(answer - changed).max() > 1e-4


def test_mistakes_are_told_in_one_line(model):
    model.compile("adam")
    cases = [
        (lambda: ConditionalVAE((4,), num_classes=1), "at least two classes. Received: num_classes=1"),
        (lambda: model.fit(X, verbose=0), "learns from \\(x, y\\)"),
        (lambda: model.fit(X, np.array([0, 1, 2, 3, 4]), verbose=0), "from 0 to 3. Received: from 0 to 4"),
        (lambda: model.encode(X), "needs the class of each example"),
        (lambda: model.encode(X, [0, 1, 2, 3, -1]), "Received: from -1 to 3"),
        (lambda: model.reconstruct(X, 0, as_labels=4), "Received: from 4 to 4"),
        (lambda: model.reconstruct(X, [0, 1]), r"each of the 5 examples. Received: int64 of shape \(2,\)"),
        (lambda: model.sample(2, labels=[0.5, 1.0]), "Received: float64"),
        (lambda: model.negative_log_likelihood(X, samples=3), "needs the class"),
        (lambda: model.negative_log_likelihood(X, 4, samples=3), "Received: from 4 to 4"),
        (lambda: model.negative_log_likelihood(3 * X, 0, samples=3), "from 0 to 1"),
    ]
    for make, message in cases:
        with pytest.raises(InputError, match=message) as error:
            make()
        assert "\n" not in str(error.value)


# ---------------------------------------------------------------------- the verbs


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    options = {"epochs": 1, "strategy": "none", "say": lambda line: None}
    arguments = {"likelihood": "discretized_logistic", "hidden": (16,)}
    return train("conditional_vae/digits", tmp_path_factory.mktemp("runs") / "run", arguments=arguments, **options)


@pytest.mark.slow
def test_the_verbs_know_the_labels_of_the_data(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = str(run.path)
    assert main(["sample", path, "--count", "20"]) == 0
    assert main(["likelihood", path, "--samples", "5", "--count", "30"]) == 0
    found = json.loads((run.path / "metrics.json").read_text())["likelihood"]
    assert found["examples"] == 30 and found["nll"] > 0
    for verb in (["walk", "--steps", "6"], ["interpolate"], ["traverse"], ["manifold", "--side", "3"]):
        assert main(["latent", verb[0], path, *verb[1:]]) == 0


@pytest.mark.slow
def test_verbs_that_would_encode_without_labels_are_one_line(run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = str(run.path)
    capsys.readouterr()
    for verb in (
        ["latent", "units", path],
        ["latent", "project", path],
        ["latent", "embed", path],
        ["latent", "attribute", path, "3"],
        ["latent", "arithmetic", path, "--plus", "3"],
        ["latent", "traverse", path, "--example", "3"],
    ):
        assert main(verb) == 2
        line = capsys.readouterr().err
        assert "ConditionalVAE does not encode examples" in line and line.count("\n") == 1
