"""Prediction in parts."""

import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.layers.padding import mirror
from keraszoo.models import UNet
from keraszoo.networks import predict_tiled
from keraszoo.networks.unet import receptive_radius


def blurred(padding, radius=2):
    """A function of an image that sees `radius` pixels far."""
    kernel = tf.random.stateless_normal([2 * radius + 1, 2 * radius + 1, 2, 3], [1, 2])
    return lambda image: tf.nn.conv2d(image, kernel, 1, padding)


SIZES = [(1, 1), (1, 40), (7, 9), (12, 12), (13, 31), (40, 29)]


@pytest.mark.parametrize("size", SIZES)
def test_parts_with_a_margin_give_the_whole(size):
    image, function = tf.random.stateless_normal([2, *size, 2], [0, 0]), blurred("SAME")
    tiled = predict_tiled(function, image, 3, 12, overlap=6, margin=2)
    np.testing.assert_allclose(tiled, function(image), atol=1e-5)


@pytest.mark.parametrize("size", [(12, 12), (13, 31), (40, 29)])
@pytest.mark.parametrize("overlap", [0, 3])
def test_parts_of_a_function_without_padding_give_the_whole(size, overlap):
    image, function = tf.random.stateless_normal([2, *size, 2], [0, 0]), blurred("VALID")
    tiled = predict_tiled(function, image, 3, 12, overlap=overlap, lost=4)
    np.testing.assert_allclose(tiled, function(image), atol=1e-5)


def test_no_margin_leaves_seams_which_blending_makes_small():
    """What the other tests compare with would show a mistake."""
    image, function = tf.random.stateless_normal([1, 60, 60, 2], [0, 0]), blurred("SAME")
    seams = [
        float(tf.reduce_max(tf.abs(predict_tiled(function, image, 3, 20, **options) - function(image))))
        for options in ({"overlap": 0}, {"overlap": 4}, {"overlap": 4, "margin": 2})
    ]
    assert seams[0] > 1 and seams[1] > 0.1 and seams[2] < 1e-5


def test_a_graph_for_any_size_answers_as_the_function_does():
    function = blurred("SAME")

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 2])], autograph=False)
    def graph(image):
        return predict_tiled(function, image, 3, 12, overlap=6, margin=2)

    for size in SIZES:
        image = tf.random.stateless_normal([2, *size, 2], [0, 0])
        np.testing.assert_allclose(graph(image), function(image), atol=1e-5)


@pytest.mark.parametrize("options", [{"overlap": 12}, {"overlap": 3, "margin": 2}, {"overlap": 8, "lost": 4}])
def test_tiles_that_do_not_fit_are_refused(options):
    with pytest.raises(InputError, match="Tiles must overlap .* Received: tile=12"):
        predict_tiled(tf.identity, tf.zeros([1, 20, 20, 1]), 1, 12, **options)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("up", ["transposed", "upsampling"])
@pytest.mark.by_default("transposed-same")
def test_a_network_in_parts_predicts_what_it_predicts_for_the_whole(padding, up):
    options = {"padding": padding, "up": up, "depth": 2, "width": 4, "normalization": "batch", "residual": True}
    parts = UNet((None, None, 1), tile=92, attention=True, **options)
    whole = UNet((None, None, 1), tile=1020, attention=True, **options)
    whole.set_weights(parts.get_weights())
    image = np.random.default_rng(0).random((1, 203, 331, 1), "float32")
    np.testing.assert_allclose(parts.probabilities(image), whole.probabilities(image), atol=1e-5)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_no_pixel_further_than_the_radius_matters(depth):
    model = UNet((None, None, 1), depth=depth, width=4)
    image = np.random.default_rng(0).random((1, 1, 256, 1), "float32")
    changed = image.copy()
    changed[:, :, 128:] = 0
    (where,) = np.nonzero(np.abs(model.logits(image) - model.logits(changed)).max(-1)[0, 0] > 0)
    assert 128 - receptive_radius(depth) <= where.min() < 128 - receptive_radius(depth) // 2


def test_mirror_is_numpys_symmetric_padding():
    image = np.random.default_rng(0).random((1, 3, 4, 2), "float32")
    expected = np.pad(image, [(0, 0), (7, 2), (0, 9), (0, 0)], mode="symmetric")
    np.testing.assert_array_equal(mirror(tf.constant(image), (7, 2), (0, 9)), expected)
