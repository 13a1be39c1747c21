"""Flows on a base whose tails are learned."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from export import export
from keraszoo.core.errors import InputError
from keraszoo.models import MAF, ContinuousFlow, RealNVP

RANDOM = np.random.default_rng(0)


def test_the_base_is_students_t_of_each_value():
    flow = RealNVP((2,), transforms=1, hidden=(4,), base="student_t")
    flow.log_degrees.assign(np.log([1.0, 5.0]))
    z = RANDOM.standard_t(2.0, size=(20, 2)).astype("float32")
    expected = stats.t.logpdf(z, [1.0, 5.0]).sum(axis=1)
    np.testing.assert_allclose(flow.base.log_prob(z), expected, rtol=1e-5)


@pytest.mark.slow
def test_the_tails_are_learned():
    keras.utils.set_random_seed(0)
    x, test = (RANDOM.standard_t(2.0, size=(count, 2)).astype("float32") for count in (6000, 6000))
    truth = -stats.t.logpdf(test, 2.0).sum(axis=1).mean()
    flow = MAF((2,), transforms=1, hidden=(8,), base="student_t", standardize=True)
    flow.compile(keras.optimizers.Adam(1e-2), steps_per_execution=16)
    flow.fit(x, batch_size=200, epochs=10, verbose=0)
    degrees = np.exp(flow.log_degrees)
    assert (degrees > 1.5).all() and (degrees < 3.0).all(), degrees
    assert -np.mean(flow.log_prob(test)) == pytest.approx(truth, abs=0.05)
    drawn = flow.sample(20000, seed=0).numpy()
    share = np.mean(np.abs(drawn) > 10.0)  # of t with two degrees .0099, of a Gaussian of that width none
    assert 0.006 < share < 0.015


@pytest.mark.slow
def test_it_is_saved_and_served(tmp_path):
    flow = ContinuousFlow((2,), hidden=(8, 8), steps=2, base="student_t")
    x = RANDOM.normal(size=(32, 2)).astype("float32")
    flow.compile("adam")
    flow.fit(x, verbose=0)
    flow.save(tmp_path / "flow.keras")
    restored = keras.saving.load_model(tmp_path / "flow.keras")
    np.testing.assert_array_equal(restored.log_prob(x), flow.log_prob(x))
    np.testing.assert_array_equal(restored.log_degrees, flow.log_degrees)
    signatures = tf.saved_model.load(str(export(flow, tmp_path / "served"))).signatures
    seeds, heat = tf.constant([3, 4, 3], tf.int64), tf.ones([3])
    one = signatures["sample"](seed=seeds, temperature=heat)["features"].numpy()
    assert np.array_equal(one[0], one[2]) and not np.array_equal(one[0], one[1]) and np.isfinite(one).all()


@pytest.mark.parametrize("base", ["cauchy", 5, RealNVP])
def test_another_base_is_refused(base):
    with pytest.raises(InputError, match="Unknown base. Received: base="):
        RealNVP((2,), base=base)
