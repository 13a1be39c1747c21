"""Samples measured while a model trains and afterwards: by a classifier's features, or by known modes."""

import json

import keras
import numpy as np
import pytest

from keraszoo import weights
from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.data import load
from keraszoo.metrics import ModeCoverage
from keraszoo.models import VAE
from keraszoo.recipes import Data, get
from keraszoo.runs.run import Run
from keraszoo.training import FeatureNetwork, SampleMeasures, SampleQuality, measure, train
from keraszoo.training.build import model_class
from keraszoo.training.evaluators.features import features_of, open_features
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


@pytest.mark.slow
def test_the_classifiers_that_come_with_the_library_tell_classes(tmp_path):
    for name in weights.CLASSIFIERS:
        data = load(name.split("/")[1])
        features, probabilities = FeatureNetwork(name)(data.array("test")[:500] / np.float32(255))
        accuracy = np.mean(probabilities.argmax(axis=1) == data.array("test", data.target)[:500])
        assert accuracy > (0.68 if name == "classifier/cifar10" else 0.95)
        assert len(features) == len(probabilities)
    with pytest.raises(InputError, match="classifier/digits"):
        weights.load("classifier/digit")


@pytest.mark.parametrize(
    ("name", "measured"),
    [("vae/digits", True), ("autoencoder/digits", False), ("vae/mnist", True), ("maf/moons", False)]
    + [("cyclegan/digits", False), ("super_resolution/mnist", False)],
)
def test_data_that_have_a_classifier_need_no_other(name, measured):
    recipe = get(name)
    assert (open_features(None, recipe, model_class(recipe)) is not None) is measured
    assert open_features("none", recipe, model_class(recipe)) is None
    assert features_of(recipe.replace(input_shape=(12, 12, 3))) is None


# ---------------------------------------------------------------------- while a model trains


@pytest.mark.slow
def test_samples_are_measured_unasked_ten_times_and_a_resumed_run_has_them(tmp_path):
    """Where it was killed before its measures were written they are found again."""
    run = train("vae/digits", tmp_path / "run", **FAST | {"epochs": 20}, say=quiet)
    history, found = run.metrics()["history"], run.metrics()
    assert [epoch for epoch, row in enumerate(history, 1) if "val_recall" in row] == [*range(2, 21, 2)]
    assert set(found["samples"]) == FEATURES and found["codes"]["active_units"] > 0
    (run.path / "metrics.json").unlink()
    resumed = train(None, run.path, resume=True, say=quiet)
    assert {name: resumed.metrics()[name] for name in ("samples", "codes")} == {
        name: found[name] for name in ("samples", "codes")
    }
    assert "samples" not in train("vae/digits", tmp_path / "no", **FAST, features="none", say=quiet).metrics()


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
        train("vae/digits", tmp_path / "run", **FAST | {"epochs": 3}, features="none", say=quiet, callbacks=[Plug()])
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


def said_of(*epochs, known=(None, None)):
    """The lines that are said of a training whose epochs end with samples of these measures."""
    said, values = [], iter(epochs)
    callback = SampleQuality(lambda samples: next(values), known, count=9, say=said.append)
    model = VAE((8, 8, 1), latent_dim=2, hidden=(8,))
    model.compile()
    data = np.zeros([8, 8, 8, 1], "float32")
    logs = model.fit(data, epochs=len(epochs), callbacks=[callback], verbose=0).history
    assert {name: logs[f"val_{name}"] for name in epochs[0]} == {
        name: [values[name] for values in epochs] for name in epochs[0]
    }
    return said


def test_collapse_is_one_line():
    assert said_of({"coverage": 0.93, "class_kl": 0.01}) == []
    (line,) = said_of({"coverage": 0.02, "class_kl": 2.3})
    assert line == "samples collapse: coverage 0.02, less than 0.1, class_kl 2.3, more than 0.69"


def test_a_collapse_is_told_when_it_comes_and_at_the_end():
    """A model that has not learned yet has not collapsed."""
    good, bad = {"recall": 0.8}, {"recall": 0.03}
    assert len(said_of(bad, bad, good)) == 0
    assert len(said_of(bad, good, bad, bad, good)) == 1
    assert len(said_of(good, bad, bad)) == 2
    assert len(said_of(bad, bad)) == 1


#: measures of gan/digits and pacgan/digits without a penalty, of a healthy GAN of the same digits, and of one example
@pytest.mark.parametrize(
    ("measures", "reasons"),
    [
        ({"recall": 0.18, "coverage": 0.27, "class_kl": 0.32, "classes": 9}, ["9 of 10 classes"]),
        (
            {"recall": 0.02, "coverage": 0.23, "class_kl": 0.58, "classes": 8},
            ["8 of 10 classes", "recall 0.02, less than 0.1"],
        ),
        ({"recall": 0.97, "coverage": 0.86, "class_kl": 0.03, "classes": 10}, []),
    ],
)
def test_missing_classes_and_low_recall_are_a_collapse(measures, reasons):
    assert collapse(measures, classes=10) == reasons


def test_a_few_of_very_many_classes_may_be_missing():
    assert collapse({"classes": 900.0}, classes=920) == []
    assert collapse({"classes": 700.0}, classes=920) == ["700 of 920 classes"]


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

    measures = SampleMeasures(real, None, mixture("gaussians8"))
    callback = SampleQuality(measures, measures.known, count=100, say=said.append)
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
