"""LeNet-5: its published size, and the images that it takes."""

import keras
import numpy as np
import pytest

from keraszoo.core.errors import InputError
from keraszoo.models import Autoencoder, Classifier
from keraszoo.networks import lenet5_encoder


def test_classifier_of_mnist_has_the_published_number_of_weights():
    """156 + 2,416 + 48,120 + 10,164 + 850, with the second convolution connected in full."""
    classifier = Classifier((28, 28, 1), network="lenet5", features=84)
    assert [layer.count_params() for layer in classifier.encoder.layers if layer.weights] == [156, 2416, 48120, 10164]
    assert sum(np.prod(weight.shape) for weight in classifier.trainable_weights) == 61_706
    assert classifier.encoder(np.zeros([2, 28, 28, 1], "float32")).shape == (2, 84)


def test_features_are_activations():
    features = lenet5_encoder((16, 16, 3))(np.random.default_rng(0).normal(size=[9, 16, 16, 3]))
    assert features.shape == (9, 84)
    assert (np.abs(features) <= 1).all() and (np.abs(features) > 0).any()
    rectified = lenet5_encoder((16, 16, 3), activation="relu")(np.ones([2, 16, 16, 3], "float32"))
    assert (np.asarray(rectified) >= 0).all()


@pytest.mark.parametrize("shape", [(12, 12, 1), (13, 31, 2), (32, 32, 3)])
def test_any_image_of_twelve_pixels_is_taken(shape):
    assert lenet5_encoder(shape, 7)(np.zeros([1, *shape], "float32")).shape == (1, 7)


def test_a_trained_classifier_survives_saving(tmp_path):
    classifier = Classifier((12, 12, 1), 3, network="lenet5", features=84, hidden=(2, 3, 5))
    classifier.compile()
    classifier.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((2, 12, 12, 1), "float32")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(x), classifier(x))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Classifier((8, 8, 1), network="lenet5"), r"at least 12x12.*\(8, 8, 1\)"),
        (lambda: Classifier((784,), network="lenet5"), r"LeNet-5 takes images"),
        (lambda: Classifier((28, 28, 1), network="lenet5", hidden=(6, 16)), r"three hidden layers.*\(6, 16\)"),
        (lambda: Classifier((28, 28, 1), network="lenet"), "Closest: lenet5"),
        (lambda: Autoencoder((28, 28, 1), network="lenet5"), "Unknown network.*lenet5"),
    ],
)
def test_impossible_networks_are_refused_in_one_line(call, message):
    with pytest.raises(InputError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
