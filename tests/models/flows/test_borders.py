"""What lies at the borders of flows: contexts as a batch, the seam of a circle, rows that are not finite."""

import math

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability.python import bijectors as tfb
from tensorflow_probability.python import distributions as tfd
from test_flows import shaken

from keraszoo.bijectors import Coupling, LULinear, Permutation
from keraszoo.core.errors import InputError
from keraszoo.models import MAF, NSF, Flow, Glow, RealNVP, ResidualFlow

RANDOM = np.random.default_rng(0)
X, CONTEXTS = RANDOM.normal(size=(64, 2)).astype("float32"), RANDOM.normal(size=(64, 3)).astype("float32")


def small(cls, **options):
    """A flow whose networks say something."""
    flow = cls((2,), transforms=2, hidden=(8,), **options)
    for variable in flow.trainable_variables:
        variable.assign_add(0.3 * tf.random.stateless_normal(variable.shape, (1, 2)))
    return flow


# ------------------------------------------------------------------ contexts


@pytest.mark.parametrize("cls", [RealNVP, MAF])
def test_contexts_are_the_batch_of_the_distribution(cls):
    flow = small(cls, context_dim=3)
    distribution = flow.distribution(CONTEXTS)
    assert distribution.batch_shape == (64,) and distribution.event_shape == (2,)
    np.testing.assert_allclose(distribution.log_prob(X), flow.log_prob(X, CONTEXTS), atol=1e-6)
    assert distribution.sample(5, seed=1).shape == (5, 64, 2) and distribution.sample([2, 3]).shape == (2, 3, 64, 2)
    drawn = distribution.sample(5, seed=1)
    of_each = np.stack([flow.log_prob(rows, CONTEXTS) for rows in drawn])
    np.testing.assert_allclose(distribution.log_prob(drawn), of_each, atol=1e-4)


def test_examples_and_contexts_broadcast():
    flow = small(RealNVP, context_dim=3)
    each = np.stack([flow.log_prob(X, context) for context in CONTEXTS[:5]], axis=1)
    np.testing.assert_allclose(flow.distribution(CONTEXTS[:5]).log_prob(X[:, None]), each, atol=1e-5)
    np.testing.assert_allclose(flow.distribution(CONTEXTS[:5]).log_prob(X[0]), each[0], atol=1e-5)


def test_one_context_is_no_batch_and_serves_all_examples():
    flow = small(RealNVP, context_dim=3)
    one = flow.distribution(CONTEXTS[0])
    assert one.batch_shape == () and one.sample(4).shape == (4, 2)
    expected = flow.log_prob(X, np.repeat(CONTEXTS[:1], 64, axis=0))
    for found in (one.log_prob(X), flow.log_prob(X, CONTEXTS[0]), flow.log_prob(X, CONTEXTS[:1])):
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("context", [np.full((6, 3), np.nan), [["a", "b", "c"]] * 6, [[1.0, 2.0, 3.0], [1.0]]])
def test_contexts_that_are_no_finite_numbers_are_refused(context):
    flow = small(RealNVP, context_dim=3)
    with pytest.raises(InputError, match="contexts.*Received"):
        flow.log_prob(X[:6], context)


def test_labels_are_contexts():
    flow = small(MAF, num_classes=3)
    distribution = flow.distribution([0, 1, 2])
    assert distribution.batch_shape == (3,) and distribution.sample(4).shape == (4, 3, 2)
    np.testing.assert_allclose(distribution.log_prob(X[:, None]), flow(X), atol=1e-5)


@pytest.mark.parametrize("call", ["log_prob", "sample", "decode"])
def test_another_number_of_contexts_is_refused_in_one_line(call):
    flow = small(RealNVP, context_dim=3)
    calls = {
        "log_prob": lambda: flow.log_prob(X[:10], CONTEXTS),
        "sample": lambda: flow.sample(10, context=CONTEXTS),
        "decode": lambda: flow.decode(X[:10], CONTEXTS),
    }
    with pytest.raises(InputError, match="each of the 10 examples, or one for all. Received: 64") as error:
        calls[call]()
    assert "\n" not in str(error.value)


# ------------------------------------------------------------------ the circle


@pytest.mark.parametrize("form", ["autoregressive", "coupling"])
def test_the_seam_is_like_its_neighbourhood(form):
    """At -pi, which is pi, and at 180 degrees in radians of 32 bits."""
    flow = small(NSF, circular=True, form=form)
    seam = np.array([[math.pi, 0.4], [-math.pi, 0.4], [np.radians(180.0), 0.4]], "float32")
    near = np.array([[math.pi - 1e-4, 0.4], [-math.pi + 1e-4, 0.4], [math.pi - 1e-4, 0.4]], "float32")
    at, beside = np.asarray(flow.log_prob(seam)), np.asarray(flow.log_prob(near))
    np.testing.assert_allclose(at, beside, atol=1e-2)
    assert np.abs(np.asarray(flow.inverse(seam)[1])).max() > 1e-2  # not the identity


@pytest.mark.parametrize(
    "options",
    [{"mixing": "lu"}, {"mixing": "householder"}, {"normalization": "act"}, {"normalization": "batch"},
     {"logit": 1e-6}, {"standardize": True}],
    ids=str,
)  # fmt: skip
def test_what_is_no_map_of_the_circle_is_refused(options):
    with pytest.raises(InputError, match="angles to angles") as error:
        NSF((2,), circular=True, transforms=2, hidden=(4,), **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "options",
    [{"base": "student_t"}, {"base": tfd.MultivariateNormalDiag([0.0, 0.0])}, {"levels": 256},
     {"base": "student_t", "circular": (1,)}],
    ids=["student_t", "normal", "levels", "mixed"],
)  # fmt: skip
def test_a_base_that_leaves_the_circle_is_refused(options):
    with pytest.raises(InputError, match="base lies in") as error:
        NSF((2,), **{"circular": True, **options}, transforms=2, hidden=(4,))
    assert "\n" not in str(error.value)


def test_another_base_of_the_circle_is_taken():
    base = tfd.Independent(tfd.VonMises([0.0, 1.0], 2.0), 1)
    assert NSF((2,), circular=True, base=base, transforms=1, hidden=(4,)).base.event_shape == (2,)


@pytest.mark.parametrize("mixing", ["none", "reverse", "random"])
@pytest.mark.parametrize("form", ["autoregressive", "coupling"])
@pytest.mark.by_default("autoregressive-none", "autoregressive-random", "coupling-random")
def test_every_circular_flow_that_is_allowed_integrates_to_one(form, mixing):
    flow = small(NSF, circular=True, form=form, mixing=mixing)
    axis = np.linspace(-math.pi, math.pi, 300, endpoint=False) + math.pi / 300
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2).astype("float32")
    assert np.exp(flow.log_prob(points)).mean() * (2 * math.pi) ** 2 == pytest.approx(1.0, abs=1e-3)


def test_a_chain_of_the_circle_takes_degrees_and_no_linear_maps():
    circular = [Coupling(2, "circular_spline"), Permutation(2), Coupling(2, "circular_spline")]
    base = NSF((2,), circular=True, transforms=1).base
    degrees = Flow((2,), [tfb.Scale(math.radians(1.0)), *circular], base=base)
    assert np.isfinite(degrees.log_prob(np.array([[180.0, -90.0]], "float32"))).all()
    with pytest.raises(InputError, match="LULinear at position 1"):
        Flow((2,), [circular[0], LULinear((2,))], base=base)


# ------------------------------------------------------------------ rows that are not finite


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("cls", [ResidualFlow, RealNVP, MAF, NSF])
@pytest.mark.parametrize("direction", ["forward", "inverse"])
@pytest.mark.by_default(every=3)
def test_one_bad_row_leaves_the_others_as_they_are(cls, direction, bad):
    """Inside a graph, as a server computes, where no gate looks at the numbers."""
    flow = small(cls)
    method = tf.function(lambda rows: getattr(flow, direction)(rows)[0])
    rows = X[:8].copy()
    good = method(tf.constant(rows)).numpy()
    rows[3] = bad
    found = method(tf.constant(rows)).numpy()
    np.testing.assert_allclose(np.delete(found, 3, 0), np.delete(good, 3, 0), atol=1e-5)


def test_a_mask_may_be_an_array():
    given = Coupling(2, "affine", mask=np.array([True, False]))
    assert given.mask == (True, False)


@pytest.mark.parametrize(
    "make",
    [
        lambda: RealNVP((3,), transforms=2, hidden=(8,), dtype="float64"),
        lambda: NSF((3,), form="coupling", transforms=2, hidden=(8,), dtype="float64"),
        lambda: MAF((3,), transforms=2, hidden=(8,), dtype="float64"),
        lambda: Glow((4, 4, 1), scales=1, steps=2, filters=4, dtype="float64"),
    ],
    ids=["RealNVP", "coupling_NSF", "MAF", "Glow"],
)
@pytest.mark.by_default("RealNVP", "Glow")
def test_networks_of_flows_in_float64_see_all_digits(make):
    """What a step of 1e-7 changes is what the slope says: nothing is rounded to float32 on the way."""
    flow = shaken(make())
    x = tf.constant(RANDOM.normal(size=(4, *flow.event_shape)))
    direction = tf.constant(RANDOM.normal(size=x.shape))
    with tf.autodiff.ForwardAccumulator(x, direction) as accumulator:
        value = flow.log_prob(x)
    change = (flow.log_prob(x + 1e-7 * direction) - flow.log_prob(x - 1e-7 * direction)) / 2e-7
    np.testing.assert_allclose(change, accumulator.jvp(value), rtol=1e-5, atol=1e-5)
