"""`fit` and its executions of many steps: every batch once, whatever brings it."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_trainer import X, noisy_vae

from keraszoo.core import loop
from keraszoo.core.callbacks import looks_at_batches
from keraszoo.core.errors import InputError
from keraszoo.core.execution import Execution
from keraszoo.data import batches, load, resident
from keraszoo.models import Autoencoder, BetaTCVAE


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.by_default("False")
def test_resident_data_teach_what_the_pipeline_teaches(jit_compile):
    """Over the ends of epochs and executions, started within an epoch, and beside train_on_batch."""
    source, learned = load("digits"), []
    for make in (resident, functools.partial(batches, training=True, first_step=1)):
        keras.utils.set_random_seed(0)
        vae = noisy_vae((8, 8, 1))
        vae.compile("sgd", steps_per_execution=3, jit_compile=jit_compile)
        vae.fit(make(source, "train", 300), epochs=3, steps_per_epoch=4, initial_step=1, shuffle=False, verbose=0)
        vae.train_on_batch(source.array("train")[:10] / np.float32(255))
        assert vae.optimizer.iterations == 12
        learned.append(vae.get_weights())
    for mine, theirs in zip(*learned, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_resident_data_know_how_long_an_epoch_is():
    vae = noisy_vae((8, 8, 1))
    vae.compile("sgd", steps_per_execution=3)
    vae.fit(resident(load("digits"), "train", 300), epochs=2, verbose=0)
    assert vae.optimizer.iterations == 8


def test_an_epoch_ends_where_it_should_on_an_endless_stream():
    model = Autoencoder((4, 4, 1))
    model.compile("sgd", steps_per_execution=4)
    stream = tf.data.Dataset.counter().map(lambda i: tf.fill([2, 4, 4, 1], tf.cast(i % 7, tf.float32) / 7))
    steps = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: steps.append(int(model.optimizer.iterations))
    )
    model.fit(stream, steps_per_epoch=10, epochs=3, validation_data=X, callbacks=[watch], shuffle=False, verbose=0)
    assert steps == [10, 20, 30]


def test_no_example_is_lost_between_executions():
    """Five batches in executions of two: all five are trained on, each once."""
    model = Autoencoder((4, 4, 1))
    model.compile("sgd", steps_per_execution=2)
    model.fit(tf.data.Dataset.from_tensor_slices(X).batch(13), epochs=2, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == 10


class Watch(keras.callbacks.Callback):
    """Counts what is done at the ends of epochs; of batches it says nothing."""

    def __init__(self):
        super().__init__()
        self.steps = []

    def on_epoch_end(self, epoch, logs=None):
        self.steps.append(int(self.model.optimizer.iterations))


class WatchBatches(Watch):
    def on_train_batch_end(self, batch, logs=None):
        self.steps.append((batch, int(self.model.optimizer.iterations)))


def endless():
    return tf.data.Dataset.from_tensor_slices(X).batch(8).repeat()


@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # Keras says so of every unknown length
@pytest.mark.parametrize(
    ("data", "steps"),
    [
        (lambda: X, None),
        (lambda: tf.data.Dataset.from_tensor_slices(X).batch(7), None),
        (lambda: tf.data.Dataset.from_tensor_slices(X).batch(7).filter(lambda _: True), None),  # nobody knows how long
        (endless, 5),
    ],
    ids=["array", "dataset", "unknown", "endless"],
)
def test_steps_that_are_taken_in_advance_are_the_same_steps(data, steps, monkeypatch):
    """Without a number of steps per execution many are taken at once, but never beyond an epoch."""
    learned, calls = [], []
    execute = Execution.__call__
    monkeypatch.setattr(Execution, "__call__", lambda self, *args: calls.append(1) or execute(self, *args))
    monkeypatch.setattr(loop, "LONGEST_EXECUTION", 600.0)  # seconds, so that time does not tell how many
    monkeypatch.setattr(loop, "LONGEST_ADVANCE", 600.0)
    for watch, size in ((Watch(), None), (WatchBatches(), None), (Watch(), 1)):
        keras.utils.set_random_seed(0)
        vae, first = noisy_vae((4, 4, 1)), len(calls)
        vae.compile("sgd", steps_per_execution=size)
        options = {"batch_size": 8} if steps is None and data() is X else {}
        history = vae.fit(
            data(), epochs=3, steps_per_epoch=steps, validation_data=X[:8], callbacks=[watch], verbose=0, **options
        )
        learned.append((vae.get_weights(), history.history, len(calls) - first, watch.steps))
    (ahead, history, few, ends), (single, _, _, batches_seen), (plain, plain_history, many, plain_ends) = learned
    for one, other, third in zip(ahead, single, plain, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)
    assert history == plain_history
    assert ends == plain_ends
    per_epoch = ends[0]
    expected = [(step % per_epoch, step + 1) for step in range(3 * per_epoch)]
    assert [each for each in batches_seen if isinstance(each, tuple)] == expected
    assert few < many


@pytest.mark.parametrize("steps_per_execution", [None, 3])
def test_replicas_that_bring_batches_together_take_a_smaller_last_batch(mirrored, steps_per_execution):
    """What they sum has the size of the batch, and a graph's sums keep theirs from step to step."""
    with mirrored.scope():
        model = BetaTCVAE((4, 4, 1), latent_dim=2, hidden=(8,), size=40)
        model.compile("sgd", steps_per_execution=steps_per_execution)
    model.fit(X[:40], batch_size=16, epochs=3, validation_data=X[:40], verbose=0)
    assert int(tf.convert_to_tensor(model.iterations)) == 9


def test_callbacks_that_look_at_batches(tmp_path):
    callback, path = keras.callbacks, str(tmp_path / "a.keras")
    for each in (
        [callback.ModelCheckpoint(path, save_freq=3)],
        callback.LambdaCallback(on_train_batch_begin=print),
        [callback.EarlyStopping(), WatchBatches()],
        [callback.TensorBoard(tmp_path, update_freq=10)],
        callback.CallbackList([callback.TerminateOnNaN()]),
    ):
        assert looks_at_batches(each), each
    for each in (
        None,
        [],
        [callback.ModelCheckpoint(path), callback.TensorBoard(tmp_path), callback.CSVLogger(path)],
        callback.LambdaCallback(on_epoch_end=print),
        callback.CallbackList([Watch()]),
    ):
        assert not looks_at_batches(each), each


def test_eager_and_on_batch_training_agree_with_the_graph(same_noise):
    graph, eager, batch = Autoencoder((4, 4, 1)), Autoencoder((4, 4, 1)), Autoencoder((4, 4, 1))
    for model in (eager, batch):
        model.set_weights(graph.get_weights())
    graph.compile("sgd")
    eager.compile("sgd", run_eagerly=True)
    batch.compile("sgd")
    graph.fit(X[:32], verbose=0)
    eager.fit(X[:32], verbose=0)
    logs = batch.train_on_batch(X[:32], return_dict=True)
    assert set(logs) == {"loss", "reconstruction"}
    for model in (eager, batch):
        for a, b in zip(model.get_weights(), graph.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_keras_still_has_the_hook_that_is_switched_off():
    """`_maybe_symbolic_build` is the one private name that ZooModel overrides."""
    assert callable(keras.Model._maybe_symbolic_build)


class Batches(Autoencoder):
    """Keeps the first numbers of the examples that each step was given."""

    def train_step(self, data):
        x, *_ = data if isinstance(data, tuple) else (data,)
        tf.py_function(lambda x: self.seen.append(x[:, 0, 0, 0].numpy().tolist()), [x], [])
        return super().train_step(data)


def seen(strategy=None, **options):
    """The numbers of the examples in each batch of a `fit` of 0, 1 ... 64, batches of 16."""
    keras.utils.set_random_seed(0)
    with (strategy or tf.distribute.get_strategy()).scope():
        model = Batches((1, 1, 1), hidden=(2,))
    object.__setattr__(model, "seen", [])
    model.compile(keras.optimizers.SGD(0.0))
    model.fit(np.arange(65, dtype="float32").reshape(65, 1, 1, 1) / 64, batch_size=16, verbose=0, **options)
    return [[round(64 * x) for x in batch] for batch in model.seen]


def test_arrays_come_once_each_pass_in_another_order():
    batches = seen(epochs=2)
    assert [len(batch) for batch in batches] == [16, 16, 16, 16, 1] * 2
    first, second = (sum(part, []) for part in (batches[:5], batches[5:]))
    assert sorted(first) == sorted(second) == list(range(65))
    assert first != second
    assert batches == seen(epochs=2)  # the seed's
    assert sum(seen(shuffle=False), []) == list(range(65))


def test_arrays_come_in_the_same_order_on_two_replicas(mirrored):
    one, two = seen(), seen(mirrored)
    together = [sorted(two[i] + two[i + 1]) for i in range(0, 8, 2)]
    assert together == [sorted(batch) for batch in one[:4]]


def test_a_pass_goes_on_where_an_epoch_is_shorter():
    batches = seen(steps_per_epoch=2, epochs=3)
    assert len(batches) == 6
    assert sorted(sum(batches[:5], [])) == list(range(65))


def test_validation_split_takes_the_last_examples():
    assert sorted(sum(seen(validation_split=0.2), [])) == list(range(52))


def test_arrays_that_are_no_examples_are_refused_before_a_step():
    model = Autoencoder((4, 4, 1))
    model.compile("sgd")
    with pytest.raises(InputError, match="Received"):
        model.fit(X[:, :3], verbose=0)
    assert int(model.optimizer.iterations) == 0


def test_a_second_fit_of_arrays_traces_nothing_anew():
    model = Autoencoder((4, 4, 1))
    model.compile("sgd")
    model.fit(X, epochs=1, verbose=0)
    model.fit(X[:40], epochs=1, verbose=0)
    (execute,) = [
        cell.cell_contents for cell in model.train_function.__closure__ if isinstance(cell.cell_contents, Execution)
    ]
    count = execute.from_resident.experimental_get_tracing_count()
    model.fit(X[:50], epochs=2, verbose=0)
    assert execute.from_resident.experimental_get_tracing_count() == count
