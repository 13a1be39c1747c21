"""What a probe tells of features: what is known of features made by hand, and that the test split chooses nothing."""

import csv
import dataclasses
import json

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from keraszoo.__main__ import main
from keraszoo.recipes import Data, get
from keraszoo.runs.run import Run
from keraszoo.training import probe
from keraszoo.training.build import build_model
from keraszoo.training.probing.learners import Learner, chosen, drawn, held_out, linear, neighbours, score
from keraszoo.training.probing.networks import Supervised, encoder_of
from keraszoo.training.probing.probe import Bench, Examples, untrained

ROWS, CLASSES = 400, 4
SMALL = {"labels": [80, "all"], "draws": 2, "rows": 120}  # batches of 64 throughout


def quiet(text):
    """Receives what a probe says."""


def made(folder, recipe, **changes):
    """A run of a model that was not trained, which is enough to be probed."""
    recipe = dataclasses.replace(get(recipe), **changes)
    keras.utils.set_random_seed(7)
    run = Run.create(folder, recipe)
    run.save_model(build_model(recipe))
    return run


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """So small problems gain nothing of several threads, which wait for each other where others need the cores."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return made(tmp_path_factory.mktemp("runs") / "vae", "vae/digits", arguments={"latent_dim": 3, "hidden": (8,)})


@pytest.fixture(scope="module")
def gan(tmp_path_factory):
    arguments = {"latent_dim": 4, "hidden": (8,), "discriminator_hidden": (8,)}
    return made(tmp_path_factory.mktemp("runs") / "gan", "acgan/digits", arguments=arguments)


@pytest.fixture
def examples():
    """Blobs that overlap: what is learned of them is neither chance nor perfect."""
    random = np.random.default_rng(0)
    y = np.arange(2 * ROWS) % CLASSES
    x = (np.eye(CLASSES)[y] * 2.0 + random.normal(size=(2 * ROWS, CLASSES))) @ random.normal(size=(CLASSES, 6))
    x = x.astype("float32")
    return Examples(x[:ROWS], y[:ROWS], x[ROWS:], y[ROWS:])


# ------------------------------------------------------------------ learners


@pytest.mark.parametrize("labels", [CLASSES, 40, "all"])
def test_features_that_are_the_class_are_read_without_a_mistake(examples, labels):
    hot, hot_test = (np.eye(CLASSES, dtype="float32")[y] for y in (examples.y, examples.y_test))
    scores = Bench(examples, [labels], 3, 0).features("features", hot, hot_test)
    assert [each.learner for each in scores] == ["linear", "k-NN"]
    assert all(each.accuracy == 1 and each.sd in (0, None) for each in scores)


def test_noise_is_read_by_chance(examples):
    noise = np.random.default_rng(1).normal(size=(2, ROWS, 5)).astype("float32")
    for each in Bench(examples, [100], 5, 0).features("features", *noise):
        assert abs(each.accuracy - 1 / CLASSES) < 0.05  # four standard deviations of the mean of five draws: .04


def test_labels_are_drawn_of_each_class_alike():
    labels = np.repeat(np.arange(CLASSES), [20, 30, 40, 50])
    assert np.bincount(labels[drawn(labels, 40, seed=0)]).tolist() == [10] * CLASSES
    counts = np.array([np.bincount(labels[drawn(labels, 6, seed)]) for seed in range(20)])
    assert set(counts.ravel()) == {1, 2} and (counts.sum(axis=1) == 6).all() and np.ptp(counts, axis=0).all()
    assert np.array_equal(drawn(labels, 40, seed=1), drawn(labels, 40, seed=1))
    assert not np.array_equal(drawn(labels, 40, seed=1), drawn(labels, 40, seed=2))
    assert len(np.unique(drawn(labels, 80, seed=0))) == 80
    assert np.array_equal(drawn(labels, "all", seed=0), np.arange(140))


def test_held_out_rows_are_not_learned_from():
    labels = np.arange(60) % CLASSES
    parts = held_out(labels, seed=0)
    assert len(parts) == 5 and sorted(np.concatenate([chosen_by for _, chosen_by in parts])) == list(range(60))
    many = np.arange(2000) % CLASSES
    parts += held_out(many, seed=0)
    assert len(parts) == 6 and len(parts[-1][1]) == 400
    assert all(not {*rows} & {*chosen_by} for rows, chosen_by in parts)
    assert held_out(np.arange(CLASSES), seed=0) == []


def test_settings_are_chosen_where_they_matter(examples):
    """Half of the labels are wrong: many neighbours know better than one."""
    y = np.where(
        np.random.default_rng(0).random(ROWS) < 0.5, examples.y, np.random.default_rng(1).permutation(examples.y)
    )
    learner = neighbours()
    k = chosen(learner, examples.x, y, seed=0)
    assert k > 1
    accuracies = [score(learner.make(n).fit(examples.x, y), examples.x_test, examples.y_test) for n in (k, 1)]
    assert accuracies[0] > accuracies[1] + 0.05
    tied = Learner("tied", lambda setting: linear(examples.x).make(1.0), ("first", "second"), None)
    assert chosen(tied, examples.x, examples.y, seed=0) == "first"
    assert chosen(learner, examples.x[:CLASSES], examples.y[:CLASSES], seed=0) == learner.default == 1


def test_no_more_neighbours_are_tried_than_there_are(examples):
    assert chosen(neighbours(), examples.x[: 2 * CLASSES], examples.y[: 2 * CLASSES], seed=0) <= CLASSES  # of each half


def test_the_control_by_pca_is_scikit_learns(examples):
    bench = Bench(examples, ["all"], 1, 0)
    (found, *_) = bench.pca(3)
    assert (found.representation, found.size, found.learner) == ("PCA", 3, "linear")
    theirs = make_pipeline(PCA(3), StandardScaler(), LogisticRegression(C=found.settings[0]))
    theirs.fit(examples.x, examples.y)
    assert abs(found.accuracy - theirs.score(examples.x_test, examples.y_test)) < 0.003  # one example of 400
    assert bench.pca(50)[0].size == 6  # there are no more


@pytest.mark.parametrize("labels", [[40], ["all"]])
def test_the_test_labels_choose_nothing(examples, labels):
    permuted = examples._replace(y_test=np.random.default_rng(0).permutation(examples.y_test))
    found, other = ([*Bench(each, labels, 3, 0).pca(4)] for each in (examples, permuted))
    assert [each.settings for each in found] == [each.settings for each in other]
    assert len({each.settings for each in found}) > 1
    assert all(one.accuracy > two.accuracy + 0.2 for one, two in zip(found, other, strict=True))


def test_mean_and_deviation_are_those_of_the_draws(examples):
    together = Bench(examples, [12], 3, 5).pca(4)
    alone = [Bench(examples, [12], 1, 5 + number).pca(4) for number in range(3)]
    for place, each in enumerate(together):
        accuracies = [bench[place].accuracy for bench in alone]
        assert each.accuracy == pytest.approx(np.mean(accuracies)) and each.sd == pytest.approx(
            np.std(accuracies, ddof=1)
        )
        assert each.sd > 0 and each.draws == 3 and alone[0][place].sd is None


# ------------------------------------------------------------------ runs


@pytest.fixture(scope="module")
def probed(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("probed")
    patch = pytest.MonkeyPatch()
    with patch.context() as patch:
        short(patch)
        before = run.model().get_weights()
        options = SMALL | {"fine_tune": True, "table": folder / "probe.csv", "out": folder / "probe.png", "say": quiet}
        scores = probe(run, **options)
        assert all(map(np.array_equal, run.model().get_weights(), before))
    return scores, folder


def short(patch):
    """Trainings of a few steps."""
    patch.setattr("keraszoo.training.probing.networks.STEPS", 10)
    patch.setattr("keraszoo.training.probing.networks.EPOCHS", 1)


@pytest.mark.slow
def test_all_controls_are_there(probed, run):
    scores, folder = probed
    both = ("linear", "k-NN")
    names = [("features", each) for each in both] + [("untrained", each) for each in both]
    names += [("PCA", each) for each in both] + [("encoder", each) for each in ("scratch", "frozen", "fine-tuned")]
    names += [("pixels", each) for each in both]
    assert [(each.representation, each.learner) for each in scores[::2]] == names
    assert {each.representation: each.size for each in scores} == {
        "features": 3, "untrained": 3, "PCA": 3, "encoder": 6, "pixels": 64,
    }  # fmt: skip
    assert [each.labels for each in scores] == [80, 120] * len(names)
    assert [each.draws for each in scores] == [2, 1] * len(names)
    assert all(each.run == str(run.path) and 0 < each.accuracy <= 1 for each in scores)
    rows = list(csv.DictReader((folder / "probe.csv").read_text().splitlines()))
    assert [float(row["accuracy"]) for row in rows] == [each.accuracy for each in scores]
    assert (folder / "probe.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers(probed, run, monkeypatch):
    short(monkeypatch)
    without = [each for each in probed[0] if each.learner not in ("frozen", "fine-tuned")]
    assert probe(run, **SMALL, say=quiet) == without


@pytest.mark.parametrize("freeze", [True, False])
def test_each_training_begins_anew_and_what_is_frozen_stays(run, monkeypatch, freeze):
    short(monkeypatch)
    x, y = np.random.default_rng(0).random((40, 8, 8, 1), "float32"), np.arange(40) % CLASSES
    encoder = encoder_of(run.model())
    before = encoder.get_weights()
    supervised = Supervised(encoder, (8, 8, 1), CLASSES, freeze=freeze, seed=0)
    learned = []
    for rate in (1e-2, 1e-3, 1e-2):
        supervised.learner("").make(rate).fit(x, y)
        learned.append(supervised.model.head.get_weights())
    assert all(map(np.array_equal, encoder.get_weights(), before)) is freeze
    assert all(map(np.array_equal, learned[0], learned[2]))
    assert not np.array_equal(learned[0][0], learned[1][0])


def test_the_untrained_model_is_another_of_the_same_architecture(run):
    model, examples = run.model(), Examples(np.zeros((8, 8, 8, 1), "float32"), np.zeros(8, int), None, None)
    fresh = untrained(model, examples, seed=0)
    shapes = [[weight.shape for weight in each.get_weights()] for each in (model, fresh)]
    assert shapes[0] == shapes[1] and not np.array_equal(fresh.encoder.get_weights()[0], model.encoder.get_weights()[0])


# ------------------------------------------------------------------ the command


def refused(capsys, *arguments):
    """The one line that a refused command prints."""
    assert main(["probe", *map(str, arguments)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


def test_the_command_prints_a_table_of_what_there_is(gan, capsys, tmp_path):
    """A GAN has no encoder to be trained from scratch, and one of classes has learned from labels."""
    table = tmp_path / "probe.csv"
    options = ["--labels", "20", "all", "--draws", "2", "--rows", "120", "--table", str(table)]
    assert main(["probe", str(gan.path), *options]) == 0
    out = capsys.readouterr().out
    assert "no encoder of examples alone" in out and "has learned from labels" in out
    assert "20 labels" in out and "120 labels" in out and "+-" in out
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert {row["representation"] for row in rows} == {"features", "untrained", "PCA", "pixels"} and len(rows) == 16


@pytest.mark.slow
def test_numbers_of_labels_that_cannot_be_are_one_line(run, capsys):
    for count, says in (("0", ">= 1"), ("ten", "numbers"), ("5", "10 classes"), ("5000", "no more labels than rows")):
        line = refused(capsys, run.path, "--labels", count)
        assert says in line and f"{count}" in line, line
    assert "rarest class" in refused(capsys, run.path, "--labels", 1430)
    assert "draws" in refused(capsys, run.path, "--draws", 0)
    assert ".csv" in refused(capsys, run.path, "--table", "a.txt")
    assert "There is no run" in refused(capsys, run.path / "no")


def test_models_without_features_and_data_without_classes_are_one_line(capsys, tmp_path):
    denoising = made(tmp_path / "denoising", "denoising/digits")
    assert "features(x)" in refused(capsys, denoising.path)
    np.savez(tmp_path / "x.npz", train=np.zeros((9, 8, 8, 1), "float32"), test=np.zeros((9, 8, 8, 1), "float32"))
    unlabelled = made(tmp_path / "vae", "vae/digits", data=Data(str(tmp_path / "x.npz")))
    assert "class of each example" in refused(capsys, unlabelled.path)


def test_the_seed_of_a_recipe_draws_its_labels():
    """So ten seeds of semi_supervised/digits are ten draws of labels."""
    recipe, kept = get("semi_supervised/digits"), []
    for seed in (0, 0, 1):
        data = Run("nowhere", dataclasses.replace(recipe, seed=seed)).data()
        seen = data.seen.array("train", "label")
        images = data.seen.array("train")[seen >= 0]
        kept.append({image.tobytes() for image in images})
        assert len(kept[-1]) == 50
    assert kept[0] == kept[1] != kept[2]
    assert json.loads(recipe.to_json())["seed"] == 0
