"""Layers that measure their data while they train, frozen."""

import numpy as np
import pytest
import tensorflow as tf

from keraszoo.bijectors import BatchNorm
from keraszoo.layers import BatchNormalization, VectorQuantizer


@pytest.mark.parametrize(
    "make, shape",
    [
        (BatchNormalization, (6, 4)),
        (lambda: VectorQuantizer(5, 4, learning="ema", restart=0.5), (6, 3, 3, 4)),
        (lambda: BatchNorm((4,)), (6, 4)),
    ],
    ids=["BatchNormalization", "VectorQuantizer", "a flow's"],
)
def test_a_frozen_layer_leaves_what_it_measures_and_answers_as_in_inference(make, shape):
    """As Keras' own do: fine-tuning freezes a part with what it has measured."""
    layer, x = make(), np.random.default_rng(0).normal(3.0, 2.0, shape).astype("float32")
    if not layer.built:
        layer(x)
    call = layer.inverse_and_log_det if isinstance(layer, BatchNorm) else layer
    learned = [weight.numpy() for weight in layer.weights if "seed" not in weight.path]
    layer.trainable = False
    frozen, plain = call(x, training=True), call(x, training=False)
    for one, two in zip(tf.nest.flatten(frozen), tf.nest.flatten(plain), strict=True):
        np.testing.assert_array_equal(one, two)
    for weight, before in zip([w for w in layer.weights if "seed" not in w.path], learned, strict=True):
        np.testing.assert_array_equal(weight, before)
