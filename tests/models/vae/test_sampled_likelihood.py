"""Importance samples at speed: the same numbers in fewer passes, one graph for all calls, bfloat16 where it will do."""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.distributions import Bernoulli, Gaussian
from keraszoo.models import VAE, ConditionalVAE
from keraszoo.models.vae import sampled_likelihood

ALL = np.random.default_rng(0).integers(0, 2, [20, 6, 6, 1]).astype("float32")


def made(make=VAE, **options):
    """A VAE whose posterior is far from that of its decoder, so that draws differ."""
    keras.utils.set_random_seed(0)
    vae = make((6, 6, 1), latent_dim=4, hidden=(16,), **options)
    for weight in vae.trainable_weights:
        weight.assign(2.0 * weight)
    return vae


@pytest.mark.parametrize("shape", [(7, 4, 2), (101,), (784,)], ids=str)  # groups of 56, of 1 and of 98 pixels
@pytest.mark.parametrize("grey", [False, True])
def test_log_probabilities_of_several_outputs_are_those_of_each(shape, grey):
    random = np.random.default_rng(0)
    x = random.random((3, *shape)) if grey else random.integers(0, 2, (3, *shape))
    outputs = random.choice([-90.0, -20.0, -1.0, 0.0, 0.3, 5.0, 60.0], (3, 5, *shape))
    axes = tuple(range(2, outputs.ndim))
    exact = -(np.logaddexp(0.0, outputs) - x[:, None] * outputs).sum(axis=axes)
    found = Bernoulli().log_prob_of_each(x, outputs.astype("float32"))
    np.testing.assert_allclose(found, exact, rtol=1e-6)
    with tf.GradientTape() as tape:
        logits = tf.constant(outputs, tf.float32)
        tape.watch(logits)
        total = tf.reduce_sum(Bernoulli().log_prob_of_each(x, logits))
    rounded = x[:, None] - 1 / (1 + np.exp(-np.clip(outputs, -80, 80)))
    np.testing.assert_allclose(
        tape.gradient(total, logits), np.where(outputs == 0, x[:, None] - 0.5, rounded), atol=1e-5
    )


def test_what_sure_and_right_pixels_sum_up_to_hides_no_other():
    x = np.random.default_rng(0).integers(0, 2, [1, 784])
    outputs = (np.where(x, 1.0, -1.0) * np.linspace(40.0, 70.0, 784))[:, None].astype("float32")
    np.testing.assert_allclose(Bernoulli().log_prob_of_each(x, outputs), 0.0, atol=1e-6)
    outputs[0, 0, 300] = np.where(x[0, 300], -0.01, 0.01)  # the one that is wrong
    np.testing.assert_allclose(Bernoulli().log_prob_of_each(x, outputs), -np.logaddexp(0.0, 0.01), rtol=1e-5)


def test_a_likelihood_of_ones_own_is_asked_itself():
    class Doubled(Bernoulli):
        def negative_log_likelihood(self, x, output):
            return 2.0 * super().negative_log_likelihood(x, output)

    outputs = np.random.default_rng(0).normal(size=(20, 3, 6, 6, 1)).astype("float32")
    plain, own = (likelihood.log_prob_of_each(ALL, outputs) for likelihood in (Bernoulli(), Doubled()))
    np.testing.assert_allclose(own, 2.0 * plain, rtol=1e-5)


# ---------------------------------------------------------------------- one graph


def traces(vae):
    _, _, sampler = vars(vae)["_kept_sampler"]
    return sum(graph.experimental_get_tracing_count() for graph in sampler.sums.values())


def test_the_graph_is_kept_for_other_examples_draws_and_seeds():
    vae = made()
    vae.negative_log_likelihood(ALL, 30)
    vae.negative_log_likelihood(ALL[:7], 12, seed=3, rows=20)
    for count in (3, 5, 11):
        vae.negative_log_likelihood(ALL[:count], count, seed=count)
    assert traces(vae) == 2  # the second for any number of examples


def test_what_is_learned_or_replaced_counts_in_the_next_call():
    vae = made(likelihood=Gaussian(0.5))

    def found():
        return vae.negative_log_likelihood(ALL, 12).nll

    def alone(start):  # a new graph
        vars(vae).pop("_kept_sampler")
        np.testing.assert_array_equal(start, found())
        return start

    values = [found()]
    vae.decoder.layers[0].bias.assign_add(tf.ones([16]))
    values.append(alone(found()))
    vae.likelihood.scale = 0.7
    values.append(alone(found()))
    vae.likelihood = Gaussian(0.9)
    values.append(alone(found()))
    layers = [keras.layers.Dense(16), keras.layers.Dense(36), keras.layers.Reshape((6, 6, 1))]
    vae.decoder = keras.Sequential([keras.Input((4,)), *layers])
    values.append(alone(found()))
    assert min(np.abs(one - other).max() for one, other in zip(values, values[1:], strict=False)) > 1e-3


def test_a_kept_graph_does_not_keep_the_model():
    vae = made()
    vae.negative_log_likelihood(ALL, 12)
    _, _, sampler = vars(vae)["_kept_sampler"]
    gone = weakref.ref(vae), weakref.ref(sampler.sums["float32"].get_concrete_function(*_given()).graph)
    del vae, sampler
    gc.collect()
    assert [each() for each in gone] == [None, None]


def _given():
    return (tf.constant(ALL),), *(tf.constant(number) for number in (0, 20, 12, 12, 0))


# ---------------------------------------------------------------------- bfloat16


@pytest.fixture
def units(monkeypatch):
    """A processor that multiplies bfloat16."""
    monkeypatch.setattr(sampled_likelihood, "multiplies_bfloat16", lambda: True)


@pytest.mark.parametrize("make", [VAE, ConditionalVAE])
def test_bfloat16_is_taken_where_draws_err_more(make, units, monkeypatch):
    vae = made(make)
    labels = [0] if make is ConditionalVAE else []

    def found(**options):
        return vae.negative_log_likelihood(ALL, *labels, samples=500, rows=800, **options)

    exact, coarse = found(precision="float32"), found(precision="bfloat16")
    shift, error = (np.sqrt(np.mean(np.square(each))) for each in (coarse.nll - exact.nll, exact.error))
    assert shift > 0
    assert shift < 0.25 * error
    np.testing.assert_array_equal(found().nll, coarse.nll)
    assert all(layer.dtype_policy.name == "float32" for layer in vae.decoder._flatten_layers())
    np.testing.assert_array_equal(found(precision="float32").nll, exact.nll)
    few = vae.negative_log_likelihood(ALL, *labels, samples=3)
    np.testing.assert_array_equal(
        few.nll, vae.negative_log_likelihood(ALL, *labels, samples=3, precision="float32").nll
    )
    monkeypatch.setattr(sampled_likelihood, "multiplies_bfloat16", lambda: False)
    np.testing.assert_array_equal(found().nll, exact.nll)


def test_draws_that_hardly_err_stay_in_float32(units):
    """Of a decoder that hardly knows its codes, whose posterior is the prior, all draws weigh the same."""
    vae = made()
    for layer, bias in ((vae.encoder.layers[-1], tf.zeros(8)), (vae.decoder.layers[0], tf.linspace(0.1, 2.0, 16))):
        layer.kernel.assign(1e-4 * layer.kernel)
        layer.bias.assign(bias)

    def found(**options):
        return vae.negative_log_likelihood(ALL, samples=500, rows=800, **options).nll

    np.testing.assert_array_equal(found(), found(precision="float32"))
    assert np.abs(found() - found(precision="bfloat16")).max() > 1e-3


@pytest.mark.parametrize(
    ("decoder", "precision", "message"),
    [
        (None, "float16", "precision is 'float32' or 'bfloat16', or None. Received: 'float16'"),
        (lambda: keras.layers.Lambda(lambda z: z + tf.ones([4])), "bfloat16", "Only decoders in float32.*Nearest"),
        (lambda: keras.layers.Dense(4, lambda z: z + tf.ones([4])), "bfloat16", "Only decoders in float32"),
        (lambda: keras.layers.Dense(4, dtype="mixed_bfloat16"), "bfloat16", "Only decoders in float32"),
    ],
)
def test_decoders_that_bfloat16_could_break_are_left_alone(decoder, precision, message, units):
    first = [] if decoder is None else [decoder()]
    last = [keras.layers.Dense(36, name="last"), keras.layers.Reshape((6, 6, 1))]
    vae = made(decoder=keras.Sequential([keras.Input((4,)), *first, *last]))
    with pytest.raises(InputError, match=message) as error:
        vae.negative_log_likelihood(ALL, 20, precision=precision)
    assert "\n" not in str(error.value)
    assert np.isfinite(vae.negative_log_likelihood(ALL, 200, rows=160).nll).all()
