"""Laws of the autoencoder's variants: penalties, labels, adversaries, and a reused encoder."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo import models
from keraszoo.core.errors import InputError
from keraszoo.data import few_labels, load
from keraszoo.losses import kl_sparsity, l1, squared_jacobian_norm
from keraszoo.models import (
    AdversarialAutoencoder,
    Autoencoder,
    Classifier,
    ContractiveAutoencoder,
    ConvolutionalAutoencoder,
    SemiSupervisedAutoencoder,
    SparseAutoencoder,
)
from keraszoo.recipes import get
from keraszoo.training import train

RANDOM = np.random.default_rng(0)
X = RANDOM.random((24, 4, 4, 1), "float32")


# ---------------------------------------------------------------------- sparsity


@pytest.mark.parametrize(("mean", "value"), [([0.5], 0.4946), ([0.05], 0.0), ([0.5, 0.5, 0.05], 2 * 0.4946)])
def test_kl_sparsity_has_the_lectures_values(mean, value):
    assert abs(float(kl_sparsity(tf.constant(mean), 0.05)) - value) < 1e-4


@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_kl_sparsity_is_finite_at_both_ends(mean):
    mean = tf.Variable([mean])
    with tf.GradientTape() as tape:
        value = kl_sparsity(mean, 0.05)
    assert np.isfinite(value) and np.isfinite(tape.gradient(value, mean)).all()


def test_kl_sparsity_takes_the_mean_over_the_batch_first():
    """Half of the examples switch every unit on: the mean activation is the target, and nothing is to be paid."""
    model = SparseAutoencoder((2,), latent_dim=2, hidden=(), target=0.5)
    model.encoder.layers[-1].kernel.assign([[50.0, 50.0], [-50.0, -50.0]])
    x = tf.constant([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(model.loss_terms(x)["sparsity"], 0.0, atol=1e-5)
    assert float(model.loss_terms(x[:1])["sparsity"][0]) > 1.0


def test_l1_sums_absolute_values_of_each_example():
    np.testing.assert_allclose(l1(tf.constant([[1.0, -2.0], [0.0, 0.5]])), [3.0, 0.5])
    model = SparseAutoencoder((4, 4, 1), latent_dim=3, penalty="l1", weight=0.5)
    np.testing.assert_allclose(model.loss_terms(X)["sparsity"], 0.5 * np.abs(model.encode(X)).sum(axis=1), rtol=1e-6)


@pytest.mark.parametrize("count", [24, 9, 1])
@pytest.mark.by_default("9")
def test_batch_mean_and_its_gradient_are_those_of_the_whole_batch(mirrored, count):
    """On two replicas, with equal parts, with parts of 5 and 4 examples, and where one replica has none."""
    weights, gradients = [], []
    for strategy in (tf.distribute.get_strategy(), mirrored):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            model = SparseAutoencoder((4, 4, 1), latent_dim=3, weight=10.0)
        model.compile(keras.optimizers.SGD(0.1))
        metrics = model.fit(X[:count], batch_size=count, verbose=0, shuffle=False).history
        weights.append(model.get_weights())
        gradients.append(metrics["sparsity"][0])
    assert abs(gradients[0] - gradients[1]) < 1e-4
    for one, two in zip(*weights, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)


# ---------------------------------------------------------------------- contraction


def jacobian(model, x):
    """By finite differences, in float64: [batch, units, inputs]."""
    kernels = [(layer.kernel.numpy().astype("float64"), layer.bias.numpy()) for layer in model.encoder.layers[1:]]

    def encode(rows):
        for kernel, bias in kernels[:-1]:
            rows = np.tanh(rows @ kernel + bias)
        return 1 / (1 + np.exp(-(rows @ kernels[-1][0] + kernels[-1][1])))

    rows, step = x.reshape(len(x), -1).astype("float64"), 1e-6
    columns = [(encode(rows + step * unit) - encode(rows - step * unit)) / (2 * step) for unit in np.eye(rows.shape[1])]
    return np.stack(columns, axis=-1)


def test_contraction_is_the_norm_of_the_whole_jacobian_of_three_layers():
    model = ContractiveAutoencoder((4, 4, 1), latent_dim=5, hidden=(8, 6), activation="tanh", weight=2.0)
    expected = 2.0 * (jacobian(model, X) ** 2).sum(axis=(1, 2))
    np.testing.assert_allclose(model.loss_terms(X)["contraction"], expected, rtol=1e-5)


def test_contraction_of_one_sigmoid_layer_is_rifais_formula():
    model = ContractiveAutoencoder((6,), latent_dim=4, hidden=(), weight=1.0)
    x = RANDOM.random((7, 6), "float32")
    code = model.encode(x).numpy()
    kernel = model.encoder.layers[-1].kernel.numpy()
    expected = ((code * (1 - code)) ** 2) @ (kernel**2).sum(axis=0)
    np.testing.assert_allclose(model.loss_terms(tf.constant(x))["contraction"], expected, rtol=1e-5)


def test_probes_estimate_the_norm_without_bias():
    model = ContractiveAutoencoder((4, 4, 1), latent_dim=5, hidden=(8,), activation="tanh")
    x = tf.constant(X[:1])
    exact = float(squared_jacobian_norm(model.encode, x)[0])
    seed = keras.random.SeedGenerator(0)
    draws = squared_jacobian_norm(model.encode, tf.repeat(x, 4000, axis=0), probes=1, seed=seed).numpy()
    assert abs(draws.mean() - exact) < 4 * draws.std() / np.sqrt(len(draws))
    fewer = squared_jacobian_norm(model.encode, tf.repeat(x, 1000, axis=0), probes=4, seed=seed).numpy()
    assert abs(fewer.std() / draws.std() - 0.5) < 0.1


# ---------------------------------------------------------------------- labels


def test_rows_without_a_label_teach_no_class():
    """Whatever they hold, the cross-entropy and its gradient are those of the labelled rows."""
    model = SemiSupervisedAutoencoder((4, 4, 1), num_classes=3, hidden=(8,), weight=1.0)
    y = np.array([0, -1, 2, -1])

    def gradient(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model.loss_terms(tf.constant(x), y)["classification"])
        return loss, tape.gradient(loss, [v.value for v in model.encoder.trainable_variables])

    loss, gradients = gradient(X[:4], y)
    alone, alone_gradients = gradient(X[[0, 2]], y[[0, 2]])
    other, other_gradients = gradient(np.where((y >= 0)[:, None, None, None], X[:4], 0.0), y)
    for value, of in ((alone, alone_gradients), (other, other_gradients)):
        np.testing.assert_allclose(loss, value, rtol=1e-5)
        for a, b in zip(gradients, of, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_accuracy_is_that_of_the_labelled_rows():
    model = SemiSupervisedAutoencoder((4, 4, 1), num_classes=3, hidden=(8,))
    model.compile("sgd")
    classes = np.argmax(model.classify(X), axis=-1)
    y = np.where(np.arange(len(X)) % 3 == 0, (classes + 1) % 3, classes)  # a third is wrong
    y[::2] = -1
    labelled = y >= 0
    accuracy = model.evaluate(X, y, batch_size=len(X), verbose=0, return_dict=True)["accuracy"]
    assert abs(accuracy - (y == classes)[labelled].mean()) < 1e-6


@pytest.mark.parametrize(
    ("y", "message"), [(np.full(24, -1), "at least one labelled row"), (np.full(24, 3), "from 0 to 2")]
)
def test_labels_that_cannot_be_are_refused(y, message):
    model = SemiSupervisedAutoencoder((4, 4, 1), num_classes=3)
    model.compile("sgd")
    with pytest.raises(InputError, match=message):
        model.fit(X, y, verbose=0)


def test_few_labels_are_balanced_and_every_example_stays():
    whole = load("digits")
    source = few_labels(whole, "train", 50, seed=1)
    labels = source.array("train", "label")
    images = source.array("train").reshape(len(labels), -1)
    kept = labels >= 0
    distinct = np.unique(np.c_[images[kept], labels[kept]], axis=0)
    assert np.unique(distinct[:, -1], return_counts=True)[1].tolist() == [5] * 10
    assert abs(kept.mean() - 0.5) < 0.03
    assert len(np.unique(images, axis=0)) == len(np.unique(whole.array("train").reshape(1437, -1), axis=0))
    np.testing.assert_array_equal(source.array("test", "label"), whole.array("test", "label"))
    for wrong in (0, 55, 5000):
        with pytest.raises(InputError, match=f"multiple of the 10 classes.*Received: {wrong}"):
            few_labels(whole, "train", wrong)


# ---------------------------------------------------------------------- adversaries


def test_each_update_changes_its_own_variables_only():
    model = AdversarialAutoencoder((4, 4, 1), latent_dim=2, hidden=(8,), discriminator_hidden=(8,))
    for learner in model.updates():
        rates = {name: keras.optimizers.SGD(0.1 if name == learner else 0.0) for name in model.updates()}
        model.compile(**rates)
        before = {v.path: v.numpy() for v in model.trainable_variables}
        model.train_on_batch(X)
        changed = {v.path for v in model.trainable_variables if not np.array_equal(v.numpy(), before[v.path])}
        networks = {
            "optimizer": [model.encoder, model.decoder],
            "discriminator_optimizer": [model.discriminator],
            "encoder_optimizer": [model.encoder],
        }[learner]
        assert changed == {v.path for network in networks for v in network.trainable_variables}
        assert [int(optimizer.iterations) for optimizer in model.optimizers] == [1, 1, 1]


@pytest.mark.slow
def test_codes_come_to_follow_the_prior():
    """Two far apart clusters of data: without the adversary the codes are two clusters as well."""
    keras.utils.set_random_seed(1)
    x = np.repeat([[0.0, 1.0], [1.0, 0.0]], 256, axis=0).astype("float32") + 0.1 * RANDOM.normal(size=(512, 2))
    model = AdversarialAutoencoder(
        (2,), latent_dim=1, hidden=(32,), likelihood="gaussian", adversarial_weight=1.0, discriminator_hidden=(32, 32)
    )
    adam = {"beta_1": 0.5}
    model.compile(
        keras.optimizers.Adam(1e-3),
        discriminator_optimizer=keras.optimizers.Adam(3e-3, **adam),
        encoder_optimizer=keras.optimizers.Adam(3e-3, **adam),
        steps_per_execution=8,
    )
    model.fit(x.astype("float32"), batch_size=64, epochs=120, verbose=0)
    codes = model.encode(x.astype("float32")).numpy()
    assert abs(codes.mean()) < 0.35 and 0.7 < codes.std() < 1.35


def test_updates_need_optimizers_of_their_own():
    model = AdversarialAutoencoder((4, 4, 1), latent_dim=2)
    adam = keras.optimizers.Adam()
    with pytest.raises(InputError, match="optimizer of its own"):
        model.compile(adam, discriminator_optimizer=adam)
    with pytest.raises(InputError, match="discriminator_optimizer.*Received: critic_optimizer"):
        model.compile(adam, critic_optimizer="adam")


# ---------------------------------------------------------------------- a reused encoder


@pytest.mark.parametrize("freeze", [False, True])
def test_a_frozen_encoder_stays_as_it_is(freeze):
    autoencoder = Autoencoder((4, 4, 1), latent_dim=3, hidden=(8,))
    before = autoencoder.encoder.get_weights()
    classifier = Classifier((4, 4, 1), 3, encoder=autoencoder.encoder, freeze=freeze)
    classifier.compile("sgd")
    head = classifier.head.get_weights()
    classifier.fit(X, np.arange(24) % 3, verbose=0)
    same = all(np.array_equal(a, b) for a, b in zip(before, autoencoder.encoder.get_weights(), strict=True))
    assert same == freeze
    assert not np.array_equal(head[0], classifier.head.get_weights()[0])


@pytest.mark.slow
def test_a_classifier_reuses_the_encoder_of_a_run(tmp_path):
    quiet = {"say": lambda line: None}
    run = train(get("autoencoder/digits").replace(epochs=1), tmp_path / "autoencoder", **quiet)
    recipe = get("classifier/digits").replace(epochs=1)
    arguments = {"pretrained": str(run.path), "freeze": True}
    classifier = train(recipe, tmp_path / "classifier", arguments=arguments, **quiet).model()
    learned, reused = run.model().encoder.get_weights(), classifier.encoder.get_weights()
    for one, other in zip(learned, reused, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(InputError, match="There is no run"):
        train(recipe, tmp_path / "other", arguments={"pretrained": str(tmp_path / "nowhere")}, **quiet)


# ---------------------------------------------------------------------- encode, decode, reconstruct

SMALL = {"latent_dim": 3, "hidden": (8,)}
IMAGES = {"hidden": (4, 8), "residual_blocks": 0, "num_codes": 5, "code_dim": 3, "prior_filters": 4}
WITH_OPTIONS = {"BetaTCVAE": {"size": 100}, "ConvolutionalAutoencoder": {"hidden": (4,)}, "VQVAE": IMAGES}


def encoding_models():
    """Names of the public models of images that encode, decode and reconstruct examples alone."""
    methods = ("encode", "decode", "reconstruct")
    return [
        name
        for name in models.MODELS
        if all(hasattr(getattr(models, name), method) for method in methods) and name != "ConditionalVAE"
    ]


@pytest.mark.parametrize("name", encoding_models())
@pytest.mark.by_default(every=3)
def test_decoding_what_encode_gives_is_the_reconstruction(name):
    options = {**SMALL, **WITH_OPTIONS.get(name, {})}
    if name == "VQVAE":
        options = IMAGES
    if name == "LadderVAE":
        options = {"latent_dims": (3, 2), "hidden": (8,)}
    if name == "SemiSupervisedAutoencoder":  # its code is the classes
        options = {"hidden": (8,)}
    model = getattr(models, name)((8, 8, 1), **options)
    for weight in model.trainable_weights:
        weight.assign_add(0.1 * RANDOM.standard_normal(weight.shape))
    x = RANDOM.random((5, 8, 8, 1), "float32")
    codes = model.encode(x)
    assert tuple(codes.shape[1:]) == tuple(model.latents.shape)
    np.testing.assert_array_equal(model.decode(codes), model.reconstruct(x))
    np.testing.assert_allclose(model(x), model.reconstruct(x), atol=1e-6)


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SparseAutoencoder((8, 8, 1), penalty="l3"), "Unknown penalty.*'l3'.*Closest: l1"),
        (lambda: SparseAutoencoder((8, 8, 1), target=0), "0 < target < 1.*target=0"),
        (lambda: SparseAutoencoder((8, 8, 1), weight=-1), "weight=-1"),
        (lambda: ContractiveAutoencoder((8, 8, 1), probes=0), "probes.*0"),
        (lambda: ContractiveAutoencoder((8, 8, 1), weight=-1), "weight=-1"),
        (lambda: SemiSupervisedAutoencoder((8, 8, 1), num_classes=1), "two classes.*num_classes=1"),
        (lambda: SemiSupervisedAutoencoder((8, 8, 1), weight=-1), "weight=-1"),
        (lambda: AdversarialAutoencoder((8, 8, 1), adversarial_weight=0), "> 0.*0"),
        (lambda: Classifier((8, 8, 1), 1), "two classes.*num_classes=1"),
        (lambda: Classifier((8, 8, 1), encoder=keras.layers.Conv2D(3, 3)), r"\[batch, features\]"),
        (lambda: ConvolutionalAutoencoder((10, 8, 1), hidden=(8, 16)), r"divisible by 4.*Nearest: \(8, 8\)"),
    ],
)
def test_impossible_arguments_are_refused_in_one_line(make, message):
    with pytest.raises(InputError, match=message) as error:
        make()
    assert "\n" not in str(error.value)
