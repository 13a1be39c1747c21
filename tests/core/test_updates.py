"""Several updates: when each acts, what TensorBoard shows of them, and that training sees nothing of it."""

import dataclasses
import errno
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.util.tensor_util import make_ndarray

from keraszoo.core.model import ZooModel
from keraszoo.core.updates import Gradient
from keraszoo.data import load
from keraszoo.models import ACGAN, DCGAN, GAN, WGANGP
from keraszoo.training import train
from keraszoo.training.evaluators.updates import Updates
from keraszoo.training.loop.checkpoints import _read


@pytest.fixture
def run(tmp_path):
    return types.SimpleNamespace(logs=tmp_path / "logs")


@pytest.fixture(scope="module")
def digits():
    source = load("digits")
    return source.array("train")[:64] / np.float32(255), source.array("train", "label")[:64]


def watch(run, model, x, y=None, **options):
    """What one look at the updates writes: `{tag: array}`."""
    callback = Updates(run, x, y, **options)
    callback.set_model(model)
    callback.on_epoch_end(0)
    callback.on_train_end()
    return written(run)


def written(run):
    return {
        value.tag: make_ndarray(value.tensor)
        for path in (run.logs / "updates").iterdir()
        for event in EventFileLoader(str(path)).Load()
        for value in event.summary.value
    }


class Game(ZooModel):
    """Two scalars; one climbs down a slope, the other falls into a parabola about its goal."""

    term_names = ("slope", "parabola", "quarter")
    metric_names = ("own_logit", "height")

    def __init__(self):
        super().__init__()
        self.first = self.add_weight(shape=(), initializer="ones", name="first")
        self.second = self.add_weight(shape=(), initializer="ones", name="second", regularizer=keras.regularizers.L2(3))

    def updates(self):
        return {
            "optimizer": Gradient(self.slope, [self.first]),
            "other_optimizer": Gradient(self.parabola, [self.second]),
        }

    def slope(self, x, y=None, training=False):
        return {"slope": self.first * x[:, 0], "own_logit": x[:, 0], "height": self.first * x[:, 0]}

    def parabola(self, x, y=None, training=False):
        one = tf.ones_like(x[:, 0])
        return {"parabola": tf.square(self.second - 5.0) * one, "quarter": 0.25 * self.second * one}


def test_what_follows_an_update_sees_its_step_and_a_rare_update_acts_in_its_own():
    class Rare(Game):
        def updates(self):
            both = super().updates()
            return {
                "optimizer": dataclasses.replace(both["optimizer"], after=self.bound),
                "other_optimizer": dataclasses.replace(both["other_optimizer"], every=3),
            }

        def bound(self, x, y):
            self.first.assign(tf.maximum(tf.convert_to_tensor(self.first), 0.5))

    model = Rare()
    model.compile(keras.optimizers.SGD(0.25), other_optimizer=keras.optimizers.SGD(0.1))
    firsts, seconds = [], []
    for _ in range(6):
        model.train_on_batch(np.ones((4, 1), "float32"))
        firsts.append(float(model.first.value))
        seconds.append(float(model.second.value))
    np.testing.assert_allclose(firsts, [0.75, 0.5, 0.5, 0.5, 0.5, 0.5])
    second = 1.0  # its gradient: 2 (b - 5) + .25 + 6 b
    expected = [second := second - 0.1 * (8 * second - 9.75) for _ in range(2)]
    np.testing.assert_allclose(seconds, [1.0, 1.0, *[expected[0]] * 3, expected[1]], rtol=1e-6)


def test_norms_are_those_of_each_updates_own_gradient(run):
    model = Game()
    model.compile("sgd", other_optimizer="sgd")
    shown = watch(run, model, np.array([[1.0], [2.0], [6.0]], "float32"))
    assert shown["gradient_norm/optimizer"] == pytest.approx(3.0)  # the mean of x
    # 2 (1 - 5) + .25, and the regularisation 3 b^2: 6
    assert shown["gradient_norm/other_optimizer"] == pytest.approx(abs(-8 + 0.25 + 6))
    assert set(shown) == {"gradient_norm/optimizer", "gradient_norm/other_optimizer", "logits/own_logit"}


def test_a_scaled_loss_does_not_scale_the_norm(run):
    model = Game()
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(), initial_scale=2.0**10)
    model.compile(scaled, other_optimizer="sgd")
    shown = watch(run, model, np.array([[1.0], [2.0], [6.0]], "float32"))
    assert shown["gradient_norm/optimizer"] == pytest.approx(3.0)


def test_histograms_are_of_the_discriminators_logits(run, digits):
    x, _ = digits
    model = GAN((8, 8, 1), latent_dim=4, hidden=(16,), discriminator_hidden=(16,))
    model.compile("adam", discriminator_optimizer="adam")
    shown = watch(run, model, x)
    logits = model.discriminate(x).numpy()
    left, right, counts = shown["logits/real_logit"].T
    assert counts.sum() == len(x)
    assert (left[0], right[-1]) == pytest.approx((logits.min(), logits.max()), rel=1e-5)
    assert counts == pytest.approx(np.histogram(logits, np.append(left, right[-1]))[0], abs=2)  # rounding at the edges
    fake = shown["logits/fake_logit"]
    assert fake.T[2].sum() == len(x) and not np.array_equal(fake, shown["logits/real_logit"])


RICH = {
    "hidden": (8, 8), "discriminator_hidden": (8, 8), "discriminator_normalization": "spectral",
    "augmentation": ("translation",), "average": 0.9,
}  # fmt: skip
GAMES = {
    "spectral, augmented, averaged": lambda: DCGAN((8, 8, 1), latent_dim=4, **RICH),
    "batch-normalised": lambda: DCGAN((8, 8, 1), latent_dim=4, hidden=(8, 8), discriminator_hidden=(8, 8)),
    "penalised": lambda: WGANGP((8, 8, 1), latent_dim=4, hidden=(8,), discriminator_hidden=(8,)),
    "labelled": lambda: ACGAN((8, 8, 1), latent_dim=4, hidden=(8,), discriminator_hidden=(8,)),
}


def compiled(game):
    model = GAMES[game]()
    model.compile("adam", discriminator_optimizer="adam")
    return model


def everything(model):
    """Every bit that training reads: weights, statistics, seeds, optimizers and metrics, on each replica."""
    variables = [*model.variables, *(v for each in (*model.optimizers, *model.metrics) for v in each.variables)]
    parts = [part for v in variables for part in getattr(v.value, "values", [v.value])]
    return [part.numpy().tobytes() for part in parts]


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.by_default("spectral, augmented, averaged", "labelled")
def test_a_look_changes_nothing_and_sees_the_same_again(run, digits, game):
    model = compiled(game)
    before = everything(model)
    shown = watch(run, model, *digits)
    assert everything(model) == before
    again = watch(types.SimpleNamespace(logs=run.logs / "again"), model, *digits)
    assert {tag: values.tolist() for tag, values in again.items()} == {tag: v.tolist() for tag, v in shown.items()}
    other = watch(types.SimpleNamespace(logs=run.logs / "other"), model, *digits, seed=1)
    assert other["gradient_norm/optimizer"] != shown["gradient_norm/optimizer"]
    assert all(np.isfinite(values).all() for values in shown.values())


def test_replicas_are_left_alone_and_show_what_one_shows(run, digits, mirrored):
    shown = []
    for strategy in (mirrored, tf.distribute.get_strategy()):
        with strategy.scope():
            keras.utils.set_random_seed(0)
            model = compiled("spectral, augmented, averaged")
        before = everything(model)
        shown.append(watch(types.SimpleNamespace(logs=run.logs / str(len(shown))), model, *digits))
        assert everything(model) == before
    for tag, values in shown[0].items():
        np.testing.assert_allclose(shown[1][tag], values, rtol=1e-5, atol=1e-6)


OPTIONS = {"epochs": 2, "strategy": "none", "say": lambda line: None}
SMALL = {"arguments": {"hidden": (16,), "discriminator_hidden": (8,)}}


@pytest.mark.slow
def test_training_is_the_same_bit_for_bit_without_it(tmp_path, monkeypatch):
    runs = [train("adversarial/digits", tmp_path / "with", **OPTIONS, **SMALL)]
    assert {"gradient_norm/optimizer", "gradient_norm/encoder_optimizer"} <= set(written(runs[0]))
    monkeypatch.setattr(Updates, "applies", classmethod(lambda cls, session: False))
    runs.append(train("adversarial/digits", tmp_path / "without", **OPTIONS, **SMALL))
    assert not (runs[1].logs / "updates").exists()
    states = [_read(sorted(run.checkpoints.iterdir())[-1]) for run in runs]
    arrays = [{name: array.tobytes() for name, array in state[1].items()} for state in states]
    assert arrays[0] == arrays[1] and states[0][0] == states[1][0]
    assert runs[0].metrics() == runs[1].metrics()


def test_one_update_is_not_watched(tmp_path):
    assert not (train("autoencoder/digits", tmp_path / "run", **{**OPTIONS, "epochs": 1}).logs / "updates").exists()


def test_a_full_disk_is_reported_and_does_no_harm(run, digits, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tf.summary, "scalar", full)
    lines, model = [], compiled("labelled")
    watch(run, model, *digits, say=lines.append)
    assert lines == ["the updates for TensorBoard could not be written (No space left on device)."] * 2
