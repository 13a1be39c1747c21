"""Autoregressive flows in groups of features, between couplings and one pass for each feature."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_flows import shaken

from keraszoo.bijectors import Autoregressive, MaskedNetwork
from keraszoo.core.errors import InputError
from keraszoo.models import IAF, MAF, NSF

X = np.random.default_rng(0).normal(size=(10, 5)).astype("float32")


@pytest.mark.parametrize("passes", [1, 2, 3, 5])
def test_parameters_see_the_groups_before_their_own_and_nothing_else(passes):
    network = shaken(MaskedNetwork(5, 2, hidden=(32, 32), order=(3, 0, 4, 1, 2), passes=passes))
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        parameters = network(x)
    seen = np.abs(tape.batch_jacobian(parameters, x)).max(axis=(0, 2)) > 0  # [features, features]
    place = np.argsort((3, 0, 4, 1, 2))
    group = place * passes // 5
    assert len(set(group)) == passes
    np.testing.assert_array_equal(seen, group[None, :] < group[:, None])


@pytest.mark.parametrize("kind", ["affine", "spline", "circular_spline"])
@pytest.mark.parametrize("passes", [1, 2, 4])
def test_both_directions_agree(kind, passes):
    transform = shaken(Autoregressive(5, kind, passes=passes, hidden=(16,), order="reverse"))
    z, log_det = transform.inverse_and_log_det(X)
    x, back = transform.forward_and_log_det(z)
    np.testing.assert_allclose(x, X, atol=2e-4)
    np.testing.assert_allclose(back, -log_det, atol=2e-4)


def test_a_sample_takes_as_many_passes(monkeypatch):
    counted = []
    original = MaskedNetwork.units
    monkeypatch.setattr(MaskedNetwork, "units", lambda *args: counted.append(1) or original(*args))
    for passes, expected in ((2, 2), (3, 3), (None, 5)):
        counted.clear()
        Autoregressive(5, passes=passes, hidden=(8,)).forward_and_log_det(tf.constant(X))
        assert len(counted) == expected


@pytest.mark.parametrize("cls", [MAF, IAF, NSF])
def test_flows_take_them_and_are_saved_with_them(cls, tmp_path):
    flow = shaken(cls((5,), transforms=2, hidden=(8,), passes=2))
    assert np.isfinite(flow.log_prob(X)).all()
    flow.save(tmp_path / "flow.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "flow.keras").log_prob(X), flow.log_prob(X))


@pytest.mark.parametrize("passes", [0, 6, 2.5, "2"])
def test_other_numbers_of_passes_are_refused(passes):
    with pytest.raises(InputError, match="passes"):
        MAF((5,), passes=passes)
    with pytest.raises(InputError, match="passes"):
        NSF((5,), form="coupling", passes=2)
