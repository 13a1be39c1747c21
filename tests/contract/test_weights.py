"""What Keras promises of weights of examples, of frozen parts, and of averages over steps."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import zoo

from keraszoo.core.errors import InputError
from keraszoo.models import VAE


def step(model, start, *args, **kwargs):
    """The weights after an epoch from `start`, and what it showed."""
    zoo.restart(model, start)
    for optimizer in model.optimizers:
        for variable in optimizer.variables:
            if "learning_rate" not in variable.path:
                variable.assign(tf.zeros_like(variable))
    shown = model.fit(*args, batch_size=zoo.ROWS, shuffle=False, verbose=0, **kwargs).history
    return model.get_weights(), shown


WEIGHTS = np.array([0.5, 2.0, 0.0, 1.0, 0.25, 3.0], "float32")


@pytest.mark.shows("sample weights")
@pytest.mark.parametrize("name", zoo.NAMES)
def test_weights_of_rank_1_and_2_are_equal_and_others_refused(name):
    model = zoo.compiled(zoo.small(name), run_eagerly=True)
    x, y = zoo.data(model)
    start = model.get_weights()
    learned, shown = step(model, start, x, y, sample_weight=WEIGHTS)
    plain, _ = step(model, start, x, y)
    column, shown_again = step(model, start, x, y, sample_weight=WEIGHTS[:, None])
    assert zoo.equal(column, learned) and shown_again == shown
    assert not zoo.equal(plain, learned) or not model.updates()
    zoo.restart(model, start)
    flat = model.evaluate(x, y, sample_weight=WEIGHTS, verbose=0, batch_size=zoo.ROWS)
    zoo.restart(model, start)
    assert model.evaluate(x, y, sample_weight=WEIGHTS[:, None], verbose=0, batch_size=zoo.ROWS) == flat
    model.set_weights(start)
    for wrong in (np.ones((zoo.ROWS, 2)), np.ones((zoo.ROWS, 4, 3, 2))):
        for method in (model.fit, model.evaluate):
            with pytest.raises(InputError, match=r"weights of shape \[batch\] or \[batch, 1\]") as error:
                method(x, y, sample_weight=wrong, verbose=0)
            assert "\n" not in str(error.value)
    assert zoo.equal(model.get_weights(), start)


def test_weights_of_pixels_are_those_of_a_dictionary():
    model = zoo.compiled(zoo.small("UNet"), run_eagerly=True)
    x, y = zoo.data(model)
    start, weights = model.get_weights(), np.random.default_rng(1).random(y.shape).astype("float32")
    expected = step(model, start, x, {"label": y, "weight": weights})
    for given in (weights, weights[..., None]):
        learned = step(model, start, x, y, sample_weight=given)
        assert zoo.equal(learned[0], expected[0]) and learned[1] == expected[1]
    dataset = tf.data.Dataset.from_tensors((x, y, weights))
    model.set_weights(start)
    model.fit(dataset, verbose=0)
    assert zoo.equal(model.get_weights(), expected[0])
    with pytest.raises(InputError, match="as large as"):
        model.fit(x, y, sample_weight=weights[:, :4], verbose=0)


@pytest.mark.parametrize("name", zoo.BY_GRADIENTS)
def test_gradient_accumulation_learns_once_in_two_steps(name):
    """On one replica; the accumulated step of two equal batches without noise is a plain step: see below."""
    make = lambda: keras.optimizers.SGD(0.01, gradient_accumulation_steps=2)  # noqa: E731
    model = zoo.compiled(zoo.small(name), make, run_eagerly=True)
    x, y = zoo.data(model)
    learned = [variable for update in model.gradients().values() for variable in update.variables]
    before = zoo.values(learned)
    model.fit(x, y, batch_size=zoo.ROWS, verbose=0)
    held = zoo.values(learned)
    model.fit(x, y, batch_size=zoo.ROWS, verbose=0)
    clips = getattr(model, "clip", None)
    assert clips or zoo.equal(held, before)
    assert not zoo.equal(zoo.values(learned), before)


def test_gradient_accumulation_in_a_graph_equals_the_larger_batch():
    x = np.random.default_rng(0).random((4, 8, 8, 1), "float32")
    start, learned = None, []
    for size, steps in ((4, None), (2, 2)):
        model = zoo.small("Autoencoder")
        start = model.get_weights() if start is None else start
        model.set_weights(start)
        model.compile(keras.optimizers.SGD(0.01, gradient_accumulation_steps=steps))
        model.fit(x, batch_size=size, shuffle=False, verbose=0)
        learned.append(zoo.values(model.trainable_variables))
    for one, other in zip(*learned, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    model = zoo.compiled(zoo.small("GAN"), lambda: keras.optimizers.Adam(gradient_accumulation_steps=2))
    model.fit(x, batch_size=2, verbose=0)


def test_gradient_accumulation_is_refused_on_several_replicas(mirrored):
    with mirrored.scope():
        model = zoo.small("VAE")
        with pytest.raises(InputError, match="one replica only"):
            model.compile(keras.optimizers.Adam(gradient_accumulation_steps=2))


# ------------------------------------------------------------------ frozen


@pytest.mark.parametrize("name", zoo.BY_GRADIENTS)
def test_what_is_frozen_stays_and_the_rest_learns(name):
    model = zoo.small(name)
    last = list(model.gradients().values())[0 if len(model.gradients()) > 1 else -1]
    found = zoo.parts(model)
    ids = {id(variable) for variable in last.variables}
    chosen = [layer for layer in found.values() if ids & {id(v) for v in layer.trainable_variables}]
    if len(model.gradients()) == 1 and len(chosen) > 1:
        chosen = chosen[:1]
    elif len(found) == 1:
        (whole,) = found.values()
        leaves = [leaf for leaf in whole._flatten_layers() if leaf.trainable_variables and not leaf._layers]
        chosen = leaves[:1]
    for layer in chosen:
        layer.trainable = False
    frozen = [variable for layer in chosen for variable in layer.trainable_weights + layer.non_trainable_weights]
    state = ("seed_generator_state", "vector")  # that of noise and of spectral norms goes on
    frozen = [variable for variable in frozen if variable.name not in state]
    learned = model.trainable_variables
    before, started = zoo.values(frozen), zoo.values(learned)
    zoo.compiled(model, "sgd", run_eagerly=True)
    x, y = zoo.data(model)
    shown = model.fit(x, y, batch_size=zoo.ROWS, verbose=0).history
    assert learned and frozen and zoo.equal(zoo.values(frozen), before)
    assert not zoo.equal(zoo.values(learned), started)
    assert set(shown) == {"loss", *model.term_names, *model.metric_names}
    assert all(np.isfinite(value).all() and np.any(value) for name, value in shown.items() if name in model.term_names)


@pytest.mark.parametrize("name", zoo.NAMES)
def test_a_model_that_is_frozen_throughout_says_so(name):
    model = zoo.small(name)
    model.trainable = False
    zoo.compiled(model, run_eagerly=True)
    x, y = zoo.data(model)
    if name in zoo.WITHOUT_GRADIENTS:
        model.fit(x, y, batch_size=zoo.ROWS, verbose=0)
        return
    if model.closed_forms():  # what is measured still is
        before = model.get_weights()
        model.fit(x, y, batch_size=zoo.ROWS, verbose=0)
        assert not np.array_equal(before[-1], model.get_weights()[-1])
        return
    with pytest.raises(InputError, match="Nothing of .* would learn") as error:
        model.fit(x, y, verbose=0)
    assert "\n" not in str(error.value)
    assert np.isfinite(model.evaluate(x, y, verbose=0, batch_size=zoo.ROWS)).all()


def test_a_part_frozen_after_compile_asks_for_compile():
    model = zoo.compiled(zoo.small("VAE"))
    model.encoder.trainable = False
    with pytest.raises(InputError, match="Call compile again"):
        model.fit(zoo.data(model)[0], verbose=0)


def test_a_layer_without_weights_is_named_by_compile():
    class Head(VAE):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.head = keras.layers.Dense(3, name="top")

    model = Head((8, 8, 1), 2, hidden=(4,))
    with pytest.raises(InputError, match=r"layer 'top' \(Dense\) that is not built.*self\.head\.build") as error:
        model.compile("adam")
    assert "\n" not in str(error.value)


def test_weights_that_no_update_learns_are_named_by_compile():
    class Extra(type(zoo.small("GAN"))):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.lonely = self.add_weight(name="lonely", shape=(2,))

    with pytest.raises(InputError, match="lonely"):
        zoo.compiled(Extra(**zoo.ARGUMENTS["GAN"]))
