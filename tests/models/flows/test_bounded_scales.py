"""Affine steps of a bounded scale: deep stacks meet outliers, and few rows are no points."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.bijectors.elementwise.univariate import univariate
from keraszoo.models import MAF, RealNVP


@pytest.mark.parametrize("value", [0.0, 1.0, -40.0, 1e9, -1e9])
def test_one_affine_step_scales_by_8_at_most(value):
    map_, z = univariate("affine"), tf.constant([-3.0, 0.5])
    parameters = tf.stack([tf.zeros(2), tf.fill([2], tf.constant(value))], axis=-1)
    x, log_scale = map_.forward(z, parameters)
    assert np.abs(log_scale).max() <= 2.0 and np.sign(log_scale[0]) == np.sign(value)
    np.testing.assert_allclose(map_.inverse(x, parameters)[0], z, rtol=1e-6)
    small = tf.constant([[0.0, 1e-3]])
    np.testing.assert_allclose(map_.forward(z[:1], small)[1], [1e-3], rtol=1e-3)  # nothing is lost near the identity


def outliers(rows):
    """A normal distribution of 4 features, of which one value in a hundred is 43 times as large."""
    random = np.random.default_rng(0)
    x = random.standard_normal((rows, 4))
    return np.where(random.random(x.shape) < 0.01, 43.0, 1.0).astype("float32") * x.astype("float32")


def test_a_deep_stack_is_finite_at_outliers_whatever_it_has_learned():
    flow = RealNVP((4,), transforms=32, hidden=(4,))
    for weight in flow.trainable_variables:
        weight.assign(1e3 * tf.random.stateless_normal(weight.shape, [0, 1]) * (len(weight.shape) == 1))
    x = np.diag(np.full(4, 43.0, "float32"))
    gradients, value = _gradients(flow, x)
    assert np.isfinite(value).all() and all(np.isfinite(gradient).all() for gradient in gradients)


def _gradients(flow, x):
    with tf.GradientTape() as tape:
        value = flow.log_prob(x)
    weights = [weight.value for weight in flow.trainable_variables]
    return tape.gradient(value, weights, unconnected_gradients="zero"), value


@pytest.mark.slow
@pytest.mark.parametrize("standardize", [False, True])
def test_a_deep_stack_learns_from_data_with_outliers(standardize):
    keras.utils.set_random_seed(0)
    flow = RealNVP((4,), transforms=32, hidden=(32, 32), standardize=standardize)
    flow.compile(keras.optimizers.Adam(5e-3), jit_compile=False)
    history = flow.fit(outliers(2000), epochs=20, batch_size=250, verbose=0).history["loss"]
    assert np.isfinite(history).all() and history[-1] < history[0]
    assert -np.mean(flow.log_prob(outliers(2000))) < history[0]


@pytest.mark.slow
@pytest.mark.parametrize("model", [MAF, RealNVP])
def test_few_rows_are_not_narrowed_to_points(model):
    """400 steps on 20 rows of two features, as nobody should: 1e23 and more with steps of any scale."""
    x = np.random.default_rng(0).standard_normal((2020, 2)).astype("float32")
    keras.utils.set_random_seed(0)
    flow = model((2,), standardize=True)
    flow.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
    flow.fit(x[:20], epochs=400, batch_size=20, verbose=0)
    assert -np.mean(flow.log_prob(x[20:])) < 1e8
