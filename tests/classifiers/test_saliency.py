"""Saliency: networks so small that the pictures can be written down."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.analysis import deconvolution, grad_cam, gradient_saliency
from keraszoo.core.errors import InputError
from keraszoo.layers import MaxPoolWithArgmax, MaxUnpool2D
from keraszoo.models import VAE, Classifier, GenerativeClassifier, SemiSupervisedAutoencoder

RANDOM = np.random.default_rng(0)


def network(shape, *layers):
    """A classifier of 3 classes on these layers, with random weights; what they give is flattened."""
    keras.utils.set_random_seed(0)
    encoder = keras.Sequential([keras.Input(shape), *layers])
    if len(encoder.output_shape) == 4:
        encoder.add(keras.layers.Flatten())
    return Classifier(shape, 3, encoder=encoder)


def conv(filters, size=3, activation=None, **options):
    return keras.layers.Conv2D(filters, size, activation=activation, bias_initializer="normal", **options)


# ---------------------------------------------------------------------- the gradient


def test_gradient_of_linear_logits_is_their_weights():
    model = network((2, 3, 2), keras.layers.Flatten())
    weights = model.head.get_weights()[0].reshape(2, 3, 2, 3)
    x, classes = RANDOM.random((2, 2, 3, 2), "float32"), np.array([2, 0])
    expected = np.abs(weights).max(axis=2)[..., classes].transpose(2, 0, 1)
    np.testing.assert_allclose(gradient_saliency(model, x, classes), expected, rtol=1e-5)
    answered = np.argmax(model.classify(x), axis=1)
    np.testing.assert_array_equal(gradient_saliency(model, x), gradient_saliency(model, x, answered))


@pytest.mark.parametrize("kind", ["semi_supervised", "generative"])
def test_gradient_of_every_model_with_logits(kind):
    x = RANDOM.random((6, 4, 4, 1), "float32")
    if kind == "semi_supervised":
        model = SemiSupervisedAutoencoder((4, 4, 1), 3)
    else:
        model = GenerativeClassifier((4, 4, 1), 3, density="naive_bayes")
        model.adapt(x, np.arange(6) % 3)
    assert gradient_saliency(model, x).any(axis=(1, 2)).all()


# ---------------------------------------------------------------------- Grad-CAM


@pytest.mark.parametrize("freeze", [False, True])
def test_grad_cam_of_mean_maps_is_the_class_activation_map(freeze):
    """Behind a global mean the weight of a map is the head's, over the number of places (Zhou et al., 2016)."""
    layers = [conv(4, activation="relu", name="maps"), keras.layers.GlobalAveragePooling2D()]
    encoder = network((6, 6, 2), *layers).encoder
    model = Classifier((6, 6, 2), 3, encoder=encoder, freeze=freeze)
    x, classes = RANDOM.standard_normal((3, 6, 6, 2)).astype("float32"), np.array([0, 1, 2])
    maps = encoder.get_layer("maps")(x).numpy()
    weights = model.head.get_weights()[0][:, classes].T / 16
    evidence = np.maximum(np.einsum("nijk,nk->nij", maps, weights), 0)
    expected = tf.image.resize(evidence[..., None], (6, 6))[..., 0]
    np.testing.assert_allclose(grad_cam(model, x, classes), expected, rtol=1e-4, atol=1e-6)


def test_the_last_convolution_comes_with_its_normalisation_and_activation():
    layers = [conv(2, name="first"), conv(3), keras.layers.BatchNormalization(), keras.layers.ReLU(name="last")]
    model = network((8, 8, 1), *layers, keras.layers.MaxPooling2D(2))
    x = RANDOM.random((1, 8, 8, 1), "float32")
    np.testing.assert_array_equal(grad_cam(model, x), grad_cam(model, x, layer="last"))
    assert (grad_cam(model, x) != grad_cam(model, x, layer="first")).any()


def test_grad_cam_of_maps_before_all_weights():
    model = network((8, 8, 1), keras.layers.MaxPooling2D(2, name="pool"), conv(2))
    assert grad_cam(model, RANDOM.random((2, 8, 8, 1), "float32"), layer="pool").shape == (2, 8, 8)


def test_grad_cam_of_shortcuts():
    resnet = Classifier((8, 8, 3), 3, network="resnet8", hidden=(2, 2), features=2)
    assert grad_cam(resnet, RANDOM.random((2, 8, 8, 3), "float32")).shape == (2, 8, 8)


# ---------------------------------------------------------------------- the deconvolution


def test_without_rectifiers_it_is_the_gradient_of_the_strongest_activation():
    model = network((9, 9, 2), conv(3, strides=2, padding="same"), keras.layers.ZeroPadding2D(1), conv(4))
    x = RANDOM.standard_normal((2, 9, 9, 2)).astype("float32")
    with tf.GradientTape() as tape:
        images = tf.constant(x)
        tape.watch(images)
        flat = model.encoder(images)
        strongest = tf.reduce_max(flat, axis=1)
    expected = tape.gradient(strongest, images) * strongest[:, None, None, None]
    np.testing.assert_allclose(deconvolution(model, x), expected, rtol=1e-4, atol=1e-5)


def test_what_comes_back_is_rectified_and_what_went_forward_does_not_gate_it():
    """x = 2 -> maps (2, 0) -> 2 + 0; back (2, 1), both let through -> 2 - 1, where the gradient's gate would give 2."""
    model = network((1, 1, 1), conv(2, 1, "relu"), conv(1, 1))
    first, second = model.encoder.layers[:2]
    first.set_weights([np.array([1.0, -1.0]).reshape(1, 1, 1, 2), np.zeros(2)])
    second.set_weights([np.array([1.0, 0.5]).reshape(1, 1, 2, 1), np.zeros(1)])
    x = np.full([1, 1, 1, 1], 2.0, "float32")
    np.testing.assert_allclose(deconvolution(model, x).ravel(), [1.0])
    second.set_weights([np.array([1.0, -0.5]).reshape(1, 1, 2, 1), np.zeros(1)])
    np.testing.assert_allclose(deconvolution(model, x).ravel(), [2.0])  # -1 does not pass


def test_pooling_is_undone_by_its_switches():
    pool = keras.layers.MaxPooling2D(2, name="pool")
    model = network((4, 4, 1), conv(1, 1), pool)
    kernel = np.full([1, 1, 1, 1], 1.0, "float32")
    model.encoder.layers[0].set_weights([kernel, np.zeros(1, "float32")])
    x = RANDOM.permutation(16).reshape(1, 4, 4, 1).astype("float32") + 1
    maxima, positions = MaxPoolWithArgmax()(tf.constant(x))
    kept = np.where(maxima == maxima.numpy().max(), maxima, 0)
    np.testing.assert_array_equal(deconvolution(model, x, layer="pool"), MaxUnpool2D()([kept, positions]))


def test_the_network_of_the_paper():
    """ZFNet, with the normalisation and the overlapping pooling that it has."""
    hidden = (4, 4, 4, 4, 4, 8)
    model = Classifier((32, 32, 3), 3, network="zfnet", features=8, hidden=hidden)
    x = RANDOM.random((2, 32, 32, 3), "float32")
    for layer in ("conv1", "conv2", None):
        assert deconvolution(model, x, layer=layer).any(axis=(1, 2, 3)).all(), layer
    assert grad_cam(model, x).shape == (2, 32, 32)


def test_a_chosen_map_is_projected():
    model = network((5, 5, 1), conv(3, activation="relu"))
    x = RANDOM.random((1, 5, 5, 1), "float32")
    each = [deconvolution(model, x, unit=unit) for unit in range(3)]
    strongest = int(np.argmax(model.encoder.layers[0](x).numpy().max(axis=(0, 1, 2))))
    np.testing.assert_array_equal(deconvolution(model, x), each[strongest])
    model.encoder.layers[0].set_weights([model.encoder.layers[0].get_weights()[0], np.full(3, -9.0)])
    assert not deconvolution(model, x).any()  # nothing is active


# ---------------------------------------------------------------------- refused


def dense():
    return Classifier((12, 12, 1), 3)


def lenet(activation="relu"):
    return Classifier((12, 12, 1), 3, network="lenet5", activation=activation)


def resnet():
    return Classifier((12, 12, 1), 3, network="resnet8", hidden=(2, 2), features=2)


SHOWN = np.zeros([2, 12, 12, 1], "float32")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: gradient_saliency(VAE((12, 12, 1), 2), SHOWN), "classifier.*a VAE"),
        (lambda: gradient_saliency(Classifier((4,), 3), np.zeros([2, 4], "float32")), r"images.*\(4,\)"),
        (lambda: gradient_saliency(dense(), SHOWN, [0, 3]), r"2 integers from 0 to 2.*\[0, 3\]"),
        (lambda: gradient_saliency(dense(), SHOWN, [0]), "one for each image"),
        (lambda: gradient_saliency(dense(), np.zeros([2, 8, 8, 1], "float32")), r"shape \(None, 12, 12, 1\)"),
        (lambda: grad_cam(dense(), SHOWN), "encoder with convolutions"),
        (lambda: grad_cam(lenet(), SHOWN, layer="conv"), "no layer of maps.*'conv'"),
        (lambda: grad_cam(GenerativeClassifier((12, 12, 1), 3), SHOWN), "on an encoder.*GenerativeClassifier"),
        (lambda: deconvolution(lenet(activation="tanh"), SHOWN), "ReLUs.* with tanh"),
        (lambda: deconvolution(resnet(), SHOWN), "Received: .*BatchNormalization"),
        (lambda: deconvolution(lenet(), SHOWN, unit=16), "from 0 to 15. Received: 16"),
        (lambda: deconvolution(dense(), SHOWN), "encoder with convolutions"),
    ],
)
def test_refused(call, says):
    with pytest.raises(InputError, match=says) as refusal:
        call()
    assert "\n" not in str(refusal.value)


def test_networks_with_branches_are_refused():
    image = keras.Input((4, 4, 1))
    left, right = conv(2, name="left")(image), conv(2, name="right")(image)
    encoder = keras.Model(image, keras.layers.Flatten()(keras.layers.Add()([left, right])))
    model = Classifier((4, 4, 1), 3, encoder=encoder)
    with pytest.raises(InputError, match="right does not follow left|left does not follow right|Add"):
        deconvolution(model, np.zeros([1, 4, 4, 1], "float32"))
