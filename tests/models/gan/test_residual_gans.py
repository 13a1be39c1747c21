"""Laws of residual networks, projection, conditional batch normalisation and self-attention in GANs."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.layers import (
    BatchNormalization,
    ConditionalBatchNormalization,
    SelfAttention,
    SpectralNormalization,
)
from keraszoo.models import ACGAN, GAN, SNGAN, WGAN, ConditionalGAN, InfoGAN, ProjectionGAN

SHAPE = (16, 16, 3)
SMALL = {"latent_dim": 4, "hidden": (8, 8), "discriminator_hidden": (8, 8)}


def images(rows, seed=0):
    return np.random.default_rng(seed).random((rows, *SHAPE), "float32")


def layers_of(model, kind):
    return [layer for layer in model._flatten_layers() if isinstance(layer, kind)]


# ---------------------------------------------------------------------- networks


def test_sizes_are_those_of_the_paper():
    """Miyato et al. (2018), table 4: three blocks that double 4x4x256; two that halve, and two that do not."""
    model = SNGAN(
        (32, 32, 3), 128, network="residual", hidden=(256, 256, 256), discriminator_hidden=(128, 128, 128, 128)
    )
    sums = [layer.output.shape[1:] for layer in model.generator.layers if isinstance(layer, keras.layers.Add)]
    assert sums == [(8, 8, 256), (16, 16, 256), (32, 32, 256)]
    sums = [layer.output.shape[1:] for layer in model.discriminator.layers if isinstance(layer, keras.layers.Add)]
    assert sums == [(16, 16, 128), (8, 8, 128), (8, 8, 128), (8, 8, 128)]
    convolution = 9 * 256 * 256 + 256
    block = 2 * convolution + 256 * 256 + 256 + 2 * 2 * 256
    expected = 129 * 4 * 4 * 256 + 3 * block + 2 * 256 + 9 * 256 * 3 + 3
    assert sum(int(np.prod(weight.shape)) for weight in model.generator.trainable_weights) == expected


def test_features_are_sums_of_rectified_pixels():
    critic = WGAN((8, 8, 3), network="residual", discriminator_hidden=(4,), value_range=None).discriminator
    before = keras.Model(critic.input, critic.layers[-2].output)
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    kernel, features = critic.layers[-1].kernel, np.sum(before(x), axis=(1, 2))
    assert features.min() >= 0
    np.testing.assert_allclose(critic(x), features @ np.asarray(kernel), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("network", ["convolutional", "residual"])
@pytest.mark.parametrize("model_class", [SNGAN, ProjectionGAN, ACGAN])
@pytest.mark.by_default("ProjectionGAN-residual")
def test_the_largest_singular_value_of_every_kernel_of_the_discriminator_is_one(model_class, network):
    model = model_class(SHAPE, **SMALL, network=network, attention=8, discriminator_normalization="spectral")
    for layer in layers_of(model.discriminator, SelfAttention):
        layer.gamma.assign(1.0)
    improve = tf.function(lambda x: model.discriminator(x, training=True), autograph=False)
    for _ in range(300):
        improve(images(2))
    normalised = layers_of(model.discriminator, SpectralNormalization)
    kernels = [layer for layer in layers_of(model.discriminator, keras.layers.Layer) if hasattr(layer, "kernel")]
    assert len(normalised) == len(kernels) >= 7  # those of the attention too
    for layer in normalised:
        assert np.linalg.norm(kernel_in_use(layer), 2) == pytest.approx(1.0, abs=1e-3)


def kernel_in_use(layer):
    """The matrix [inputs of a window, outputs] by which a normalised layer multiplies: its answers to single inputs."""
    *window, channels, outputs = layer.layer.kernel.shape
    inputs = math.prod(window) * channels
    x = np.eye(inputs + 1, inputs, dtype="float32").reshape(-1, *window, channels)  # the last row tells the bias
    if window:  # without padding a window has one answer
        layer.layer.padding = "valid"
    answers = np.asarray(layer(x)).reshape(-1, outputs)
    return answers[:-1] - answers[-1:]


# ---------------------------------------------------------------------- projection


@pytest.mark.parametrize("network", ["dense", "convolutional", "residual"])
def test_logit_is_psi_of_the_features_and_their_product_with_the_vector_of_the_class(network):
    options = {"discriminator_normalization": "none", "loss": "non_saturating"}  # hinge leaves psi without a bias
    model = ProjectionGAN(SHAPE, **SMALL, num_classes=3, network=network, **options)
    concatenate = model.discriminator.layers[-1]
    embedding, psi = sorted(model.discriminator.layers[-3:-1], key=lambda layer: layer.use_bias)
    assert isinstance(concatenate, keras.layers.Concatenate) and psi.use_bias and not embedding.use_bias
    psi.bias.assign([0.3])
    phi = keras.Model(model.discriminator.input, psi.input)
    x, y = images(5), np.array([0, 1, 2, 2, 0])
    features, vectors = np.asarray(phi(x)), np.asarray(embedding.kernel).T
    expected = features @ np.asarray(psi.kernel)[:, 0] + psi.bias[0] + np.sum(features * vectors[y], axis=1)
    np.testing.assert_allclose(model.discriminate(x, labels=y)[:, 0], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.discriminate(x).numpy()[np.arange(5), y], expected, rtol=1e-4, atol=1e-5)
    terms = model.discriminator_terms(x, y)
    np.testing.assert_allclose(terms["real_logit"], expected, rtol=1e-4, atol=1e-5)
    other = model.discriminator_terms(x, (y + 1) % 3)["real_logit"]
    assert np.abs(other - expected).max() > 1e-3


def test_penalties_are_of_the_logit_of_the_class():
    """A linear discriminator: its gradient for a class is the sum of two columns of its kernel."""
    kernel = np.array([[1.0, 0.0, 3.0], [0.0, 2.0, 4.0]], "float32")
    critic = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, use_bias=False)])
    critic.layers[0].kernel.assign(kernel)
    options = {"generator": keras.layers.Dense(2), "value_range": None, "r1": 2.0}
    model = ProjectionGAN((2,), 3, num_classes=2, discriminator=critic, **options)
    penalty = model.loss_terms(tf.ones([2, 2]), tf.constant([0, 1]))["penalty"]
    np.testing.assert_allclose(penalty, [1 + 4, 16 + 16], rtol=1e-5)


def test_embedding_is_normalised_by_itself():
    model = ProjectionGAN(SHAPE, **SMALL, num_classes=3)
    normalised = layers_of(model.discriminator, SpectralNormalization)
    shapes = [tuple(layer.layer.kernel.shape) for layer in normalised]
    assert sorted(shapes[-2:]) == [(8, 1), (8, 3)]


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0]])
def test_labels_out_of_range_are_refused(labels):
    model = ProjectionGAN(SHAPE, **SMALL, num_classes=3)
    model.compile("sgd", discriminator_optimizer="sgd")
    before = model.get_weights()
    for refused in (
        lambda: model.fit(images(2), np.array(labels), verbose=0),
        lambda: model.sample(2, labels=labels),
        lambda: model.discriminate(images(2), labels=labels),
    ):
        with pytest.raises(InputError, match="Labels are from 0 to 2|from 0 to 2. Received"):
            refused()
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


# ---------------------------------------------------------------------- conditional batch normalisation


@pytest.mark.parametrize("training", [True, False])
def test_conditional_normalisation_of_one_class_is_the_plain_one_with_its_gain_and_bias(training):
    random = np.random.default_rng(0)
    x = random.normal(2.0, 3.0, (6, 4, 4, 5)).astype("float32")
    gains, biases = random.normal(size=(2, 3, 5)).astype("float32")
    conditional, plain = ConditionalBatchNormalization(momentum=0.5), BatchNormalization(momentum=0.5)
    conditional.build([(None, 4, 4, 5), (None, 3)])
    plain.build((None, 4, 4, 5))
    conditional.gamma.assign(gains), conditional.beta.assign(biases)
    for label in range(3):
        plain.gamma.assign(gains[label]), plain.beta.assign(biases[label])
        codes = tf.one_hot([label] * 6, 3)
        np.testing.assert_allclose(
            conditional([x, codes], training=training), plain(x, training=training), rtol=1e-5, atol=1e-5
        )
        np.testing.assert_array_equal(conditional.moving_mean, plain.moving_mean)
        np.testing.assert_array_equal(conditional.moving_variance, plain.moving_variance)


def test_moments_are_of_all_classes_and_each_example_gets_those_of_its_own_class():
    layer = ConditionalBatchNormalization(epsilon=0.0)
    layer.build([(None, 1), (None, 2)])
    layer.gamma.assign([[1.0], [10.0]]), layer.beta.assign([[0.0], [3.0]])
    y = layer([tf.constant([[0.0], [2.0], [4.0], [6.0]]), tf.one_hot([0, 1, 0, 1], 2)], training=True)
    normal = np.array([-3.0, -1.0, 1.0, 3.0]) / np.sqrt(5.0)
    np.testing.assert_allclose(y[:, 0], normal * [1, 10, 1, 10] + [0, 3, 0, 3], rtol=1e-5)


@pytest.mark.parametrize("model_class", [ProjectionGAN, ConditionalGAN, ACGAN])
def test_classes_enter_residual_generators_by_gains_and_biases_alone(model_class):
    model = model_class(SHAPE, **SMALL, network="residual", num_classes=3)
    assert not layers_of(model.generator, BatchNormalization) or all(
        isinstance(layer, ConditionalBatchNormalization) for layer in layers_of(model.generator, BatchNormalization)
    )
    one, other = (model.sample(4, seed=1, labels=label).numpy() for label in (0, 1))
    np.testing.assert_allclose(one, other, atol=1e-6)  # all gains begin at 1, all biases at 0
    for layer in layers_of(model.generator, ConditionalBatchNormalization)[-1:]:
        layer.beta.assign(layer.beta + np.array([[0.0], [0.5], [0.0]], "float32"))
    one, other = (model.sample(4, seed=1, labels=label).numpy() for label in (0, 1))
    assert np.abs(one - other).max() > 1e-3


# ---------------------------------------------------------------------- attention


def attended(layer, x):
    """The layer's answer by the paper's formula, image by image."""
    kernels = {name: np.asarray(getattr(layer, name).kernel)[0, 0] for name in ("keys", "queries", "values", "result")}
    biases = {name: np.asarray(getattr(layer, name).bias) for name in kernels}
    answers = []
    for image in x.reshape(len(x), -1, x.shape[-1]):
        f, g, h = (image @ kernels[name] + biases[name] for name in ("keys", "queries", "values"))
        scores = np.exp(f @ g.T)  # s_ij = f_i . g_j
        weights = scores / scores.sum(axis=0, keepdims=True)
        answers.append(image + float(layer.gamma) * ((weights.T @ h) @ kernels["result"] + biases["result"]))
    return np.reshape(answers, x.shape)


def test_attention_is_the_identity_at_first_and_then_the_papers_formula():
    layer, random = SelfAttention(), np.random.default_rng(0)
    x = random.normal(size=(3, 4, 5, 16)).astype("float32")
    np.testing.assert_array_equal(layer(x), x)
    for variable in layer.trainable_variables:
        variable.assign(random.normal(size=variable.shape))
    layer.gamma.assign(0.7)
    np.testing.assert_allclose(layer(x), attended(layer, x), rtol=1e-4, atol=1e-4)


def test_attention_does_not_know_where_pixels_are():
    layer, random = SelfAttention(), np.random.default_rng(0)
    x = random.normal(size=(1, 4, 4, 8)).astype("float32")
    layer(x)
    layer.gamma.assign(1.0)
    order = random.permutation(16)
    moved = x.reshape(1, 16, 8)[:, order].reshape(x.shape)
    expected = np.reshape(layer(x), [1, 16, 8])[:, order].reshape(x.shape)
    np.testing.assert_allclose(layer(moved), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("network", "height"), [("convolutional", 8), ("residual", 16), ("residual", 8)])
def test_attention_stands_once_in_each_network_where_it_is_asked_for(network, height):
    kind = {"hidden": (8, 8, 8), "discriminator_hidden": (8, 8)}
    model = GAN((32, 32, 1), 4, network=network, attention=height, average=0.9, **kind)
    for part in (model.generator, model.discriminator, model.average.network):
        (layer,) = layers_of(part, SelfAttention)
        assert layer.input.shape[1:3] == (height, height)


# ---------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: GAN(SHAPE, attention=8), "dense layers do not keep"),
        (lambda: SNGAN(SHAPE, **SMALL, network="residual", attention=5), "Received: attention=5. Known here: 8, 16"),
        (lambda: SNGAN(SHAPE, **SMALL, attention=0), "attention"),
        (lambda: SNGAN(SHAPE, network="residual", generator_normalization="conditional"), "'batch'"),
        (lambda: ConditionalGAN(SHAPE, generator_normalization="conditional"), "network='residual'"),
        (lambda: GAN((7,), network="residual"), "takes images"),
        (lambda: ProjectionGAN(SHAPE, **SMALL, packing=2), "packing=1"),
        (lambda: GAN(SHAPE, network="resdiual"), "Closest: residual"),
    ],
)
def test_what_networks_do_not_have_is_refused_in_one_line(make, reason):
    with pytest.raises(InputError, match=reason) as error:
        make()
    assert "\n" not in str(error.value) and "Received" in str(error.value)


def test_codes_of_infogan_enter_a_residual_generator_beside_the_noise():
    """They are no classes: a gain that is linear in a continuous code could vanish."""
    model = InfoGAN(SHAPE, **SMALL, network="residual", categories=(3,), continuous=1)
    assert not layers_of(model.generator, ConditionalBatchNormalization)
