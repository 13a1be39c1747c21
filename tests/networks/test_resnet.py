"""ResNets for small images: the paper's sizes, its shortcuts, and what is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.layers import BatchNormalization
from keraszoo.models import Classifier
from keraszoo.networks import cifar_resnet_encoder


def learned(layers):
    return sum(int(np.prod(weight.shape)) for weight in layers.trainable_weights)


@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)])
@pytest.mark.by_default("20-0.27")
def test_depth_and_number_of_parameters_are_the_papers(depth, millions):
    """Table 6 of He et al. (2016)."""
    model = Classifier((32, 32, 3), network=f"resnet{depth}")
    assert round(learned(model) / 1e6, 1 if millions > 1 else 2) == millions
    weighty = [layer for layer in model._flatten_layers() if hasattr(layer, "kernel")]
    assert len(weighty) == depth


def test_stages_halve_the_image_and_the_features_are_means_of_the_last_maps():
    network = cifar_resnet_encoder((33, 20, 3), 8, hidden=(4, 6), blocks=2)
    grids = [layer.output.shape[1:] for layer in network.layers if isinstance(layer, keras.layers.Add)]
    assert grids == [(33, 20, 4)] * 2 + [(17, 10, 6)] * 2 + [(9, 5, 8)] * 2
    last = keras.Model(network.input, network.layers[-2].output)
    x = np.random.default_rng(0).random((3, 33, 20, 3), "float32")
    np.testing.assert_allclose(network(x), np.mean(last(x), axis=(1, 2)), rtol=1e-5, atol=1e-6)


def test_blocks_without_a_change_pass_every_second_pixel_and_zeros_for_new_channels():
    """With the last normalisation of each block at gain 0 shortcuts alone are left."""
    network = cifar_resnet_encoder((8, 8, 3), 7, hidden=(4, 5), blocks=1)
    for layer in [layer for layer in network.layers if isinstance(layer, BatchNormalization)][2::2]:
        layer.gamma.assign(tf.zeros_like(layer.gamma))
    stem = keras.Model(network.input, network.layers[3].output)
    x = np.random.default_rng(0).random((2, 8, 8, 3), "float32")
    expected = np.zeros([2, 7], "float32")
    expected[:, :4] = np.mean(stem(x)[:, ::4, ::4], axis=(1, 2))
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(network(x), expected, rtol=1e-5, atol=1e-6)


def test_he_initialisation_keeps_the_variance_of_rectified_layers():
    layers = cifar_resnet_encoder((32, 32, 3), 64, blocks=1).layers
    kernel = [layer.kernel for layer in layers if isinstance(layer, keras.layers.Conv2D)][-1]
    assert kernel.shape == (3, 3, 64, 64) and np.var(kernel) == pytest.approx(2 / np.prod(kernel.shape[:3]), rel=0.1)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Classifier((64,), network="resnet20"), r"takes images.*\(64,\)"),
        (lambda: Classifier((8, 8, 1), network="resnet8", features=8), r"fewer filters.*features=8"),
        (lambda: Classifier((8, 8, 1), network="resnet21"), "Closest: .*resnet20"),
    ],
)
def test_impossible_resnets_are_refused_in_one_line(make, reason):
    with pytest.raises(InputError, match=reason) as error:
        make()
    assert "\n" not in str(error.value) and "Received" in str(error.value)
