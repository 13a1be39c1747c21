"""What flows measure before they learn: on which examples, and what it is good for."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import make_moons

from keraszoo.core.errors import InputError
from keraszoo.core.seeds import spread
from keraszoo.models import MAF, NSF, KernelDensity, RealNVP
from keraszoo.models import first_examples as first

RANDOM = np.random.default_rng(0)
#: sorted by its first column; of mean (0, 5) and deviation (3, 0.1)
SORTED = np.stack([np.sort(RANDOM.normal(0, 3, 20_000)), RANDOM.normal(5, 0.1, 20_000)], axis=1).astype("float32")


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return len(SORTED) // 100

    def __getitem__(self, place):
        return (SORTED[100 * place : 100 * place + 100],)


FORMS = {
    "array": lambda: SORTED,
    "tensor": lambda: tf.constant(SORTED),
    "dataset": lambda: tf.data.Dataset.from_tensor_slices(SORTED).batch(64),
    "dictionaries": lambda: tf.data.Dataset.from_tensor_slices({"features": SORTED}).batch(64),
    "PyDataset": Batches,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_sorted_table_is_seen_as_a_whole(monkeypatch, form):
    monkeypatch.setattr(first, "ROWS", 8192)
    _, (x, y, _) = first._sampled(MAF((2,), transforms=1, hidden=(4,)), FORMS[form](), None, None, None)
    assert y is None and len(x) == 8192
    np.testing.assert_allclose(x.mean(axis=0), [0, 5], atol=0.06)
    np.testing.assert_allclose(x.std(axis=0), [3, 0.1], rtol=0.02)


def test_a_generator_loses_nothing():
    batches = [SORTED[place : place + 50] for place in range(0, 500, 50)]
    model = MAF((2,), transforms=1, hidden=(4,))
    rest, (x, *_) = first._sampled(model, ((batch,) for batch in batches), None, None, 4)
    np.testing.assert_array_equal(x, SORTED[:200])
    np.testing.assert_array_equal(np.concatenate([batch for (batch,) in rest]), SORTED[:500])


@pytest.mark.parametrize("steps, batches", [(3, 64), (80, 80), (None, 64)])
def test_of_a_dataset_without_end_enough_is_seen(steps, batches):
    endless = tf.data.Dataset.from_tensor_slices(SORTED).batch(100).repeat()
    _, (x, *_) = first._sampled(MAF((2,), transforms=1, hidden=(4,)), endless, None, None, steps)
    np.testing.assert_array_equal(x, SORTED[: 100 * batches])


@pytest.mark.parametrize("form", ["dataset", "PyDataset"])
def test_an_epoch_of_few_steps_is_measured_on_all_that_is_there(form):
    _, (x, *_) = first._sampled(MAF((2,), transforms=1, hidden=(4,)), FORMS[form](), None, None, 2)
    np.testing.assert_allclose(x.mean(axis=0), [0, 5], atol=0.06)


def test_examples_and_contexts_stay_together():
    x, context = SORTED, SORTED[:, :1]
    model = MAF((2,), transforms=1, hidden=(4,), context_dim=1)
    for form, y in ((x, context), (tf.data.Dataset.from_tensor_slices((x, context)).batch(64), None)):
        _, (seen, with_it, _) = first._sampled(model, form, y, None, None)
        np.testing.assert_array_equal(seen[:, :1], with_it)


def test_spread_rows_are_in_order_one_of_each_part():
    rows = spread(1000, 25)
    np.testing.assert_array_equal(rows // 40, np.arange(25))
    np.testing.assert_array_equal(spread(5, 30), np.arange(5))


def test_a_context_of_any_scale_gives_the_same_density():
    x, context = SORTED[:500], SORTED[:500, :1]
    keras.utils.set_random_seed(0)
    flow = RealNVP((2,), transforms=2, hidden=(4,), context_dim=1)
    weights = flow.get_weights()
    flow.adapt(x, context)
    plain = flow.log_prob(x, context)
    flow.set_weights(weights)
    flow.adapt(x, 1000 * context + 7)
    np.testing.assert_allclose(flow.log_prob(x, 1000 * context + 7), plain, rtol=1e-3, atol=1e-3)
    assert np.abs(flow.log_prob(x, context) - plain).max() > 0.1


def test_fit_measures_contexts_once(tmp_path):
    flow = RealNVP((2,), transforms=1, hidden=(4,), context_dim=1)
    flow.compile("sgd", jit_compile=False)
    flow.fit(SORTED[:100], SORTED[:100, :1] + 9, epochs=1, batch_size=100, verbose=0)
    mean = flow.context_scale.mean.numpy()
    np.testing.assert_allclose(mean, SORTED[:100, 0].mean() + 9, rtol=1e-5)
    flow.save(tmp_path / "flow.keras")
    again = keras.saving.load_model(tmp_path / "flow.keras")
    again.fit(SORTED[:100], SORTED[:100, :1] - 9, epochs=1, batch_size=100, verbose=0)
    np.testing.assert_array_equal(again.context_scale.mean, mean)


@pytest.mark.parametrize("model", [MAF, RealNVP])
def test_raw_scales_have_the_density_of_standardised_ones(model):
    """In nats: log p(x) of the table and of the standardised one differ by the sum of the log deviations."""
    scale = np.array([1e-6, 1e6])
    raw = (SORTED[:512] / SORTED.std(axis=0) * scale + 3 * scale).astype("float32")
    flow = model((2,), transforms=2, hidden=(8,), standardize=True)
    flow.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
    history = flow.fit(raw, epochs=2, batch_size=128, verbose=0).history["loss"]
    z = (raw - raw.mean(axis=0, dtype="float64")) / raw.std(axis=0, dtype="float64")
    twin = model((2,), transforms=2, hidden=(8,), standardize=True)
    twin.set_weights(flow.get_weights())
    twin.adapt(z.astype("float32"))
    want = np.mean(twin.log_prob(z.astype("float32"))) - np.log(raw.std(axis=0, dtype="float64")).sum()
    assert np.isfinite(history).all()
    np.testing.assert_allclose(np.mean(flow.log_prob(raw)), want, atol=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("model", [MAF, RealNVP, NSF])
def test_a_training_on_raw_scales_reaches_what_one_on_standardised_values_does(model):
    """The held-out NLL, in the units of the standardised table, within .1 nats."""
    x = make_moons(3000, noise=0.1, random_state=0)[0]
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    scale, reached = np.array([1e-6, 1e6]), []
    for table in (z, (z + 3) * scale):
        table = table.astype("float32")
        keras.utils.set_random_seed(1)
        flow = model((2,), transforms=4, hidden=(32, 32), standardize=True)
        flow.compile(keras.optimizers.Adam(3e-3), jit_compile=False)
        history = flow.fit(table[:2500], epochs=15, batch_size=100, verbose=0).history["loss"]
        assert np.isfinite(history).all()
        reached.append(-np.mean(flow.log_prob(table[2500:])))
    assert abs(reached[1] - np.log(scale).sum() - reached[0]) < 0.1, reached


@pytest.mark.slow
def test_the_posterior_of_a_context_times_1000_is_that_of_bayes():
    """theta and the noise of its observation have variance 1: theta is N(y / 2, 1 / 2) given y."""
    random = np.random.default_rng(0)
    theta = random.standard_normal((4000, 2)).astype("float32")
    y = theta + random.standard_normal((4000, 2)).astype("float32")
    flow = MAF((2,), transforms=2, hidden=(32,), context_dim=2)
    flow.compile(keras.optimizers.Adam(3e-3), jit_compile=False)
    flow.fit(theta, 1000 * y, epochs=20, batch_size=100, verbose=0)
    context = np.repeat(np.float32([[1600.0, -1000.0]]), 4000, axis=0)
    draws = flow.sample(4000, seed=0, context=context).numpy()
    np.testing.assert_allclose(draws.mean(axis=0), [0.8, -0.5], atol=0.2)
    np.testing.assert_allclose(draws.std(axis=0), np.sqrt([0.5, 0.5]), atol=0.1)


def test_constant_columns_are_shifted_only():
    flow = MAF((2,), transforms=1, hidden=(4,), standardize=True)
    x = np.stack([SORTED[:, 0], np.full(len(SORTED), 0.1)], axis=1).astype("float32")
    flow.adapt(x)
    np.testing.assert_allclose(np.exp(flow.chain[0].log_scale)[1], 1.0)
    assert np.isfinite(flow.log_prob(x)).all()


@pytest.mark.parametrize(
    "form",
    [lambda x: [x], lambda x: (x,), lambda x: {"x": x}, lambda x: {"features": x}],
    ids=["list", "tuple", "x", "features"],
)
def test_an_array_in_a_structure_is_measured_as_it_would_be_alone(form):
    flows = [MAF((2,), transforms=1, hidden=(4,), standardize=True) for _ in range(2)]
    for flow, x in zip(flows, (SORTED[:500], form(SORTED[:500])), strict=True):
        flow.compile("sgd", run_eagerly=True)
        flow.fit(x, epochs=1, batch_size=250, verbose=0)
    np.testing.assert_array_equal(flows[0].chain[0].shift.numpy(), flows[1].chain[0].shift.numpy())


@pytest.mark.parametrize(
    "arguments, says",
    [
        ({"x": SORTED[:0]}, "at least one example"),
        ({"x": SORTED[:4], "sample_weight": np.ones(3)}, r"a weight for each example, \[4\]"),
        ({"x": SORTED[:4], "sample_weight": -np.ones(4)}, "weights >= 0"),
        ({"x": SORTED[:4], "sample_weight": np.full(4, np.nan)}, "weights >= 0"),
        ({"x": None}, "Call adapt"),
    ],
    ids=["none", "short", "negative", "NaN", "None"],
)
def test_what_fit_refuses_is_refused_before_anything_is_measured(arguments, says):
    for model in (MAF((2,), transforms=1, hidden=(4,), standardize=True), KernelDensity((2,))):
        model.compile()
        with pytest.raises(InputError, match=says) as error:
            model.fit(**arguments, verbose=0)
        assert "\n" not in str(error.value)


def test_nothing_cannot_be_measured():
    with pytest.raises(InputError, match="Received: none"):
        MAF((2,), transforms=1, hidden=(4,), standardize=True).adapt(SORTED[:0])


def test_what_cannot_be_read_twice_is_refused():
    flow = MAF((2,), transforms=1, hidden=(4,), standardize=True)
    flow.compile(jit_compile=False)
    with pytest.raises(InputError, match="Call adapt"):
        flow.fit(iter([SORTED]))


@pytest.mark.parametrize("second, says", [(0.0, r"features \[1\] are constant"), (-3.0, "follow from the others")])
def test_data_without_a_volume_are_warned_of(second, says):
    flow = MAF((2,), transforms=1, hidden=(4,), standardize=True)
    flow.compile("sgd", run_eagerly=True)
    x = SORTED[:100, 0]
    with pytest.warns(UserWarning, match=says):
        flow.fit(np.stack([x, 5 + second * x], axis=1), epochs=1, batch_size=100, verbose=0)
    flow.fit(SORTED[:100], epochs=1, batch_size=100, verbose=0)  # in silence


def test_a_loss_that_becomes_nan_is_told_of_once():
    flow = RealNVP((2,), transforms=1, hidden=(4,))
    flow.compile(keras.optimizers.SGD(1e30), run_eagerly=True)
    with pytest.warns(UserWarning, match="RealNVP became NaN in epoch [12]") as told:
        flow.fit(SORTED[:20], epochs=4, batch_size=20, verbose=0)
    assert len(told) == 1


def test_large_values_are_warned_of_where_nothing_standardises_them():
    flow = MAF((2,), transforms=1, hidden=(4,))
    flow.compile("sgd", run_eagerly=True)
    with pytest.warns(UserWarning, match="values as large as 5e\\+06.*standardize=True"):
        flow.fit(1e6 * np.float32([[5, 1], [0, 1], [2, 0], [1, 4]]), epochs=1, verbose=0)
