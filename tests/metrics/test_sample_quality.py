"""Samples measured while a model trains and afterwards: by a classifier's features, or by known modes."""

import json

import keras
import numpy as np
import pytest

from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.data import load
from keraszoo.metrics import ModeCoverage
from keraszoo.models import VAE
from keraszoo.recipes import Data
from keraszoo.runs.run import Run
from keraszoo.training import FeatureNetwork, SampleMeasures, SampleQuality, measure, train
from keraszoo.training.evaluators.sample_quality import collapse
from keraszoo.training.measurement import MEASURES

MODES = set(ModeCoverage._fields)
FEATURES = set(MEASURES) - MODES
FAST = {"epochs": 2, "arguments": {"hidden": (16,)}}
POINTS = {"dataset": "points/gaussians8", "arguments": {"likelihood": "gaussian", "latent_dim": 2}, "batch_size": 500}


def quiet(text):
    """Receives what a training says."""


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return train("classifier/digits", tmp_path_factory.mktemp("runs") / "classifier", epochs=2, say=quiet)


@pytest.fixture(scope="module")
def vae(tmp_path_factory, classifier):
    """A VAE of the digits whose samples were measured in the second of three epochs and in the last."""
    path = tmp_path_factory.mktemp("runs") / "vae"
    return train("vae/digits", path, **FAST | {"epochs": 3}, features=classifier, features_every=2, say=quiet)


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    return train("vae/digits", tmp_path_factory.mktemp("runs") / "points", epochs=2, **POINTS, say=quiet)


def refused(capsys, *arguments):
    """The one line that a refused command prints."""
    assert main([str(argument) for argument in arguments]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


# ---------------------------------------------------------------------- examples and features


def test_examples_are_found_by_their_rows(classifier):
    prepared = classifier.data()
    x = prepared.source.array("train") / np.float32(255)
    drawn = prepared.random_examples("train", 1437, seed=3)
    assert not np.array_equal(drawn, x)
    np.testing.assert_allclose(np.sort(drawn, axis=0), np.sort(x, axis=0), rtol=1e-6)
    np.testing.assert_array_equal(drawn[:20], prepared.random_examples("train", 20, seed=3))
    rows = [1436, 0, 511, 512, 0]
    np.testing.assert_allclose(prepared.rows("train", rows), x[rows], rtol=1e-6)


def test_features_are_what_the_last_layer_sees(classifier):
    model, x = classifier.model(), load("digits").array("test") / np.float32(255)
    features, probabilities = FeatureNetwork(classifier)(x)
    np.testing.assert_allclose(features, model.encoder(x), atol=1e-5)
    np.testing.assert_allclose(probabilities, model.classify(x), atol=1e-5)
    assert features.shape == (360, 32) and probabilities.shape == (360, 10)


def test_any_keras_classifier_will_do():
    network = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.GlobalMaxPooling2D(),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    x = np.random.default_rng(0).random((12, 8, 8, 1), "float32")
    features, probabilities = FeatureNetwork(network)(x)
    assert features.shape == (12, 4)
    np.testing.assert_allclose(probabilities, network(x), atol=1e-6)


# ---------------------------------------------------------------------- while a model trains


def test_measures_are_in_the_history_tensorboard_and_metrics(vae):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    history = vae.metrics()["history"]
    measured = [{name for name in MEASURES if f"val_{name}" in row} for row in history]
    assert measured == [set(), FEATURES, FEATURES]  # every second epoch, and the last
    last = {name: history[-1][f"val_{name}"] for name in FEATURES}
    assert vae.metrics()["samples"] == last
    assert not FEATURES & set(vae.metrics()["train"]) and not FEATURES & set(vae.metrics()["test"])
    accumulator = EventAccumulator(str(vae.logs / "validation"))
    accumulator.Reload()
    assert {f"epoch_{name}" for name in FEATURES} <= set(accumulator.Tags()["tensors"])


@pytest.mark.slow
def test_measuring_changes_nothing_that_is_learned_and_a_resumed_training_measures_the_same(vae, classifier, tmp_path):
    """Killed after two epochs without measurements, then resumed with them, the run ends as if always measured."""

    class Pulled(Exception):
        pass

    class Plug(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise Pulled

    with pytest.raises(Pulled):
        train("vae/digits", tmp_path / "run", **FAST | {"epochs": 3}, say=quiet, callbacks=[Plug()])
    resumed = train(None, tmp_path / "run", resume=True, features=classifier, features_every=2, say=quiet)
    for one, other in zip(resumed.model().get_weights(), vae.model().get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert resumed.metrics()["history"][2] == vae.metrics()["history"][2]
    assert resumed.metrics()["samples"] == vae.metrics()["samples"]
    assert not any(f"val_{name}" in row for name in FEATURES for row in resumed.metrics()["history"][:2])


@pytest.mark.slow
def test_points_are_measured_by_their_modes(points):
    history = points.metrics()["history"]
    assert all({f"val_{name}" for name in MODES} <= set(row) for row in history)
    assert set(points.metrics()["samples"]) == MODES
    assert points.metrics()["samples"]["modes"] == int(points.metrics()["samples"]["modes"]) <= 8


@pytest.mark.slow
def test_several_replicas_measure_too(classifier, tmp_path):
    options = {"strategy": "mirrored", "replicas": 2, "features": classifier, "say": quiet}
    assert (
        set(train("vae/digits", tmp_path / "run", **FAST | {"epochs": 1}, **options).metrics()["samples"]) == FEATURES
    )


def measured(values):
    """The lines that are said of samples with these measures."""
    said = []
    callback = SampleQuality(lambda samples: values, count=9, say=said.append)
    model = VAE((8, 8, 1), latent_dim=2, hidden=(8,))
    model.compile()
    logs = model.fit(np.zeros([8, 8, 8, 1], "float32"), callbacks=[callback], verbose=0).history
    assert {name: logs[f"val_{name}"] for name in values} == {name: [value] for name, value in values.items()}
    return said


def test_collapse_is_one_line():
    assert measured({"coverage": 0.93, "class_kl": 0.01}) == []
    (line,) = measured({"coverage": 0.02, "class_kl": 2.3})
    assert line == "samples collapse: coverage 0.02, less than 0.1, class_kl 2.3, more than 0.69"


@pytest.mark.parametrize(("modes", "collapsed"), [(0, True), (3, True), (4, False), (8, False)])
def test_fewer_than_half_of_the_modes_are_a_collapse(modes, collapsed):
    assert bool(collapse({"modes": modes}, 8)) is collapsed


@pytest.mark.slow
def test_a_collapsed_model_of_points_is_reported(points):
    said = []
    real = points.data().random_examples("test", 100, 0)
    model = points.model()
    model.sample = lambda count, seed=None: np.tile([[2.0, 0.0]], (count, 1))
    from keraszoo.data.datasets.points import mixture

    callback = SampleQuality(SampleMeasures(real, None, mixture("gaussians8")), 100, say=said.append)
    callback.set_model(model)
    callback.set_params({"epochs": 1})
    logs = {}
    callback.on_epoch_end(0, logs)
    assert said == ["samples collapse: 1 of 8 modes"]
    assert logs["val_modes"] == 1 and logs["val_high_quality"] == 1.0


# ---------------------------------------------------------------------- afterwards


@pytest.mark.slow
def test_measure_puts_the_samples_beside_real_examples(vae, classifier):
    found = measure(vae, classifier, seed=1)
    assert list(found) == ["samples", "real vs real"] and set(found["samples"]) == FEATURES
    real, samples = found["real vs real"], found["samples"]
    assert real["frechet_distance"] < 0.2 * samples["frechet_distance"]
    assert real["coverage"] > 0.9 and real["coverage"] > samples["coverage"]
    assert measure(vae, classifier, seed=1) == found


@pytest.mark.slow
def test_both_sides_have_equally_many(vae, monkeypatch):
    sizes = []

    class Spy:
        def __init__(self, real, features, mixture):
            self.real = real

        def __call__(self, samples):
            sizes.append((len(self.real), len(samples)))
            return {}

    monkeypatch.setattr("keraszoo.training.measurement.SampleMeasures", Spy)
    for count, split in ((10_000, "test"), (10_000, "train"), (50, "test")):
        measure(vae, keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()]), count, split)
    assert sizes == [(360, 360)] * 2 + [(718, 718)] * 2 + [(50, 50)] * 2


def test_the_examples_are_those_that_the_recipe_keeps_for_testing(vae, tmp_path, monkeypatch):
    """Of one split the recipe takes the last 30, by whose brightness they are told here."""
    seen = []

    class Spy:
        def __init__(self, real, features, mixture):
            seen.append(np.sort(real[:, 0, 0, 0]))

        def __call__(self, samples):
            return {}

    monkeypatch.setattr("keraszoo.training.measurement.SampleMeasures", Spy)
    values = np.linspace(0, 1, 100, dtype="float32")
    np.savez(tmp_path / "data.npz", image=np.broadcast_to(values[:, None, None, None], (100, 8, 8, 1)))
    run = Run.create(tmp_path / "run", vae.recipe.replace(data=Data(str(tmp_path / "data.npz"), test_last=30)))
    run.save_model(vae.model())
    measure(run, keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()]))
    np.testing.assert_allclose(seen[1], values[70:])


@pytest.mark.slow
def test_measure_prints_a_table(vae, classifier, points, capsys):
    assert main(["measure", str(vae.path), "--features", str(classifier.path), "--count", "200"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[0] == "measure" and "samples" in lines[0] and "real vs real" in lines[0]
    assert {line.split()[0] for line in lines[1:]} == FEATURES
    assert main(["measure", str(points.path)]) == 0
    out = capsys.readouterr().out
    assert {line.split()[0] for line in out.splitlines()[1:]} == MODES
    assert max(len(line) for line in [*lines, *out.splitlines()]) <= 80
    assert "(8, 8, 1)" in refused(capsys, "measure", points.path, "--features", classifier.path)


def test_what_cannot_be_measured_is_one_line(vae, classifier, capsys, tmp_path):
    assert (
        "a VAE" in (line := refused(capsys, "measure", vae.path, "--features", vae.path)) and "classifier/mnist" in line
    )
    assert "--features RUN" in refused(capsys, "measure", vae.path)
    assert "There is no run" in refused(capsys, "measure", vae.path, "--features", tmp_path / "none")
    assert "There is no run" in refused(capsys, "measure", tmp_path / "none")
    assert "Classifier" in refused(capsys, "measure", classifier.path, "--features", classifier.path)
    assert "at least 6" in refused(capsys, "measure", vae.path, "--features", classifier.path, "--count", 5)
    assert "no split 'tset'" in refused(capsys, "measure", vae.path, "--features", classifier.path, "--split", "tset")
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "unfinished" / "recipe.json").write_text((vae.path / "recipe.json").read_text())
    assert "did not finish" in refused(capsys, "measure", tmp_path / "unfinished", "--features", classifier.path)


def test_bad_features_are_refused_before_a_run_exists(vae, classifier, capsys, tmp_path):
    def train_with(*options, recipe="vae/digits"):
        return refused(capsys, "train", recipe, "--run", tmp_path / "run", *options)

    assert "VAE" in train_with("--features", vae.path)
    assert "There is no run" in train_with("--features", tmp_path / "none")
    assert "no distribution" in train_with("--features", classifier.path, recipe="autoencoder/digits")
    assert "features_every" in train_with("--features", classifier.path, "--features-every", 0)
    x = np.random.default_rng(0).random((40, 12, 12, 1), "float32")
    np.savez(tmp_path / "data.npz", x_train=x, x_test=x)
    options = ("--dataset", tmp_path / "data.npz", "--batch-size", 8)
    assert "(8, 8, 1)" in train_with("--features", classifier.path, *options)
    assert [path.name for path in tmp_path.iterdir()] == ["data.npz"]


def test_networks_that_are_no_classifiers_are_refused():
    images = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(3, 3)])
    for network in (images, VAE((8, 8, 1), latent_dim=2, hidden=(8,))):
        with pytest.raises(InputError, match="classifier"):
            FeatureNetwork(network)


def test_a_finished_run_keeps_its_measures_when_it_is_evaluated(vae):
    before = vae.metrics()["samples"]
    assert main(["evaluate", str(vae.path)]) == 0
    assert Run.open(vae.path).metrics()["samples"] == before
    assert json.loads((vae.path / "metrics.json").read_text())["samples"] == before
