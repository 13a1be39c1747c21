"""Rotation prediction turns images as np.rot90 does."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.models import RotationPrediction


def test_the_loss_is_the_mean_over_the_four_quarter_turns():
    model = RotationPrediction((8, 8, 3), hidden=(4,), features=4)
    x = np.random.default_rng(0).random((5, 8, 8, 3), "float32")
    log_probabilities = [np.log(model.predict_rotation(np.rot90(x, turns, axes=(1, 2)).copy())) for turns in range(4)]
    terms = model.loss_terms(tf.constant(x))
    expected = -np.mean([log[:, turns] for turns, log in enumerate(log_probabilities)], axis=0)
    np.testing.assert_allclose(terms["cross_entropy"], expected, rtol=1e-4)
    right = np.mean([log.argmax(axis=1) == turns for turns, log in enumerate(log_probabilities)], axis=0)
    np.testing.assert_allclose(terms["accuracy"], right)


@pytest.mark.slow
def test_it_learns_to_turn_images_upright():
    """Images that are bright above are told apart by their brightest side."""
    x = np.random.default_rng(0).random((256, 8, 8, 1), "float32") * np.linspace(1, 0.5, 8)[:, None, None]
    model = RotationPrediction((8, 8, 1), network="dense", hidden=(32,))
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(x.astype("float32"), epochs=15, verbose=0)
    turned = np.rot90(x, 3, axes=(1, 2)).astype("float32")
    assert np.mean(np.argmax(model.predict_rotation(turned), axis=1) == 3) > 0.95


def test_images_must_be_square():
    with pytest.raises(InputError, match=r"square images only.*\(8, 6, 3\). Nearest: \(6, 6, 3\)"):
        RotationPrediction((8, 6, 3))
