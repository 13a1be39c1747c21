"""Updates in closed form: a model of ten lines, whose parameters are sufficient statistics, and no optimizer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.core.inputs import Input
from keraszoo.core.model import ZooModel
from keraszoo.core.updates import ClosedForm
from keraszoo.distributions import FullNormal
from keraszoo.export import doctor, export


@keras.saving.register_keras_serializable("tests")
class Gaussian(ZooModel):
    """The normal distribution with the mean and the covariance of the data of an epoch, or of each batch."""

    term_names = ("negative_log_likelihood",)

    def __init__(self, size, every="epoch", **kwargs):
        super().__init__(**kwargs)
        self.inputs, self.every, self.normal = Input((size,), name="features"), every, FullNormal(size)

    def call(self, x, training=False):
        return self.normal.log_prob(x)

    def loss_terms(self, x, y=None, training=False):
        return {"negative_log_likelihood": -self.normal.log_prob(x)}

    def updates(self):
        size = self.inputs.shape[0]
        return {
            "normal": ClosedForm(
                lambda x, y, weights: self.normal.sums(x, weights),
                lambda sums: self.normal.fit(**sums),
                every=self.every,
                shapes=self.normal.shapes(size),
            )
        }

    def serving_signatures(self):
        return {"log_prob": (lambda features: {"log_prob": self(features)}, [self.inputs])}


@pytest.fixture
def x():
    random = np.random.default_rng(0)
    return (random.standard_normal((49, 3)) @ [[1, 0.5, 0], [0, 2, 0.3], [0, 0, 0.7]] + [1, 2, 3]).astype("float32")


def fitted(x, every="epoch", **options):
    model = Gaussian(x.shape[1], every)
    model.compile()
    history = model.fit(x, batch_size=options.pop("batch_size", 16), verbose=0, **options).history
    return model, history


def assert_measured(model, x):
    np.testing.assert_allclose(model.normal.loc, x.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(model.normal.covariance(), np.cov(x.T, bias=True), rtol=2e-3, atol=1e-4)


def test_one_epoch_gives_numpys_mean_and_covariance(x):
    model, history = fitted(x, validation_data=(x,))
    assert_measured(model, x)
    assert model.optimizer is None and model.optimizers == [] and int(model.iterations) == 4
    nll = -np.mean(model(x))
    np.testing.assert_allclose(history["val_loss"], [nll], rtol=1e-5)  # validation sees what the epoch measured


def test_a_step_applies_the_sums_of_its_own_batch(x):
    model, _ = fitted(x, "step", batch_size=49)
    assert_measured(model, x)
    assert model.epoch_sums is None


def test_epochs_do_not_add_up(x):
    model, _ = fitted(x, epochs=3)
    assert_measured(model, x)


def test_weights_count_examples(x):
    model, _ = fitted(x, sample_weight=np.repeat([2.0, 0.0], [20, 29]).astype("float32"))
    assert_measured(model, x[:20])


@pytest.mark.parametrize("every", ["epoch", "step"])
def test_two_replicas_measure_what_one_does(x, every, mirrored):
    """The last batch has one example, so that one of the replicas gets none."""
    keras.utils.set_random_seed(0)
    alone, _ = fitted(x, every, epochs=2)
    with mirrored.scope():
        model = Gaussian(3, every)
        model.compile()
    keras.utils.set_random_seed(0)
    model.fit(x, batch_size=16, epochs=2, verbose=0)
    for one, two in zip(alone.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, atol=2e-5)


def test_file_and_checkpoint_hold_the_parameters(x, tmp_path):
    model, _ = fitted(x)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))
    path = tf.train.Checkpoint(model=model).save(str(tmp_path / "checkpoint"))
    other = Gaussian(3)
    other.compile()
    tf.train.Checkpoint(model=other).restore(path).assert_existing_objects_matched()
    np.testing.assert_array_equal(other(x), model(x))


def test_exports_and_serves(x, tmp_path):
    version = export(fitted(x)[0], tmp_path, name="model")
    checks = doctor(version)
    assert all(check.ok for check in checks), checks


def test_an_optimizer_is_refused_in_one_line():
    with pytest.raises(InputError, match="Received: optimizer") as error:
        Gaussian(3).compile("adam")
    assert "\n" not in str(error.value)
