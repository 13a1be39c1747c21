"""Flows of features that have bounds."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats
from test_flows import shaken

from export import export
from keraszoo.bijectors import Bounds
from keraszoo.core.errors import InputError
from keraszoo.models import MAF, NSF, RealNVP

BOUNDS = {0: (0.0, None), 1: (-2.0, 3.0), 2: (None, 5.0)}
RANDOM = np.random.default_rng(0)


def rows(count):
    """Four features: above 0, in [-2, 3], below 5, any."""
    away = RANDOM.gamma(2.0, size=(count, 2))
    columns = [away[:, 0], RANDOM.uniform(-2, 3, count), 5 - away[:, 1], RANDOM.normal(size=count)]
    return np.stack(columns, axis=1).astype("float32")


def test_both_directions_and_the_slope_agree():
    transform = Bounds(4, BOUNDS, dtype="float64")
    x = tf.constant(rows(50), tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        z, log_det = transform.inverse_and_log_det(x)
    slopes = tf.linalg.diag_part(tape.batch_jacobian(z, x))
    np.testing.assert_allclose(tf.reduce_sum(tf.math.log(slopes), 1), log_det, atol=1e-9)
    back, log_det_back = transform.forward_and_log_det(z)
    np.testing.assert_allclose(back, x, atol=1e-9)
    np.testing.assert_allclose(log_det_back, -log_det, atol=1e-8)
    np.testing.assert_array_equal(z[:, 3], x[:, 3])


@pytest.mark.parametrize("low, high", [(0.0, None), (None, 2.0), (-1.0, 1.0)])
def test_the_density_integrates_to_one_inside_and_is_zero_outside(low, high):
    keras.utils.set_random_seed(0)
    flow = NSF((1,), transforms=2, bins=4, hidden=(8,), bounds={0: (low, high)})
    shaken(flow)

    u = np.linspace(-12, 12, 20001)  # the density is integrated over what fills the line
    share = 1 / (1 + np.exp(-u))
    if high is None:
        x, slope = low + np.exp(u), np.exp(u)
    elif low is None:
        x, slope = high - np.exp(u), np.exp(u)
    else:
        x, slope = low + (high - low) * share, (high - low) * share * (1 - share)
    density = np.exp(flow.log_prob(x[:, None].astype("float32")))
    assert integrate.trapezoid(density * slope, u) == pytest.approx(1.0, abs=2e-3)
    for beyond in ([] if low is None else [low - 0.1]) + ([] if high is None else [high + 0.1]):
        assert float(flow.log_prob([[np.float32(beyond)]])[0]) == -np.inf


def test_samples_stay_inside_whatever_has_been_learned():
    flow = RealNVP((4,), transforms=2, hidden=(8,), bounds=BOUNDS)
    for variable in flow.trainable_variables:
        variable.assign_add(tf.random.stateless_normal(variable.shape, (1, 2)))
    x = flow.sample(5000, seed=0).numpy()
    assert x[:, 0].min() >= 0 and x[:, 1].min() >= -2 and x[:, 1].max() <= 3 and x[:, 2].max() <= 5


@pytest.mark.slow
def test_it_learns_a_density_that_ends_at_its_bounds():
    keras.utils.set_random_seed(0)
    x, test = rows(8000), rows(4000)
    flow = MAF((4,), transforms=2, hidden=(16,), bounds=BOUNDS, standardize=True)
    flow.compile(keras.optimizers.Adam(3e-3), steps_per_execution=16)
    flow.fit(x, batch_size=200, epochs=10, verbose=0)
    truth = stats.gamma(2.0).entropy() * 2 + np.log(5.0) + stats.norm.entropy()
    assert -np.mean(flow.log_prob(test)) < truth + 0.15


def test_rows_beyond_the_bounds_are_no_data_but_have_a_density():
    flow = MAF((4,), transforms=1, hidden=(8,), bounds=BOUNDS)
    flow.compile("adam")
    x = rows(32)
    x[5, 1] = 3.5
    before = flow.get_weights()
    for learn in (flow.fit, flow.evaluate, flow.adapt):
        with pytest.raises(InputError, match="up to 0.5 above"):
            learn(x)
    assert all(np.array_equal(a, b) for a, b in zip(before, flow.get_weights(), strict=True))
    for found in (flow.log_prob(x), flow.predict(x, verbose=0)):
        assert found[5] == -np.inf and np.isfinite(np.delete(found, 5)).all()
    with pytest.raises(InputError, match="NaN"):
        flow.log_prob(np.full([2, 4], np.nan, "float32"))


def test_what_lies_on_a_bound_is_finite():
    flow = MAF((4,), transforms=2, hidden=(8,), bounds=BOUNDS)
    x = np.float32([[0.0, -2.0, 5.0, 0.0], [1.0, 3.0, 5.0, 0.0]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(flow.loss_terms(x)["negative_log_likelihood"])
    assert np.isfinite(loss) and all(np.isfinite(g).all() for g in tape.gradient(loss, flow.trainable_weights))


@pytest.mark.slow
def test_they_are_saved_and_served(tmp_path):
    flow = MAF((4,), transforms=1, hidden=(8,), bounds=BOUNDS, standardize=True)
    x = rows(16)
    flow.compile("adam")
    flow.fit(x, verbose=0)
    flow.save(tmp_path / "flow.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "flow.keras").log_prob(x), flow.log_prob(x))
    served = tf.saved_model.load(str(export(flow, tmp_path / "served"))).signatures["log_prob"]
    x[3, 0] = -1.0
    np.testing.assert_allclose(served(features=tf.constant(x))["log_prob"], flow.log_prob(x), atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"bounds": {0: (1.0, 0.0)}},
        {"bounds": {0: (None, None)}},
        {"bounds": {4: (0.0, None)}},
        {"bounds": {0: (0.0, float("inf"))}},
        {"bounds": [0.0, 1.0]},
        {"bounds": {0: (0.0, None)}, "logit": 1e-3},
    ],
    ids=str,
)
def test_what_are_no_bounds_is_refused(options):
    with pytest.raises(InputError, match="Received"):
        MAF((4,), **options)
