"""Spline flows of angles and real numbers side by side."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_flows import shaken

from export import export
from keraszoo.core.errors import InputError
from keraszoo.models import NSF

RANDOM = np.random.default_rng(0)
FORMS = ("autoregressive", "coupling")


def small(form, features=2, circular=(0,), **options):
    return NSF((features,), form=form, circular=circular, transforms=2, bins=4, hidden=(8,), **options)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("circular", [(0,), (1,)])
def test_the_density_integrates_to_one_over_the_cylinder(form, circular):
    flow = shaken(small(form, circular=circular))
    angles, reals = np.linspace(-math.pi, math.pi, 401)[:-1], np.linspace(-9, 9, 601)
    both = np.meshgrid(angles, reals, indexing="ij")
    x = np.stack([part.ravel() for part in (both if circular == (0,) else both[::-1])], axis=1).astype("float32")
    density = np.exp(flow.log_prob(x))
    assert density.sum() * (angles[1] - angles[0]) * (reals[1] - reals[0]) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("form", FORMS)
def test_only_angles_go_around(form):
    flow = shaken(small(form, 4, (1, 2)))
    x = flow.sample(50, seed=0).numpy()
    assert np.abs(x[:, [1, 2]]).max() <= math.pi + 1e-6
    expected = flow.log_prob(x)
    for place in range(4):
        turned = x.copy()
        turned[:, place] += 2 * math.pi
        same = np.allclose(flow.log_prob(turned), expected, atol=1e-2)
        assert same is (place in (1, 2)), place


@pytest.mark.parametrize("form", FORMS)
def test_both_directions_and_the_slope_agree(form):
    flow = shaken(small(form, 3, (0, 2), dtype="float64"))
    x = tf.constant(np.stack([RANDOM.uniform(-3, 3, 20), RANDOM.normal(size=20), RANDOM.uniform(-3, 3, 20)], 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        z, log_det = flow.inverse(x)
    np.testing.assert_allclose(tf.linalg.slogdet(tape.batch_jacobian(z, x))[1], log_det, atol=1e-9)
    np.testing.assert_allclose(flow.forward(z)[0], x, atol=1e-8)


@pytest.mark.slow
def test_it_learns_how_a_number_depends_on_an_angle(tmp_path):
    """Wind: a direction around 0.5, a speed that depends on it, on a raw scale."""
    keras.utils.set_random_seed(0)

    def drawn(count):
        angle = RANDOM.vonmises(0.5, 2.0, count)
        return np.stack([1000 * (3 + np.cos(angle) + 0.1 * RANDOM.normal(size=count)), angle], 1).astype("float32")

    x, test = drawn(6000), drawn(3000)
    flow = NSF((2,), circular=(1,), transforms=2, hidden=(32,), standardize=True)
    flow.compile(keras.optimizers.Adam(5e-3), steps_per_execution=16, jit_compile=False)
    flow.fit(x, batch_size=200, epochs=10, verbose=0)
    kappa = 2.0
    of_angles = np.log(2 * math.pi * np.i0(kappa)) - kappa * np.mean(np.cos(test[:, 1] - 0.5))
    truth = of_angles + 0.5 * math.log(2 * math.pi * math.e * 100.0**2)
    assert -np.mean(flow.log_prob(test)) == pytest.approx(truth, abs=0.15)
    flow.save(tmp_path / "flow.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "flow.keras").log_prob(test), flow.log_prob(test))
    served = tf.saved_model.load(str(export(flow, tmp_path / "served"))).signatures["log_prob"]
    np.testing.assert_allclose(served(features=tf.constant(test[:50]))["log_prob"], flow.log_prob(test[:50]), atol=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"mixing": "reverse"}, {"mixing": "lu"}, {"normalization": "act"}, {"bounds": {0: (-3.2, 3.2)}},
        {"circular": (2,)}, {"circular": "both"}, {"circular": (True, False)},
        {"circular": (0, 1), "standardize": True},
    ],
    ids=str,
)  # fmt: skip
def test_what_makes_no_density_of_angles_is_refused(options):
    with pytest.raises(InputError, match="Received"):
        small("autoregressive", **options)
