"""What a model of the zoo states: its terms, its input, and the config that follows from its constructor."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_trainer import X

from keraszoo.core.errors import InputError
from keraszoo.core.model import ZooModel
from keraszoo.models import (
    GAN,
    MAF,
    VAE,
    Autoencoder,
    GaussianMixture,
    GenerativeClassifier,
    Histogram,
    RealNVP,
)


def test_missing_channel_axis_is_explained():
    model = Autoencoder((4, 4, 1))
    model.compile("sgd")
    with pytest.raises(InputError, match=r"Add the channel axis: x\[\.\.\., None\]"):
        model.fit(X[..., 0], verbose=0)


def test_terms_must_be_vectors_with_the_promised_names():
    class Scalar(Autoencoder):
        def loss_terms(self, x, y=None, training=False):
            return {name: tf.reduce_mean(term) for name, term in super().loss_terms(x, y, training).items()}

    model = Scalar((4, 4, 1))
    model.compile("sgd")
    with pytest.raises(ValueError, match=r"\[batch\] vector"):
        model.fit(X, verbose=0)


def test_a_term_without_a_name_and_a_name_without_a_term_are_named():
    class Unknown(Autoencoder):
        def loss_terms(self, x, y=None, training=False):
            return {**super().loss_terms(x, y, training), "extra": x[:, 0, 0, 0]}

    class Missing(Autoencoder):
        term_names = ("reconstruction", "promised")

    for model_class, message in ((Unknown, "returns extra"), (Missing, "must also return promised")):
        model = model_class((4, 4, 1))
        model.compile("sgd")
        with pytest.raises(InputError, match=message):
            model.fit(X, verbose=0)


@pytest.mark.parametrize("form", ["array", "dictionary", "pairs", "list"])
def test_a_model_learns_the_same_from_every_form_of_its_examples(form):
    forms = {
        "array": lambda: X[:32],
        "list": lambda: [X[:32]],
        "dictionary": lambda: tf.data.Dataset.from_tensor_slices({"image": X[:32], "label": np.arange(32)}).batch(32),
        "pairs": lambda: tf.data.Dataset.from_tensor_slices((X[:32], np.arange(32))).batch(32),
    }
    given, expected = Autoencoder((4, 4, 1)), Autoencoder((4, 4, 1))
    expected.set_weights(given.get_weights())
    for model, x in ((given, forms[form]()), (expected, X[:32])):
        model.compile("sgd")
        model.fit(x, shuffle=False, verbose=0)
    for mine, theirs in zip(given.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-7)


def test_weights_of_examples_count_in_a_column_too_and_in_no_other_shape():
    model, weights = Autoencoder((4, 4, 1)), np.linspace(0.0, 2.0, len(X), dtype="float32")
    model.compile("sgd")
    losses = model.loss_terms(X)["reconstruction"].numpy()
    for given in (weights, weights[:, None]):
        shown = model.evaluate(X, np.zeros(len(X)), sample_weight=given, batch_size=16, verbose=0, return_dict=True)
        assert shown["loss"] == pytest.approx(np.average(losses, weights=weights), rel=1e-5)
    with pytest.raises(InputError, match=r"weights of shape \[batch\] or \[batch, 1\]. Received"):
        model.evaluate(X, np.zeros(len(X)), sample_weight=np.ones((len(X), 4), "float32"), verbose=0)


class Scaled(ZooModel):
    """y = scale b(a(x)), of own networks or of others."""

    term_names = ("square",)

    def __init__(self, size, *, scale=2.0, a=None, b=None):
        super().__init__()
        self.scale = scale
        self.a, self.b = (dense(size) if network is None else network for network in (a, b))

    def call(self, x, training=False):
        return self.scale * self.b(self.a(x))

    def loss_terms(self, x, y=None, training=False):
        return {"square": tf.reduce_sum(tf.square(self(x)), axis=1)}


class Tripled(Scaled):
    """A preset."""

    defaults = {"scale": 3.0}


def dense(*units):
    return keras.Sequential([keras.Input((3,)), *(keras.layers.Dense(size) for size in units)])


def saved_and_loaded(model, path):
    model.save(path)
    return keras.models.load_model(path, custom_objects={type(model).__name__: type(model)})


@pytest.mark.parametrize("model_class", [Scaled, Tripled])
def test_a_saved_and_loaded_model_is_the_same_and_goes_on_as_it(tmp_path, model_class):
    model, x = model_class(3), np.random.default_rng(0).random((5, 3), "float32")
    assert model.scale == {Scaled: 2.0, Tripled: 3.0}[model_class]
    model.a.trainable = False
    model.compile("adam")
    model.fit(x, batch_size=2, verbose=0)
    loaded = saved_and_loaded(model, tmp_path / "model.keras")
    assert type(loaded) is model_class and loaded.scale == model.scale
    assert loaded.iterations == 3 and len(loaded.trainable_variables) == 2
    for _ in range(2):
        np.testing.assert_array_equal(loaded(x), model(x))
        for each in (model, loaded):
            each.train_on_batch(x)


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_network_that_replaced_the_own_one_learns_and_is_saved(tmp_path, name):
    model, x = Scaled(3), np.random.default_rng(0).random((5, 3), "float32")
    setattr(model, name, dense(4, 3))
    assert len(model.trainable_variables) == 6  # none of the network that is gone
    model.compile("sgd")
    model.fit(x, verbose=0)
    np.testing.assert_array_equal(saved_and_loaded(model, tmp_path / "model.keras")(x), model(x))


def test_a_network_that_stands_elsewhere_too_stays():
    model = Scaled(3)
    model.kept = model.a
    model.a = dense(4, 3)
    assert len(model.trainable_variables) == 8
    assert any(layer is model.kept for layer in model.layers)


def test_tensorflows_checkpoints_hold_every_variable(tmp_path):
    model = Autoencoder((4, 4, 1))
    path = tf.train.Checkpoint(model).save(str(tmp_path / "checkpoint"))
    stored = [shape for name, shape in tf.train.list_variables(path) if "VARIABLE_VALUE" in name]
    for variable in model.variables:
        assert list(variable.shape) in stored
        stored.remove(list(variable.shape))


@pytest.mark.parametrize(
    "make",
    [
        lambda: VAE((4, 4, 1), latent_dim=2, hidden=(4,)),
        lambda: GAN((4, 4, 1), latent_dim=2),
        lambda: RealNVP((2,), transforms=1, hidden=(4,)),
        lambda: MAF((2,), transforms=1, hidden=(4,), num_classes=2),
        lambda: Histogram((2,)),
        lambda: GaussianMixture((2,), 2),
        lambda: GenerativeClassifier((2,), 2, density="lda"),
    ],
    ids=["VAE", "GAN", "RealNVP", "MAF", "Histogram", "GaussianMixture", "GenerativeClassifier"],
)
def test_samples_are_asked_for_by_integers(make):
    model = make()
    for count in (-1, 2.5, "four", None):
        with pytest.raises(InputError, match="count must be an integer >= 0. Received"):
            model.sample(count, seed=0)
    for seed in (1.5, "a", 2**70):
        with pytest.raises(InputError, match="A seed is an integer"):
            model.sample(4, seed=seed)
    np.testing.assert_array_equal(model.sample(np.int64(2), seed=np.int32(3)), model.sample(2, seed=3))
    assert len(model.sample(0, seed=0)) == 0


@pytest.mark.parametrize("number", [3.0, np.float32(3.0), np.array(3.0)])
def test_a_number_is_no_batch(number):
    model = Histogram((1,))
    model.compile()
    for method in (model.fit, model.predict, model.evaluate, model.log_prob):
        with pytest.raises(InputError, match="takes batches of"):
            method(number)
