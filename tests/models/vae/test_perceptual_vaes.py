"""Laws of the VAEs that compare images in hidden layers: a fixed network's, or their own discriminator's."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.distributions import Gaussian
from keraszoo.losses import normal_kl
from keraszoo.models import DFCVAE, VAEGAN, Classifier
from keraszoo.networks import LossNetwork, loss_network
from keraszoo.networks.hidden_layers import activations
from keraszoo.training import train

SHAPE = (8, 8, 1)
SMALL = {"latent_dim": 3, "hidden": (16,)}


def images(rows=6, shape=SHAPE, seed=0):
    return np.random.default_rng(seed).random((rows, *shape), "float32")


def identity(shape=SHAPE):
    return keras.Sequential([keras.Input(shape), keras.layers.Activation("linear", name="same")])


def lenet():
    return Classifier((16, 16, 1), network="lenet5", features=12, hidden=(3, 4, 20), activation="tanh")


def arrays(layer):
    return [np.array(variable) for variable in layer.variables]


def same(before, layer):
    return all(np.array_equal(a, b) for a, b in zip(before, arrays(layer), strict=True))


# ---------------------------------------------------------------------- the loss network


def test_alike_images_have_no_distance():
    model = DFCVAE(SHAPE, **SMALL)
    np.testing.assert_array_equal(model.feature_distance(images(), images()), 0.0)
    assert np.all(model.feature_distance(images(), images(seed=1)) > 0)


def test_the_identity_gives_the_squared_error_of_the_pixels():
    x, y = images(), images(seed=1)
    model = DFCVAE(SHAPE, **SMALL, loss_network=identity(), layers="same")
    squares = np.square(x - y).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(model.feature_distance(x, y), squares / 2, rtol=1e-5)
    constant = 0.5 * 64 * np.log(2 * np.pi)
    np.testing.assert_allclose(
        model.feature_distance(x, y) + constant, Gaussian(1.0).negative_log_likelihood(x, y), rtol=1e-5
    )
    mean = DFCVAE(SHAPE, **SMALL, loss_network=identity(), layers="same", reduction="mean")
    np.testing.assert_allclose(mean.feature_distance(x, y), squares / 128, rtol=1e-5)


def test_layers_add_up_with_their_weights():
    x, y, classifier = images(shape=(16, 16, 1)), images(shape=(16, 16, 1), seed=1), lenet()
    parts = [
        DFCVAE((16, 16, 1), **SMALL, loss_network=classifier, layers=(layer,)).feature_distance(x, y)
        for layer in (0, 1, -1)
    ]
    weighted = DFCVAE((16, 16, 1), **SMALL, loss_network=classifier, layers=(0, 1, -1), layer_weights=(2, 0, 0.5))
    np.testing.assert_allclose(weighted.feature_distance(x, y), 2 * parts[0] + 0.5 * parts[2], rtol=1e-5)


def test_terms_are_those_of_the_paper_and_per_example(same_noise):
    options = {**SMALL, "seed": 3}
    model = DFCVAE(SHAPE, **options, alpha=0.3, beta=0.7, pixel_weight=0.2)
    x = images()
    q = model.posterior(x)
    output = model.decoder(q.draw(model.noise)[0])
    terms = model.loss_terms(x)
    np.testing.assert_allclose(terms["kl"], 0.3 * normal_kl(q.mean(), q.log_var), rtol=1e-5)
    np.testing.assert_allclose(terms["features"], 0.7 * model.feature_distance(x, tf.sigmoid(output)), rtol=1e-5)
    pixels = model.likelihood.negative_log_likelihood(x, output)
    np.testing.assert_allclose(terms["reconstruction"], 0.2 * pixels, rtol=1e-5)
    twice = model.loss_terms(np.concatenate([x, x]))
    for name, term in terms.items():
        np.testing.assert_allclose(twice[name], np.tile(term, 2), rtol=1e-4)


@pytest.mark.slow
def test_training_leaves_the_network_bit_for_bit_and_moves_the_rest():
    batch_normalised = keras.Sequential([
        keras.Input(SHAPE),
        keras.layers.Conv2D(4, 3),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(3),
    ])  # fmt: skip
    model = DFCVAE(SHAPE, **SMALL, loss_network=batch_normalised, pixel_weight=0.1)
    model.compile(keras.optimizers.Adam(1e-2))
    fixed, learned = arrays(model.loss_network), arrays(model.encoder) + arrays(model.decoder)
    model.fit(images(32), batch_size=8, epochs=2, verbose=0)
    assert fixed and same(fixed, model.loss_network)
    moved = [np.array_equal(a, b) for a, b in zip(learned, arrays(model.encoder) + arrays(model.decoder), strict=True)]
    assert not any(moved)
    theirs = {id(variable) for variable in model.loss_network.variables}
    assert not theirs & {id(variable) for variable in model.trainable_variables}
    assert len(model.optimizer.variables) == 2 + 2 * len(model.trainable_variables)


def test_gradients_reach_encoder_and_decoder_through_the_features_alone():
    model = DFCVAE(SHAPE, **SMALL)
    for network in (model.encoder, model.decoder):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model.loss_terms(images())["features"])
        for gradient in tape.gradient(loss, [variable.value for variable in network.trainable_variables]):
            assert np.abs(gradient).max() > 0


def test_what_it_was_made_of_goes_its_own_way():
    classifier = lenet()
    model = DFCVAE((16, 16, 1), **SMALL, loss_network=classifier)
    x = images(shape=(16, 16, 1))
    assert classifier.encoder.trainable and classifier.trainable_variables
    np.testing.assert_array_equal(model.compared_features(x)[-1], classifier.encoder(x))
    before = arrays(model.loss_network)
    for variable in classifier.variables:
        variable.assign(tf.zeros(variable.shape))
    assert same(before, model.loss_network)


def test_layers_of_another_network_are_looked_into_where_they_stand_now():
    """A layer that stood in another network first has an output there too."""
    layers = [keras.layers.Flatten(), keras.layers.Dense(5, "relu"), keras.layers.Dense(2)]
    other = keras.Sequential([keras.Input(SHAPE), *layers])
    shared = keras.Sequential([keras.Input(SHAPE), keras.layers.Rescaling(3.0), *layers])
    x = images()
    expected = layers[1](layers[0](3 * x))
    for network in (shared, keras.Model(shared.inputs[0], shared.outputs[0])):
        (features,) = loss_network(network, SHAPE)(x)
        np.testing.assert_allclose(features, expected, rtol=1e-6)
    assert other(x).shape == (6, 2)


def test_random_weights_follow_the_seed_alone():
    with_noise = [loss_network(None, SHAPE, seed=1)(images())[-1]]
    keras.random.normal([3])
    with_noise.append(loss_network(None, SHAPE, seed=1)(images())[-1])
    np.testing.assert_array_equal(*with_noise)
    assert not np.array_equal(with_noise[0], loss_network(None, SHAPE, seed=2)(images())[-1])


def test_layers_are_the_first_of_each_resolution_but_the_last():
    block = [keras.layers.Conv2D(2, 3, padding="same", activation="relu") for _ in range(4)]
    pool, flat = keras.layers.MaxPooling2D(), keras.layers.Flatten()
    dense = [keras.layers.Dense(5, "tanh"), keras.layers.Dense(4, "relu"), keras.layers.Dense(3, "softmax")]
    network = keras.Sequential([keras.Input(SHAPE), *block[:2], pool, *block[2:], flat, *dense])
    shapes = [tuple(each.shape) for each in loss_network(network, SHAPE)(images(1))]
    assert shapes == [(1, 8, 8, 2), (1, 4, 4, 2), (1, 5), (1, 4)]
    assert len(activations(network)) == 7
    (named,) = loss_network(network, SHAPE, layers=block[3].name)(images(1))
    (numbered,) = loss_network(network, SHAPE, layers=3)(images(1))
    np.testing.assert_array_equal(named, numbered)


def test_an_applications_network_sees_what_it_was_made_for():
    """Three channels, resized, prepared as it wants; the layers are those of the paper."""
    network = loss_network("VGG19", SHAPE, size=(16, 16))
    assert network.network.output_names == ["block1_conv1", "block2_conv1", "block3_conv1"]
    theirs = keras.applications.VGG19(include_top=False, weights=None, input_shape=(None, None, 3))
    theirs = keras.Model(theirs.input, theirs.get_layer("block2_conv1").output)
    theirs.set_weights(network.network.get_weights()[: len(theirs.weights)])
    rgb = tf.repeat(tf.image.resize(images(), (16, 16)), 3, axis=-1)
    prepared = keras.applications.vgg19.preprocess_input(255.0 * rgb)
    np.testing.assert_allclose(network(images())[1], theirs(prepared), rtol=1e-4, atol=1e-3)


def test_images_are_resized_for_a_network_of_one_size():
    classifier = lenet()
    (features,) = loss_network(classifier, SHAPE, layers=0)(images())
    (expected,) = loss_network(classifier, (16, 16, 1), layers=0)(tf.image.resize(images(), (16, 16)))
    np.testing.assert_array_equal(features, expected)


@pytest.mark.parametrize("network", ["path", "application", None])
@pytest.mark.by_default("path", "None")
def test_a_file_needs_nothing_of_what_the_network_was_made_of(network, tmp_path):
    shape = (16, 16, 1)
    if network == "path":
        lenet().save(tmp_path / "classifier.keras")
        given = tmp_path / "classifier.keras"
    else:
        given = "mobilenet_v2" if network else None
    model = DFCVAE(shape, **SMALL, loss_network=given, layer_weights=None, reduction="mean")
    model.save(tmp_path / "model.keras")
    if network == "path":
        given.unlink()
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.reduction == "mean" and isinstance(restored.loss_network, LossNetwork)
    x = images(shape=shape)
    for mine, theirs in zip(model.compared_features(x), restored.compared_features(x), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert not restored.loss_network.trainable_variables


@pytest.mark.slow
def test_a_run_of_the_zoo_is_a_loss_network_and_is_not_needed_afterwards(tmp_path):
    train("classifier/digits", tmp_path / "classifier", epochs=1, say=lambda text: None)
    where = {"loss_network": str(tmp_path / "classifier")}
    run = train("dfc_vae/digits", tmp_path / "run", epochs=1, arguments=where, say=lambda text: None)
    classifier = keras.saving.load_model(tmp_path / "classifier" / "model.keras")
    (tmp_path / "classifier").rename(tmp_path / "elsewhere")
    model = run.model()
    np.testing.assert_array_equal(
        model.compared_features(images())[0], classifier.encoder.layers[1](images().reshape([6, 64]))
    )
    assert model.sample(2, seed=0).shape == (2, *SHAPE)


class Subclassed(keras.Model):
    def call(self, x):
        return x


def linear(shape=SHAPE):
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(2)])


MISTAKES = [
    ({"loss_network": "vgg91"}, "none of that name. Received: 'vgg91'. Closest: vgg19"),
    ({"loss_network": "vgg19", "weights": "nowhere.h5"}, "vgg19 cannot have these weights. Received.*weights=None"),
    ({"weights": "imagenet"}, "weights are those of a keras.applications network"),
    ({"loss_network": Subclassed}, "functional or Sequential .* Received: Subclassed"),
    ({"loss_network": linear}, "no hidden layer that is not linear"),
    ({"loss_network": lambda: identity((8, 8, 3)), "layers": "sane"}, "no such layer. Received: 'sane'. Closest: same"),
    ({"loss_network": lambda: identity((8, 8, 1)), "image_shape": (8, 8, 3)}, r"takes examples of shape \(8, 8, 1\)"),
    ({"layers": (3,)}, "3 activations, which are counted from 0. Received: layer 3"),
    ({"layers": (0, 1), "layer_weights": (1.0,)}, "a number for each of 2 layers"),
    ({"layers": (0, 1), "layer_weights": (1.0, -1.0)}, r"must be >= 0. Received: layer_weights\[1\]=-1.0"),
    ({"reduction": "meen"}, "reduction.*'meen'"),
    ({"alpha": -1}, "must be >= 0. Received: alpha=-1"),
    ({"beta": 0}, "beta weighs the features"),
    ({"image_shape": (8,)}, r"compares images .* Received: image_shape=\(8,\)"),
    ({"loss_network": "vgg19", "layers": "block5_conv4"}, "cannot take images of"),
    ({"loss_network": "vgg19", "size": (0, 3)}, "size must be made of integers >= 1"),
    ({"loss_network": lambda: identity(), "layers": "same", "size": 16}, r"it takes \(8, 8\). Received: \(16, 16\)"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "message"), MISTAKES, ids=[str(number) for number in range(len(MISTAKES))])
def test_mistakes_are_one_line(options, message):
    options = {"image_shape": SHAPE, **SMALL, **options}
    if callable(options.get("loss_network")):
        options["loss_network"] = options["loss_network"]()
    with pytest.raises(InputError, match=message) as error:
        DFCVAE(**options)
    assert "\n" not in str(error.value)


def test_a_missing_run_or_a_damaged_file_is_one_line(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="There is no run at"):
        DFCVAE(SHAPE, **SMALL, loss_network=tmp_path / "empty")
    (tmp_path / "model.keras").write_text("nothing")
    with pytest.raises(InputError, match="cannot be read from"):
        DFCVAE(SHAPE, **SMALL, loss_network=tmp_path / "model.keras")


# ---------------------------------------------------------------------- VAE-GAN

GAN_SMALL = {**SMALL, "discriminator_hidden": (12, 6)}
CONVOLUTIONAL = {
    "latent_dim": 3, "network": "convolutional", "hidden": (4, 8), "discriminator_hidden": (4, 8),
    "discriminator_normalization": "batch",
}  # fmt: skip


def compiled(model):
    model.compile(**{name: keras.optimizers.Adam(1e-2) for name in model.updates()})
    return model


def networks(model):
    return {
        "optimizer": model.encoder,
        "decoder_optimizer": model.decoder,
        "discriminator_optimizer": model.discriminator,
    }


def with_moving_statistics():
    """A VAE-GAN all of whose networks have moving statistics."""
    layers = keras.layers
    encoder = keras.Sequential([
        keras.Input(SHAPE), layers.Flatten(), layers.Dense(8), layers.BatchNormalization(), layers.ReLU(),
        layers.Dense(6),
    ])  # fmt: skip
    decoder = keras.Sequential([
        keras.Input((3,)), layers.Dense(8), layers.BatchNormalization(), layers.ReLU(), layers.Dense(64),
        layers.Reshape(SHAPE),
    ])  # fmt: skip
    return VAEGAN(SHAPE, **CONVOLUTIONAL, encoder=encoder, decoder=decoder)


@pytest.mark.parametrize("turn", ["optimizer", "decoder_optimizer", "discriminator_optimizer"])
def test_a_turn_leaves_the_other_networks_bit_for_bit(turn):
    model = compiled(with_moving_statistics())
    before = {name: arrays(network) for name, network in networks(model).items()}
    model.step_of([turn], (tf.constant(images(16)),))
    for name, network in networks(model).items():
        if name == turn:
            assert not any(np.array_equal(a, b) for a, b in zip(before[name], arrays(network), strict=True))
        else:
            assert same(before[name], network)


def test_the_three_losses_are_those_of_the_paper(same_noise):
    x, model = images(), VAEGAN(SHAPE, **GAN_SMALL, gamma=0.25)
    q = model.posterior(x)
    y = tf.sigmoid(model.decoder(q.draw(model.noise)[0]))
    s = tf.sigmoid(model.decoder(keras.random.normal(q.mean().shape, dtype="float32", seed=model.noise)))
    (h, real), (h_y, rebuilt), (_, sampled) = (model.discriminate(each) for each in (x, y, s))
    probability = {name: 1 / (1 + np.exp(-np.array(logit))) for name, logit in
                   (("x", real), ("y", rebuilt), ("s", sampled))}  # fmt: skip
    terms = model.loss_terms(x)
    distance = 0.5 * np.square(h - h_y).sum(axis=1)
    np.testing.assert_allclose(terms["kl"], normal_kl(q.mean(), q.log_var), rtol=1e-5)
    np.testing.assert_allclose(terms["features"], distance, rtol=1e-4)
    np.testing.assert_allclose(terms["decoder_features"], 0.25 * distance, rtol=1e-4)
    np.testing.assert_allclose(terms["decoder"], -np.log(probability["y"]) - np.log(probability["s"]), rtol=1e-4)
    expected = -np.log(probability["x"]) - np.log(1 - probability["y"]) - np.log(1 - probability["s"])
    np.testing.assert_allclose(terms["discriminator"], expected, rtol=1e-4)
    for name, logit in (("real", real), ("reconstruction", rebuilt), ("sample", sampled)):
        np.testing.assert_allclose(terms[f"{name}_logit"], logit, rtol=1e-4, atol=1e-6)


def test_an_undecided_discriminator_costs_log_two_each():
    model = VAEGAN(SHAPE, **GAN_SMALL)
    for variable in model.discriminator.trainable_variables[-2:]:
        variable.assign(tf.zeros(variable.shape))
    terms = model.loss_terms(images())
    np.testing.assert_allclose(terms["decoder"], 2 * np.log(2), rtol=1e-5)
    np.testing.assert_allclose(terms["discriminator"], 3 * np.log(2), rtol=1e-5)


def test_a_decoder_that_rebuilds_has_no_features_left():
    """Encoder and decoder are each other's inverse here, and the posterior has no width."""
    encoder = keras.Sequential([
        keras.Input((4,)), keras.layers.Dense(8, kernel_initializer="zeros", bias_initializer="zeros"),
    ])  # fmt: skip
    decoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    encoder.layers[0].set_weights([np.eye(4, 8), np.repeat([0.0, -60.0], 4)])
    decoder.layers[0].set_weights([np.eye(4), np.zeros(4)])
    model = VAEGAN((4,), 4, likelihood="gaussian", encoder=encoder, decoder=decoder, discriminator_hidden=(5,))
    x = images(shape=(4,))
    terms = model.loss_terms(x)
    np.testing.assert_allclose(terms["features"], 0.0, atol=1e-9)
    np.testing.assert_allclose(terms["reconstruction_logit"], terms["real_logit"], atol=1e-5)


def test_images_are_judged_apart_from_decoded_draws():
    """Of a batch-normalised discriminator the answer to images does not depend on what the decoder made."""
    model = with_moving_statistics()
    x = tf.constant(images(16))
    logit = model.discriminator_terms(x, training=True)["real_logit"]
    for variable in model.decoder.trainable_variables:
        variable.assign(5.0 * tf.ones(variable.shape))
    np.testing.assert_array_equal(model.discriminator_terms(x, training=True)["real_logit"], logit)


@pytest.mark.parametrize(("layer", "units"), [(0, 4 * 4 * 4), (1, 2 * 2 * 8), (-1, 2 * 2 * 8)])
def test_features_are_the_hidden_layer_that_is_asked_for(layer, units):
    model = VAEGAN(SHAPE, **CONVOLUTIONAL, feature_layer=layer)
    assert model.discriminate(images())[0].shape == (6, units)
    assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(model)).feature_layer == layer


@pytest.mark.slow
def test_a_discriminator_of_your_own_keeps_its_layer_by_name(tmp_path):
    network = keras.Sequential([
        keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(7, "relu", name="seen"),
        keras.layers.Dense(5, "relu"), keras.layers.Dense(1),
    ])  # fmt: skip
    model = compiled(VAEGAN(SHAPE, **SMALL, discriminator=network, feature_layer="seen"))
    model.fit(images(16), batch_size=8, verbose=0)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    for mine, theirs in zip(model.discriminate(images()), restored.discriminate(images()), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert restored.discriminate(images())[0].shape == (6, 7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gamma": 0}, "must be > 0. Received: gamma=0"),
        ({"feature_layer": 2}, "2 activations, which are counted from 0. Received: layer 2"),
        ({"feature_layer": "conv"}, "The discriminator has no such layer. Received: 'conv'"),
        ({"discriminator": Subclassed}, "functional or Sequential"),
        ({"discriminator": linear}, "discriminator must map"),
        ({"discriminator_hidden": ()}, "no hidden layer"),
        ({"discriminator_normalization": "bach"}, "'bach'"),
    ],
)
def test_impossible_discriminators_are_one_line(options, message):
    options = {**GAN_SMALL, **options}
    if callable(options.get("discriminator")):
        options["discriminator"] = options["discriminator"]()
    with pytest.raises(InputError, match=message) as error:
        VAEGAN(SHAPE, **options)
    assert "\n" not in str(error.value)
