"""What a user of Keras does on the second day: callbacks, steps of one's own, precision, strategies, graphs."""

import gc

import keras
import numpy as np
import pytest
import tensorflow as tf
import zoo

from keraszoo import models
from keraszoo.core.errors import InputError
from keraszoo.models import VAE, RealNVP

# ------------------------------------------------------------------ steps of one's own


class Doubled(VAE):
    """Calls the step and adds to what it tells."""

    def train_step(self, data):
        return {**super().train_step(data), "doubled": 2.0 * tf.convert_to_tensor(self.term_metrics[0].result())}

    def test_step(self, data):
        return {"only": tf.constant(3.0)}


class Own(VAE):
    """Does all of it itself, with a metric of its own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.mine = keras.metrics.Mean(name="mine")

    def train_step(self, data):
        x, _, _ = self.gate(data)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.add_n(list(self.loss_terms(x, training=True).values())))
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        self.mine.update_state(loss)
        return {"mine": self.mine.result()}


@pytest.mark.parametrize("eagerly", [False, True])
def test_the_dictionary_of_an_overridden_step_is_the_history(eagerly):
    model = Doubled((8, 8, 1), 2, hidden=(4,))
    model.compile("adam", run_eagerly=eagerly)
    x, _ = zoo.data(model)
    history = model.fit(x, batch_size=3, epochs=2, validation_data=(x,), verbose=0).history
    assert set(history) == {"loss", "reconstruction", "kl", "doubled", "val_only"}
    np.testing.assert_allclose(history["doubled"], 2 * np.array(history["loss"]), rtol=1e-6)
    assert history["val_only"] == [3.0, 3.0]
    assert model.evaluate(x, verbose=0, return_dict=True) == {"only": 3.0}
    own = Own((8, 8, 1), 2, hidden=(4,))
    own.compile("adam", run_eagerly=eagerly)
    before = own.get_weights()
    history = own.fit(x, batch_size=3, epochs=2, verbose=0).history
    assert set(history) == {"mine"} and all(value > 1 for value in history["mine"])
    assert not zoo.equal(own.get_weights(), before)
    assert history["mine"][0] != history["mine"][1]
    assert int(own.iterations) == int(model.iterations) == 4  # though its own step counts none


def test_a_step_of_ones_own_is_counted_on_two_replicas(mirrored):
    with mirrored.scope():
        model = Own((8, 8, 1), 2, hidden=(4,))
        model.compile("adam")
    model.fit(zoo.data(model)[0], batch_size=2, epochs=2, verbose=0)
    assert int(tf.convert_to_tensor(model.iterations)) == 6


@pytest.mark.parametrize(("answer", "kind"), [(None, "NoneType"), (3.0, "float")])
def test_a_step_that_answers_no_dictionary_is_named(answer, kind):
    class Wrong(VAE):
        def train_step(self, data):
            return answer

    model = zoo.compiled(Wrong((8, 8, 1), 2, hidden=(4,)), run_eagerly=True)
    with pytest.raises(InputError, match=f"a dictionary of what it tells.*Received: {kind} .*Wrong"):
        model.fit(zoo.data(model)[0], verbose=0)


# ------------------------------------------------------------------ habits of one optimizer


def rates(model):
    return [float(keras.ops.convert_to_numpy(optimizer.learning_rate)) for optimizer in model.optimizers]


@pytest.mark.parametrize("name", zoo.SEVERAL_OPTIMIZERS)
@pytest.mark.by_default("WGAN")
def test_learning_rates_reach_every_optimizer(name):
    model = zoo.compiled(zoo.small(name), lambda: keras.optimizers.SGD(0.01), run_eagerly=True)
    x, y = zoo.data(model)
    seen = []
    callbacks = [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(rates(model))),
    ]
    model.fit(x, y, batch_size=zoo.ROWS, epochs=2, verbose=0, callbacks=callbacks)
    np.testing.assert_allclose(seen, [[0.005] * len(model.optimizers), [0.0025] * len(model.optimizers)], rtol=1e-6)
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.1, patience=1, min_delta=1e9, min_lr=0)
    model.fit(x, y, batch_size=zoo.ROWS, epochs=2, verbose=0, callbacks=plateau)
    np.testing.assert_allclose(rates(model), [0.00025] * len(model.optimizers), rtol=1e-6)


@pytest.mark.parametrize("name", ["VAE", *zoo.SEVERAL_OPTIMIZERS])
@pytest.mark.by_default("VAE", "WGAN")
def test_averages_of_every_optimizer_are_swapped_and_kept(name):
    """With a momentum of 0 the average is the weights, of 1 what they began as: the swap and the end show which."""
    make = lambda: keras.optimizers.SGD(0.01, use_ema=True, ema_momentum=1.0)  # noqa: E731
    model = zoo.compiled(zoo.small(name), make, run_eagerly=True)
    x, y = zoo.data(model)
    model.fit(x, y, batch_size=zoo.ROWS, epochs=2, verbose=0)  # the averages stay the weights of the first step
    learned = [variable for update in model.gradients().values() for variable in update.variables]
    averages = [average for each in model.optimizers for average in each._model_variables_moving_average]
    distinct = len({id(variable) for variable in learned}) == len(learned)  # no weight that two optimizers average
    if distinct and not getattr(model, "clip", None):
        assert zoo.equal(zoo.values(learned), zoo.values(averages))  # the end of fit overwrote the weights
    during, validated = [], []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            during.append(zoo.values(learned))

        def on_test_begin(self, logs=None):
            validated.append(zoo.values(learned))

    before = zoo.values(averages)
    model.fit(x, y, batch_size=zoo.ROWS, validation_data=(x, y), verbose=0, validation_batch_size=zoo.ROWS,
              callbacks=[keras.callbacks.SwapEMAWeights(swap_on_epoch=False), Watch()])  # fmt: skip
    assert not zoo.equal(during[0], before)
    if distinct:
        for seen, average in zip(validated[0], before, strict=True):  # Keras swaps by adding and subtracting
            np.testing.assert_allclose(seen, average, rtol=1e-4, atol=1e-5)


def test_every_callback_of_keras(tmp_path):
    model = zoo.compiled(zoo.small("GAN"))
    x, _ = zoo.data(model)
    called = []
    callbacks = [
        keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor="loss", save_best_only=True),
        keras.callbacks.BackupAndRestore(tmp_path / "backup"),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True),
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.TensorBoard(tmp_path / "logs"),
        keras.callbacks.ReduceLROnPlateau(monitor="loss"),
        keras.callbacks.LearningRateScheduler(lambda epoch: 0.01),
        keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: called.append(logs)),
    ]
    history = model.fit(x, batch_size=3, epochs=2, validation_data=(x,), verbose=0, callbacks=callbacks).history
    assert len(called) == 4 and len(history["loss"]) == 2
    assert keras.models.load_model(tmp_path / "best.keras").count_params() == model.count_params()
    assert (tmp_path / "log.csv").read_text().count("\n") == 3


# ------------------------------------------------------------------ messages


def test_a_forgotten_term_is_named():
    class More(VAE):
        def loss_terms(self, x, y=None, training=False):
            return {**super().loss_terms(x, y, training), "roughness": tf.zeros(tf.shape(x)[:1])}

    class Less(VAE):
        term_names = ("reconstruction", "kl", "smoothness")

    for model, term in ((More((8, 8, 1), 2, hidden=(4,)), "roughness"), (Less((8, 8, 1), 2, hidden=(4,)), "smooth")):
        for eagerly in (False, True):
            model.compile("adam", run_eagerly=eagerly)
            with pytest.raises(InputError, match=term) as error:
                model.fit(zoo.data(model)[0], verbose=0)
            assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", zoo.NAMES)
def test_compile_says_where_a_loss_of_ones_own_goes(name):
    for given in ({"loss": "mse"}, {"metrics": ["mae"]}, {"optimiser": "adam"}):
        with pytest.raises(InputError, match=r"loss_terms .*term_names") as error:
            zoo.small(name).compile(**given) if name in ("VAE", "GAN", "RealNVP") else SHARED(name).compile(**given)
        assert "\n" not in str(error.value) and next(iter(given)) in str(error.value)


_made = {}


def SHARED(name):
    return _made.setdefault(name, zoo.small(name))


# ------------------------------------------------------------------ precision, graphs, strategies


@pytest.fixture
def floatx64():
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")


@pytest.mark.parametrize("name", zoo.NAMES)
def test_floatx_of_64_bits(name, floatx64):
    model = zoo.compiled(zoo.small(name), "adam", run_eagerly=True)
    x, y = zoo.data(model)
    for dtype in ("float64", "float32"):
        shown = model.fit(x.astype(dtype), y, batch_size=zoo.ROWS, verbose=0).history
        assert all(np.isfinite(values).all() for values in shown.values())
    assert np.isfinite(np.asarray(model.predict(x, verbose=0))).all()
    if hasattr(model, "sample") and getattr(model, "has_forward", True):
        assert np.isfinite(model.sample(2, seed=0)).all()


@pytest.mark.parametrize("name", [n for n in zoo.NAMES if hasattr(getattr(models, n), "sample")])
@pytest.mark.by_default("RegularizedAutoencoder", "VQVAE", "RealNVP")
def test_sampling_inside_a_function(name):
    model = zoo.small(name)
    if not getattr(model, "has_forward", True):
        pytest.skip("a flow that cannot be sampled from")
    inside = tf.function(lambda: model.sample(3, seed=1), autograph=False)
    np.testing.assert_allclose(inside(), model.sample(3, seed=1), rtol=1e-4, atol=1e-5)
    drawn = tf.function(lambda: model.sample(3), autograph=False)
    assert not np.array_equal(drawn(), drawn()) or "VQ" in name


def test_predict_of_a_conditional_flow():
    flow = RealNVP((4,), transforms=2, hidden=(4,), context_dim=2)
    x, context = zoo.data(flow)
    expected = flow.log_prob(x, context)
    np.testing.assert_allclose(flow.predict([x, context], verbose=0), expected, rtol=1e-5)
    dataset = tf.data.Dataset.from_tensors(((x, context),))
    np.testing.assert_allclose(flow.predict(dataset, verbose=0), expected, rtol=1e-5)
    for eagerly in (False, True):
        flow.compile("adam", run_eagerly=eagerly)
        with pytest.raises(InputError, match=r"predict\(\[x, context\]\)") as error:
            flow.predict(x, verbose=0)
        assert "\n" not in str(error.value)
    classes = RealNVP((4,), transforms=2, hidden=(4,), num_classes=3)
    assert classes.predict(x, verbose=0).shape == (zoo.ROWS, 3)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("name", ["VAE", "GAN", "Classifier"])
def test_mixed_policies(name, policy, tmp_path):
    model = zoo.compiled(zoo.small(name, dtype=policy), run_eagerly=True)
    x, y = zoo.data(model)
    shown = model.fit(x, y, batch_size=zoo.ROWS, verbose=0).history
    assert all(np.isfinite(values).all() for values in shown.values())
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.dtype_policy.name == policy and zoo.equal(loaded.get_weights(), model.get_weights())


@pytest.mark.parametrize("name", ["VAE", "GAN"])
@pytest.mark.slow
def test_two_replicas(name, mirrored, tmp_path):
    with mirrored.scope():
        model = zoo.compiled(zoo.small(name), "adam")
    x, _ = zoo.data(model)
    callbacks = [keras.callbacks.LearningRateScheduler(lambda epoch: 0.01)]
    shown = model.fit(x, batch_size=4, verbose=0, callbacks=callbacks, sample_weight=np.ones((zoo.ROWS, 1))).history
    assert all(np.isfinite(values).all() for values in shown.values())
    np.testing.assert_allclose(rates(model), 0.01, rtol=1e-6)
    with pytest.raises(InputError, match="takes values from"):
        model.fit(tf.data.Dataset.from_tensor_slices(255 * x).batch(4), verbose=0)
    model.save(tmp_path / "model.keras")
    assert zoo.equal(keras.models.load_model(tmp_path / "model.keras").get_weights(), model.get_weights())


# ------------------------------------------------------------------ many trainings in one process


@pytest.mark.parametrize("name", zoo.NAMES)
@pytest.mark.by_default("VAE")
def test_a_training_that_is_over_leaves_no_graph_behind(name):
    """TensorFlow keeps the gradient of every `tf.custom_gradient` in a graph for ever, and the whole graph with it."""

    def operations_after_a_training():
        model = zoo.compiled(zoo.small(name))
        model.fit(*zoo.data(model), batch_size=3, verbose=0)
        del model
        gc.collect()
        return sum(type(thing) is tf.Operation for thing in gc.get_objects())

    first = operations_after_a_training()
    assert operations_after_a_training() - first < 50
