"""Compiling and one step: layers, replicas and optimizers, done right where Keras would do wrong."""

import keras
import numpy as np
import pytest

from keraszoo.core.errors import InputError
from keraszoo.core.updates import Gradient
from keraszoo.models import VAE, Autoencoder

X = np.random.default_rng(0).random((65, 4, 4, 1), "float32")


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
    vae.compile(keras.optimizers.SGD(1e-4))
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


def seeds(model):
    return [v for v in model.non_trainable_variables if v.name == "seed_generator_state"]


def assert_separate(model, strategy):
    assert len(seeds(model)) == 2  # the model's own and the dropout layer's
    for variable in seeds(model):
        one, two = strategy.experimental_local_results(variable.value)
        assert not np.array_equal(one, two)


def test_a_layer_without_weights_is_named():
    class Unbuilt(Autoencoder):
        def __init__(self, image_shape):
            super().__init__(image_shape)
            self.head = keras.layers.Dense(2, name="the_head")

    with pytest.raises(InputError, match=r"layer 'the_head' \(Dense\) that is not built.*self.head.build\(shape"):
        Unbuilt((4, 4, 1)).compile("adam")


def test_a_weight_that_no_update_learns_is_named():
    class Left(Autoencoder):
        def updates(self):
            return {"optimizer": Gradient(self.loss_terms, self.encoder.trainable_variables)}

    model = Left((4, 4, 1))
    with pytest.raises(InputError, match=r"Received: none for .*decoder"):
        model.compile("adam")
    model.decoder.trainable = False
    model.compile("adam")


@pytest.mark.slow
def test_many_models_in_one_process_are_not_taken_for_one_that_is_traced_often(caplog):
    for _ in range(6):
        model = Autoencoder((4, 4, 1), 2, hidden=(3,))
        model.compile("sgd")
        model.fit(X, verbose=0)
    assert "retracing" not in caplog.text


def test_nothing_to_learn_and_other_weights_than_compiled_are_refused():
    model = Autoencoder((4, 4, 1))
    model.compile("adam")
    model.encoder.trainable = False
    with pytest.raises(InputError, match="Call compile again"):
        model.fit(X, verbose=0)
    model.trainable = False
    model.compile("adam")
    with pytest.raises(InputError, match="all of its weights are frozen"):
        model.fit(X, verbose=0)


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
