"""The base class: what Keras would do wrong, done right."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.data import batches, load, resident
from keraszoo.models import VAE, Autoencoder

X = np.random.default_rng(0).random((65, 4, 4, 1), "float32")


def noisy_vae_of_digits():
    return noisy_vae((8, 8, 1))


def noisy_vae(shape=(4, 4, 1)):
    """A VAE whose encoder has dropout and batch normalisation."""
    encoder = keras.Sequential(
        [
            keras.layers.Flatten(),
            keras.layers.Dense(8, "relu"),
            keras.layers.BatchNormalization(synchronized=True),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(4),
        ]
    )
    return VAE(shape, latent_dim=2, encoder=encoder)


def test_training_reaches_dropout_and_batch_normalisation():
    vae = noisy_vae()
    vae.compile("sgd")
    normalisation = vae.encoder.layers[2]
    vae.evaluate(X, verbose=0)
    assert np.all(normalisation.moving_mean == 0)
    vae.fit(X, verbose=0)
    assert np.any(normalisation.moving_mean != 0)
    training = [np.asarray(vae.encode(X, training=True)) for _ in range(2)]
    assert not np.array_equal(*training)
    assert np.array_equal(vae.encode(X), vae.encode(X))


def test_replicas_draw_different_noise_in_every_layer(mirrored):
    with mirrored.scope():
        vae = noisy_vae()
    vae.compile("sgd")
    assert_separate(vae, mirrored)
    first = [mirrored.experimental_local_results(v.value)[0].numpy() for v in seeds(vae)]
    vae.compile("sgd")  # again: nothing moves
    again = [mirrored.experimental_local_results(v.value)[0].numpy() for v in seeds(vae)]
    np.testing.assert_array_equal(first, again)
    assert_separate(vae, mirrored)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_resident_data_teach_what_the_pipeline_teaches(jit_compile):
    """Over the ends of epochs and executions, started within an epoch, and beside train_on_batch."""
    source, learned = load("digits"), []
    for make in (resident, functools.partial(batches, training=True, first_step=1)):
        keras.utils.set_random_seed(0)
        vae = noisy_vae_of_digits()
        vae.compile("sgd", steps_per_execution=3, jit_compile=jit_compile)
        vae.fit(make(source, "train", 300), epochs=3, steps_per_epoch=4, initial_step=1, shuffle=False, verbose=0)
        vae.train_on_batch(source.array("train")[:10] / np.float32(255))
        assert vae.optimizer.iterations == 12
        learned.append(vae.get_weights())
    for mine, theirs in zip(*learned, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_resident_data_know_how_long_an_epoch_is():
    vae = noisy_vae_of_digits()
    vae.compile("sgd", steps_per_execution=3)
    vae.fit(resident(load("digits"), "train", 300), epochs=2, verbose=0)
    assert vae.optimizer.iterations == 8


def seeds(model):
    return [v for v in model.non_trainable_variables if v.name == "seed_generator_state"]


def assert_separate(model, strategy):
    assert len(seeds(model)) == 2  # the model's own and the dropout layer's
    for variable in seeds(model):
        one, two = strategy.experimental_local_results(variable.value)
        assert not np.array_equal(one, two)


def test_compiling_a_model_with_an_unbuilt_layer_is_refused():
    class Unbuilt(VAE):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.extra = keras.layers.Dense(3)

    with pytest.raises(InputError, match=r"Nearest: self.extra.build\(shape of its input"):
        Unbuilt((4, 4, 1)).compile("adam")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "mse"}, "Received: loss"),
        ({"steps_per_execution": 0}, "steps_per_execution"),
        ({"metrics": []}, "metrics"),
    ],
)
def test_compile_refuses_what_it_would_ignore(options, message):
    with pytest.raises(InputError, match=message):
        Autoencoder((4, 4, 1)).compile("adam", **options)


def test_several_replicas_refuse_xla_and_accumulation(mirrored):
    with mirrored.scope():
        model = Autoencoder((4, 4, 1))
    with pytest.raises(InputError, match="one replica"):
        model.compile("adam", jit_compile=True)
    with pytest.raises(InputError, match="gradient_accumulation_steps"):
        model.compile(keras.optimizers.Adam(gradient_accumulation_steps=2))


def test_optimizer_made_outside_the_scope_is_made_again_inside(mirrored):
    optimizer = keras.optimizers.Adam(0.012)
    with mirrored.scope():
        model = Autoencoder((4, 4, 1))
    model.compile(optimizer)
    model.fit(X, batch_size=16, verbose=0)
    assert model.optimizer is not optimizer
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model.optimizer.learning_rate), 0.012, rtol=1e-6)


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


def test_terms_must_be_vectors_with_the_promised_names():
    class Scalar(Autoencoder):
        def loss_terms(self, x, y=None, training=False):
            return {name: tf.reduce_mean(term) for name, term in super().loss_terms(x, y, training).items()}

    model = Scalar((4, 4, 1))
    model.compile("sgd")
    with pytest.raises(ValueError, match=r"\[batch\] vector"):
        model.fit(X, verbose=0)


def test_missing_channel_axis_is_explained():
    model = Autoencoder((4, 4, 1))
    model.compile("sgd")
    with pytest.raises(InputError, match=r"Add the channel axis: x\[\.\.\., None\]"):
        model.fit(X[..., 0], verbose=0)


def test_keras_still_has_the_hook_that_is_switched_off():
    """`_maybe_symbolic_build` is the one private name that ZooModel overrides."""
    assert callable(keras.Model._maybe_symbolic_build)
