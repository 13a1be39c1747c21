"""The classic networks: published sizes, equality with keras.applications, and what their options mean.

`benchmarks/torchvision_logits.py` compares them with torchvision's.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.layers import BatchNormalization, LocalResponseNormalization, WeightNormalization
from keraszoo.layers.lenet5 import PartialConv2D, RadialBasis, Subsampling2D, digit_codes
from keraszoo.models import VAE, Autoencoder, Classifier, UNet
from keraszoo.networks import cifar_resnet_encoder, deep_resnet_encoder, vgg_encoder
from keraszoo.networks.by_size import encoder_alone
from keraszoo.networks.classic import CLASSIC
from keraszoo.networks.classic.layers import NORMALIZATIONS
from keraszoo.networks.classic.lenet import CONNECTIONS
from keraszoo.training.build import model_arguments

#: arguments that make each network small
SMALL = {
    **{name: {"hidden": (4, 4, 8, 8, 4, 8), "outputs": 8} for name in ("alexnet", "alexnet_one_tower", "zfnet")},
    **{name: {"hidden": (2, 2, 4, 4, 4, 8), "outputs": 8} for name in CLASSIC if name.startswith("vgg")},
    **{name: {"hidden": (2, 4, 4), "outputs": 8} for name in ("resnet18", "resnet34", "resnet50")},
    "googlenet": {"network": {"name": "googlenet", "width": 1 / 16}},
    "lenet5": {},
    "lenet5_1998": {},
    "resnet8": {"hidden": (2, 4), "outputs": 8},
}
RANDOM = np.random.default_rng(0)


def of(name, shape=(28, 28, 1), **options):
    return encoder_alone(shape, **{"network": name, **SMALL.get(name, {}), **options})


def learned(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.parametrize(
    ("network", "parameters"),
    [
        ("alexnet", 60_965_224),
        ("resnet18", 11_689_512),
        ("googlenet", 6_998_552),
        ("vgg11", 132_863_336),
        ("vgg13", 133_047_848),
        ("vgg16", 138_357_544),
        ("vgg19", 143_667_240),
        ("resnet34", 21_797_672),
        ("resnet50", 25_557_032),
        ("resnet101", 44_549_160),
        ("resnet152", 60_192_808),
    ],
)
@pytest.mark.by_default("resnet18-11689512")
def test_number_of_parameters_is_the_published_one(network, parameters):
    assert learned(Classifier((224, 224, 3), 1000, network=network)) == parameters


def test_lenet5_of_1998_has_the_papers_parameters_layer_by_layer():
    model = Classifier((28, 28, 1), 10, network="lenet5_1998", head="rbf")
    layers = {layer.name: layer.count_params() for layer in model.encoder.layers if layer.weights}
    assert layers == {"C1": 156, "S2": 12, "C3": 1516, "S4": 32, "C5": 48_120, "F6": 10_164}
    assert learned(model) == 60_000  # the codes are fixed
    assert sorted(map(len, CONNECTIONS)) == [3] * 6 + [4] * 9 + [6] and len(set(CONNECTIONS)) == 16
    assert [sum(place in maps for maps in CONNECTIONS) for place in range(6)] == [10] * 6


def test_partial_connections_are_a_convolution_with_zeros():
    layer = PartialConv2D(((0, 2), (1,)), 3)
    x = RANDOM.normal(size=(2, 6, 7, 3)).astype("float32")
    got = layer(x)
    full = np.zeros([3, 3, 3, 2], "float32")
    full[:, :, 0, 0], full[:, :, 2, 0], full[:, :, 1, 1] = np.moveaxis(layer.kernel.numpy(), -1, 0)
    expected = 1.7159 * np.tanh(2 / 3 * tf.nn.conv2d(x, full, 1, "VALID"))
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_subsampling_weighs_the_sum_of_four_pixels():
    layer = Subsampling2D()
    x = RANDOM.normal(size=(1, 4, 4, 2)).astype("float32")
    layer.build(x.shape)
    layer.coefficient.assign([0.5, -1.0])
    layer.bias.assign([0.0, 2.0])
    sums = x.reshape(1, 2, 2, 2, 2, 2).sum(axis=(2, 4))
    np.testing.assert_allclose(layer(x), 1.7159 * np.tanh(2 / 3 * (sums * [0.5, -1] + [0, 2])), rtol=1e-5, atol=1e-6)


def test_radial_basis_is_minus_the_squared_distance_to_codes_that_differ():
    codes = digit_codes()
    assert set(np.unique(codes)) == {-1, 1}
    assert min(np.sum((a - b) ** 2) for i, a in enumerate(codes) for b in codes[:i]) >= 16  # four pixels at least
    layer, x = RadialBasis(10), RANDOM.normal(size=(3, 84)).astype("float32")
    np.testing.assert_allclose(layer(x), -np.sum((x[:, None] - codes) ** 2, axis=-1), rtol=1e-5)
    assert RadialBasis(3)(np.zeros([1, 5], "float32")).shape == (1, 3)


@pytest.mark.parametrize("name", sorted({*SMALL} - {"resnet34", "resnet50"}))
@pytest.mark.by_default("vgg19", "zfnet")
def test_networks_take_small_images_of_any_size(name):
    for shape in ((28, 28, 1), (33, 41, 3)):
        assert np.isfinite(of(name, shape)(RANDOM.random((2, *shape), "float32"))).all()


def test_conv_features_equal_those_of_keras_applications():
    """VGG-16's convolutions and ResNet-50, whose published form halves in the first convolution of a block."""
    x = RANDOM.normal(size=(2, 64, 64, 3)).astype("float32")
    theirs = keras.applications.VGG16(include_top=False, weights=None, input_shape=(64, 64, 3))
    ours = vgg_encoder((64, 64, 3), 8, (64, 128, 256, 512, 512, 8))
    for layer in (each for each in theirs.layers if each.weights):
        ours.get_layer(layer.name.replace("block", "conv").replace("_conv", "_")).set_weights(layer.get_weights())
    flat = next(layer for layer in ours.layers if isinstance(layer, keras.layers.Flatten))
    expected = theirs(x)
    got = keras.Model(ours.input, flat.input)(x)
    np.testing.assert_allclose(got, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.slow
def test_a_residual_network_equals_that_of_keras_applications():
    x = RANDOM.normal(size=(2, 64, 64, 3)).astype("float32")
    theirs = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(64, 64, 3), pooling="avg")
    blocks = [3, 4, 6, 3]
    ours = deep_resnet_encoder((64, 64, 3), 2048, blocks=blocks, bottleneck=True, halving="1x1", stem="imagenet")
    names = ["conv1"]
    for stage, count in enumerate(blocks, start=2):
        for block in range(1, count + 1):
            names += [f"conv{stage}_block{block}_{part}" for part in (1, 2, 3, *((0,) if block == 1 else ()))]
    made = [layer for layer in ours.layers if isinstance(layer, (keras.layers.Conv2D, BatchNormalization))]
    number = [int("0" + layer.name.rpartition("_")[2]) if layer.name[-1].isdigit() else 0 for layer in made]
    made = [layer for _, layer in sorted(zip(number, made, strict=True), key=lambda each: each[0])]
    convolutions = [layer for layer in made if isinstance(layer, keras.layers.Conv2D)]
    norms = [layer for layer in made if isinstance(layer, BatchNormalization)]
    for name, convolution, norm in zip(names, convolutions, norms, strict=True):
        kernel, bias = theirs.get_layer(f"{name}_conv").get_weights()
        convolution.set_weights([kernel])
        gamma, beta, mean, variance = (RANDOM.uniform(0.5, 1.0, len(bias)) for _ in range(4))
        theirs.get_layer(f"{name}_bn").set_weights([gamma, beta, mean, variance])
        norm.set_weights([gamma, beta, mean - bias, variance])
        norm.epsilon = theirs.get_layer(f"{name}_bn").epsilon
    expected = theirs(x)
    np.testing.assert_allclose(ours(x), expected, atol=1e-4 * np.abs(expected).max())


def test_towers_of_alexnet_see_their_half_of_the_maps():
    model = of("alexnet", (32, 32, 3), network={"name": "alexnet", "normalization": None})
    first = model.get_layer("conv1").output
    inner = keras.Model(first, model.get_layer("conv2_0").output)
    x = tf.Variable(RANDOM.random((1, *first.shape[1:]), "float32"))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(inner(x))
    gradient = np.abs(tape.gradient(y, x)).sum(axis=(0, 1, 2))
    assert (gradient[:2] > 0).all() and (gradient[2:] == 0).all()


def test_local_response_normalisation_is_the_papers_formula():
    x = RANDOM.normal(size=(2, 3, 3, 7)).astype("float32")
    got = LocalResponseNormalization(alpha=0.5)(x)
    for channel in range(7):
        near = x[..., max(0, channel - 2) : channel + 3]
        np.testing.assert_allclose(
            got[..., channel], x[..., channel] / (2 + 0.5 * (near**2).sum(-1)) ** 0.75, rtol=1e-5
        )


def test_weight_normalisation_starts_as_the_layer_does_and_forgets_the_length_of_its_kernel():
    layer = WeightNormalization(keras.layers.Conv2D(4, 3))
    x = RANDOM.normal(size=(2, 5, 5, 3)).astype("float32")
    plain = keras.layers.Conv2D(4, 3)
    layer.build(x.shape)
    plain.build(x.shape)
    plain.set_weights(layer.layer.get_weights())
    before = layer(x)
    np.testing.assert_allclose(before, plain(x), rtol=1e-5, atol=1e-6)
    layer.layer.kernel.assign(7.0 * layer.layer.kernel)
    np.testing.assert_allclose(layer(x), before, rtol=1e-5, atol=1e-6)
    layer.gain.assign(2.0 * layer.gain)
    np.testing.assert_allclose(layer(x), 2 * before, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_normalisations_are_what_they_are_called(normalization):
    """Of a first layer whose inputs are scaled by 100: which values stay, and whether rows know of each other."""
    model = of("vgg11", (32, 32, 3), network={"name": "vgg11", "normalization": normalization})
    kinds = {type(layer).__name__ for layer in model.layers}
    expected = {"batch": "BatchNormalization", "layer": "GroupNormalization", "group": "GroupNormalization",
                "weight": "WeightNormalization"}  # fmt: skip
    assert kinds & set(expected.values()) == ({expected[normalization]} if normalization else set())
    first = keras.Model(
        model.input, next(layer for layer in model.layers if "Activation" in type(layer).__name__).input
    )
    x = RANDOM.random((4, 32, 32, 3), "float32")
    values, scaled = np.asarray(first(x, training=True)), np.asarray(first(100 * x, training=True))
    alone = np.asarray(first(x[:1], training=True))
    assert np.allclose(values, scaled, atol=0.05) == (normalization in ("batch", "layer", "group"))
    assert np.allclose(values[:1], alone, atol=1e-4) == (normalization != "batch")
    if normalization == "layer":
        np.testing.assert_allclose(values.mean(axis=(1, 2, 3)), 0, atol=1e-4)


@pytest.mark.parametrize("padding", ["zero", "mirrored", "periodic"])
def test_what_lies_beyond_the_border(padding):
    """Seen periodically, an image that is moved around has the same mean features."""
    x = RANDOM.random((2, 32, 32, 3), "float32")
    for model, step in (
        (cifar_resnet_encoder((32, 32, 3), 8, (4, 4), blocks=1, padding=padding), 4),
        (deep_resnet_encoder((32, 32, 3), 8, (2, 4, 4), blocks=(1, 1, 1, 1), padding=padding), 8),
    ):
        same = np.allclose(model(x), model(np.roll(x, (step, 2 * step), axis=(1, 2))), atol=1e-5)
        assert same == (padding == "periodic")


@pytest.mark.slow
def test_auxiliary_classifiers_add_their_losses_and_leave_the_answers():
    keras.utils.set_random_seed(0)
    network, names = {"name": "googlenet", "width": 1 / 16, "dropout": 0.0}, ("inception_4a", "inception_4d")
    model = Classifier((32, 32, 3), 5, network=network, auxiliary=names, auxiliary_weight=0.5)
    x, y = RANDOM.random((4, 32, 32, 3), "float32"), np.arange(4)
    terms = model.loss_terms(x, y)
    features, logits = model.auxiliary_heads(x, encoder=model.encoder)
    np.testing.assert_allclose(model.head(features), model.logits(x), atol=1e-6)
    expected = sum(keras.losses.sparse_categorical_crossentropy(y, each, from_logits=True) for each in logits)
    np.testing.assert_allclose(terms["auxiliary"], 0.5 * expected, rtol=1e-5)
    model.compile(keras.optimizers.SGD(0.1))
    assert set(model.fit(x, y, verbose=0).history) == {"loss", "cross_entropy", "auxiliary", "accuracy"}


@pytest.mark.slow
def test_encoders_by_name_serve_every_family(tmp_path):
    x = RANDOM.random((2, 32, 32, 3), "float32")
    for model in (
        VAE((32, 32, 3), 4, encoder="resnet8", network="convolutional"),
        Autoencoder((32, 32, 3), 4, encoder={"name": "lenet5", "normalization": "batch"}),
    ):
        model.save(tmp_path / "model.keras")
        restored = keras.saving.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(restored.encode(x), model.encode(x))
    assert {"encoder", "pretrained"} <= model_arguments(VAE)  # by the command, too
    assert UNet((32, 32, 3), encoder="resnet18", depth=2, width=4)(x).shape == (2, 32, 32, 2)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Classifier((32, 32, 3), network="resnet19"), "Closest: .*resnet18"),
        (
            lambda: Classifier((32, 32, 3), network={"name": "vgg11", "normalisation": "batch"}),
            "Closest: normalization",
        ),
        (lambda: Classifier((32, 32, 3), network={"name": "vgg11", "normalization": "bath"}), "Closest: batch"),
        (lambda: Classifier((6, 6, 3), network={"name": "alexnet", "stem": "imagenet"}), "too small.*alexnet"),
        (lambda: Classifier((64,), network="vgg11"), "takes images"),
        (lambda: Classifier((32, 32, 3), network="vgg11", hidden=(8, 8)), r"five stages.*\(8, 8\)"),
        (lambda: Classifier((32, 32, 3), network="googlenet", hidden=(8,)), "width"),
        (lambda: Classifier((32, 32, 3), network="googlenet", features=100), "Nearest: 1024"),
        (lambda: Classifier((32, 32, 3), network="resnet50", features=30), "multiple of 4"),
        (lambda: Classifier((28, 28, 1), network="lenet5_1998", activation="relu"), "no such argument.*'activation'"),
        (lambda: Classifier((28, 28, 1), network="lenet5", head="rbff"), "Closest: rbf"),
        (lambda: Classifier((28, 28, 1), network="lenet5", auxiliary=("conv9",)), "no such layer"),
        (lambda: Classifier((20, 20, 3), network="mobilenetv2"), "at least 32"),
        (lambda: VAE((32, 32, 3), 4, encoder="resnet19"), "Closest: .*resnet18"),
    ],
)
def test_impossible_networks_are_refused_in_one_line(make, reason):
    with pytest.raises(InputError, match=reason) as error:
        make()
    assert "\n" not in str(error.value) and "Received" in str(error.value)
