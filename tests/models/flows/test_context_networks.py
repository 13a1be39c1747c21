"""Flows that depend on what a network makes of a context."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_flows import shaken

from export import export
from keraszoo.core.errors import InputError
from keraszoo.models import MAF, ContinuousFlow, Flow, Glow, RealNVP

LAYERS = keras.layers
RANDOM = np.random.default_rng(0)


def of_images():
    return keras.Sequential([keras.Input((4, 4, 1)), LAYERS.Flatten(), LAYERS.Dense(8, "relu"), LAYERS.Dense(3)])


def of_sets():
    """Vectors in any number and order."""
    return keras.Sequential(
        [keras.Input((None, 1)), LAYERS.Dense(16, "relu"), LAYERS.GlobalAveragePooling1D(), LAYERS.Dense(3)]
    )


def images(count, scale=1.0):
    """Images [count, 4, 4, 1] whose mean is what x [count, 2] is near."""
    means = RANDOM.uniform(-2, 2, (count, 1)).astype("float32")
    x = means + 0.1 * RANDOM.normal(size=(count, 2))
    noise = RANDOM.normal(size=(count, 4, 4, 1))
    noise -= noise.mean(axis=(1, 2, 3), keepdims=True)
    return x.astype("float32"), (scale * (means[:, :, None, None] + noise)).astype("float32")


@pytest.mark.parametrize("scale", [1.0, 1000.0])
@pytest.mark.by_default("1.0")
def test_the_network_learns_with_the_flow(scale):
    keras.utils.set_random_seed(0)
    x, contexts = images(4000, scale)
    flow = RealNVP((2,), transforms=2, hidden=(16,), context_network=of_images())
    before = [np.array(weight) for weight in flow.context_network.trainable_weights]
    flow.compile(keras.optimizers.Adam(1e-2), steps_per_execution=16)
    flow.fit(x, contexts, batch_size=100, epochs=10, verbose=0)
    assert all(np.any(old != new) for old, new in zip(before, flow.context_network.trainable_weights, strict=True))
    new_x, new_contexts = images(500, scale)
    assert np.mean(flow.log_prob(new_x, new_contexts)) > 0.5  # 1.77 by the best, -.85 by the best without the context
    drawn = flow.sample(500, seed=0, context=new_contexts)
    assert np.sqrt(np.mean((drawn - new_x) ** 2)) < 0.4


def test_sets_of_any_size_are_contexts_whatever_their_order():
    flow = MAF((2,), transforms=2, hidden=(8,), context_network=of_sets())
    shaken(flow)
    x = RANDOM.normal(size=(6, 2)).astype("float32")
    for size in (1, 7):
        sets = RANDOM.normal(size=(6, size, 1)).astype("float32")
        np.testing.assert_allclose(flow.log_prob(x, sets[:, ::-1]), flow.log_prob(x, sets), atol=1e-5)
        one = flow.log_prob(x, sets[0])
        np.testing.assert_allclose(one, flow.log_prob(x, np.repeat(sets[:1], 6, axis=0)), atol=1e-6)
        assert flow.distribution(sets).batch_shape == (6,) and flow.distribution(sets[0]).batch_shape == ()


def test_the_network_is_told_whether_it_trains():
    network = keras.Sequential([keras.Input((3,)), LAYERS.Dropout(0.9), LAYERS.Dense(2)])
    flow = RealNVP((2,), transforms=2, hidden=(8,), context_network=network)
    for variable in flow.trainable_variables:
        variable.assign_add(tf.random.stateless_normal(variable.shape, (1, 2)))
    x, context = np.ones([8, 2], "float32"), np.ones([8, 3], "float32")
    assert np.ptp(flow.loss_terms(x, context)["negative_log_likelihood"]) < 1e-5
    assert np.ptp(flow.loss_terms(x, context, training=True)["negative_log_likelihood"]) > 1e-3


@pytest.mark.parametrize(
    "make",
    [
        lambda network: ContinuousFlow((2,), hidden=(8, 8), objective="flow_matching", context_network=network),
        lambda network: Glow((4, 4, 1), scales=1, steps=1, filters=2, context_network=network),
    ],
    ids=["ContinuousFlow", "Glow"],
)
@pytest.mark.by_default("Glow")
def test_every_flow_takes_one_and_is_saved_with_it(make, tmp_path):
    flow = make(of_images())
    x = RANDOM.random((16, *flow.event_shape)).astype("float32")
    contexts = RANDOM.random((16, 4, 4, 1)).astype("float32")
    flow.compile("adam")
    flow.fit(x, contexts, verbose=0)
    flow.save(tmp_path / "flow.keras")
    restored = keras.saving.load_model(tmp_path / "flow.keras")
    assert np.array_equal(restored.log_prob(x, contexts), flow.log_prob(x, contexts))
    served = tf.saved_model.load(str(export(flow, tmp_path / "served"))).signatures["log_prob"]
    answer = served(**{flow.inputs.name: tf.constant(x), "context": tf.constant(contexts)})["log_prob"]
    np.testing.assert_allclose(answer, flow.log_prob(x, contexts), atol=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"context_network": of_images, "context_dim": 3},
        {"context_network": lambda: LAYERS.Dense(3)},
        {"context_network": lambda: keras.Sequential([LAYERS.Dense(3)])},
        {"context_network": lambda: keras.Sequential([keras.Input((4, 1)), LAYERS.Dense(3)])},
        {"context_network": of_images, "num_classes": 3},
    ],
    ids=["and_a_size", "a_layer", "without_a_shape", "no_vector", "and_classes"],
)
def test_what_is_no_context_network_is_refused(options):
    options["context_network"] = options["context_network"]()
    with pytest.raises(InputError, match="Received"):
        RealNVP((2,), **options)


def test_other_contexts_are_refused():
    flow = RealNVP((2,), hidden=(4,), context_network=of_images())
    with pytest.raises(InputError, match=r"contexts of shape \(None, 4, 4, 1\)"):
        flow.log_prob(np.zeros([5, 2], "float32"), np.zeros([5, 3], "float32"))
    assert isinstance(flow, Flow) and flow.context_dim == 3
