"""Continuous flows that are trained by flow matching."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability.python import distributions as tfd

from keraszoo.core.errors import InputError
from keraszoo.models import ContinuousFlow
from keraszoo.models.flows.probability_paths import PATHS


@pytest.mark.parametrize("path", PATHS)
def test_a_path_leads_from_the_noise_to_the_example_at_its_velocity(path):
    noise, x = (tf.random.stateless_normal([6, 3], (i, 0), dtype=tf.float64) for i in range(2))
    np.testing.assert_allclose(PATHS[path](noise, x, tf.zeros([6, 1], tf.float64))[0], noise)
    np.testing.assert_allclose(PATHS[path](noise, x, tf.ones([6, 1], tf.float64))[0], x, atol=1e-15)
    time = tf.random.stateless_uniform([6, 1], (2, 0), dtype=tf.float64)
    ahead, behind = (PATHS[path](noise, x, time + sign * 1e-6)[0] for sign in (1, -1))
    np.testing.assert_allclose(PATHS[path](noise, x, time)[1], (ahead - behind) / 2e-6, atol=1e-8)


def test_the_circular_path_keeps_the_variance():
    noise, x = (tf.random.stateless_normal([20000, 1], (i, 0)) for i in range(2))
    for time in (0.2, 0.5, 0.9):
        place, _ = PATHS["variance_preserving"](noise, x, tf.fill([20000, 1], time))
        assert np.var(place) == pytest.approx(1.0, abs=0.03)


@pytest.mark.by_default("optimal_transport")
@pytest.mark.parametrize("path", PATHS)
def test_matching_finds_the_velocity_field_of_a_gaussian(path):
    """Between N(0, 1) and N(m, s^2) place and velocity are Gaussian together, so E[velocity | place] is a line."""
    mean, deviation = 1.0, 0.5
    x = mean + deviation * tf.random.stateless_normal([8192, 1], (0, 0)).numpy()
    keras.utils.set_random_seed(0)
    flow = ContinuousFlow((1,), hidden=(32, 32), objective="flow_matching", path=path)
    rate = keras.optimizers.schedules.CosineDecay(2e-2, 1600)
    flow.compile(keras.optimizers.Adam(rate), steps_per_execution=64)
    flow.fit(x, batch_size=256, epochs=50, verbose=0)
    for time in (0.1, 0.5, 0.9):
        times = tf.fill([20000, 1], time)
        noise, examples = (tf.random.stateless_normal([20000, 1], (i, 0)) for i in (3, 4))
        place, velocity = PATHS[path](noise, mean + deviation * examples, times)
        slope = np.cov(place[:, 0], velocity[:, 0])[0, 1] / np.var(place)
        expected = np.mean(velocity) + slope * (place - np.mean(place))
        found = flow.chain[-1].velocity(place, times)
        assert np.sqrt(np.mean((found - expected) ** 2)) < 0.08
    truth = 0.5 * math.log(2 * math.pi * math.e) + math.log(deviation)
    assert flow.evaluate(x, verbose=0, return_dict=True)["negative_log_likelihood"] == pytest.approx(truth, abs=0.02)


def test_likelihoods_are_told_by_evaluation_alone():
    flow = ContinuousFlow((2,), hidden=(8, 8), steps=2, objective="flow_matching")
    x = tf.random.stateless_normal([32, 2], (0, 0)).numpy()
    flow.compile("adam")
    history = flow.fit(x, validation_data=(x, None), epochs=2, verbose=0).history
    shown = {"loss", "flow_matching", "val_loss", "val_flow_matching", "val_negative_log_likelihood"}
    assert set(history) == shown and set(flow.loss_terms(x, training=True)) == {"flow_matching"}
    assert history["val_negative_log_likelihood"][-1] == pytest.approx(-np.mean(flow.log_prob(x)), rel=1e-4)
    assert set(flow.train_on_batch(x, return_dict=True)) == {"loss", "flow_matching"}
    assert "negative_log_likelihood" in flow.test_on_batch(x, return_dict=True)


def test_validation_can_stop_a_training_by_the_likelihood():
    x = tf.random.stateless_normal([64, 2], (0, 0)).numpy()
    flow = ContinuousFlow((2,), hidden=(8, 8), steps=2, objective="flow_matching")
    flow.compile(keras.optimizers.SGD(0.0))
    stop = keras.callbacks.EarlyStopping("val_negative_log_likelihood", mode="min", patience=2)
    assert len(flow.fit(x, validation_data=(x, None), epochs=9, callbacks=[stop], verbose=0).epoch) == 3


def test_bits_per_dimension_are_measured_where_the_data_have_levels():
    flow = ContinuousFlow((4, 4, 1), hidden=(8, 8), steps=2, objective="flow_matching", levels=4, logit=1e-3)
    x = (tf.random.stateless_uniform([16, 4, 4, 1], (0, 0), 0, 4, tf.int32).numpy() / 3).astype("float32")
    flow.compile("adam")
    flow.fit(x, verbose=0)
    measured = flow.evaluate(x, verbose=0, return_dict=True)
    assert set(measured) == {"loss", "flow_matching", "negative_log_likelihood", "bits_per_dimension", "logit_nll"}


@pytest.mark.slow
def test_matching_learns_what_a_context_says():
    keras.utils.set_random_seed(0)
    context = tf.random.stateless_uniform([4096, 1], (0, 0), -1, 1)
    x = 2.0 * context + 0.2 * tf.random.stateless_normal([4096, 1], (1, 0))
    flow = ContinuousFlow((1,), hidden=(32, 32), objective="flow_matching", context_dim=1, standardize=True)
    flow.compile(keras.optimizers.Adam(1e-2), steps_per_execution=16)
    flow.fit(x.numpy(), context.numpy(), batch_size=256, epochs=30, verbose=0)
    for value in (-0.7, 0.7):
        assert np.mean(flow.sample(500, seed=0, context=[value])) == pytest.approx(2 * value, abs=0.1)


def test_matching_starts_from_any_base():
    base = tfd.Independent(tfd.Uniform([-1.0, -1.0], [1.0, 1.0]), 1)
    flow = ContinuousFlow((2,), hidden=(8, 8), objective="flow_matching", base=base)
    noise = flow._random_base(500)
    assert noise.shape == (500, 2) and np.abs(noise).max() <= 1.0 and np.abs(np.mean(noise)) < 0.1
    assert not np.array_equal(noise, flow._random_base(500))


@pytest.mark.parametrize(
    "wrong",
    [
        {"transforms": 2},
        {"normalization": "act"},
        {"path": "straight"},
        {"objective": "matching"},
        {"base": "student_t"},
    ],
    ids=str,
)
def test_what_matching_cannot_train_is_refused(wrong):
    with pytest.raises(InputError, match="Received"):
        ContinuousFlow((2,), **{"objective": "flow_matching", **wrong})
