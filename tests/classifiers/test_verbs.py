"""What a run's classifier is asked: evaluate, classify, explain, export, and the pictures of its training."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from keraszoo import recipes
from keraszoo.__main__ import main
from keraszoo.data import load
from keraszoo.metrics import classification_scores
from keraszoo.models import ACGAN, VAE, Classifier, GenerativeClassifier, SemiSupervisedAutoencoder
from keraszoo.runs.prepared import PreparedData
from keraszoo.runs.run import Run
from keraszoo.training import classify, evaluate_classes, explain, train
from keraszoo.training.classification import evaluation
from keraszoo.training.classification.answers import answers
from keraszoo.training.classification.evaluation import answers_of, class_figures, class_table, scores
from keraszoo.training.evaluators.classes import ClassPanels

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Convolutions that have learned for an epoch."""
    return train(
        "classifier/digits",
        tmp_path_factory.mktemp("runs") / "digits",
        epochs=1,
        decay="cosine",
        warmup=0.1,
        arguments={"network": "convolutional", "hidden": (4, 8), "class_names": NAMES, "label_smoothing": 0.1},
        say=lambda text: None,
    )


@pytest.fixture(scope="module")
def prepared():
    return PreparedData.open(recipes.get("classifier/digits"))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Three test digits as PNG files."""
    folder = tmp_path_factory.mktemp("files")
    for place, digit in enumerate(load("digits").array("test")[:3]):
        Image.fromarray(digit[..., 0]).save(folder / f"{place}.png")
    return sorted(map(str, folder.iterdir()))


# ---------------------------------------------------------------------- the run


def test_the_options_are_the_runs(run):
    spec = run.recipe.optimizers["optimizer"]
    assert (spec.decay, spec.warmup, spec.learning_rate) == ("cosine", 0.1, 1e-3)
    assert run.model().class_names == NAMES and run.model().label_smoothing == 0.1


def test_its_scores_are_those_of_what_the_model_answers(run):
    source = load("digits")
    probabilities = run.model().classify(source.array("test") / np.float32(255))
    expected = classification_scores(probabilities, source.array("test", "label"))
    assert run.metrics()["classification"] == pytest.approx(expected, abs=1e-5)


def test_its_training_drew_pictures(run):
    drawn = {path.name.split("-", 2)[2] for path in run.samples.iterdir()}
    explained = {f"explained-{method}.png" for method in ("gradient", "grad_cam", "deconvolution")}
    assert drawn == {"confusion.png", "reliability.png", "misclassified.png", *explained}
    assert any((run.logs / "classes").iterdir())


def test_names_come_from_the_data(tmp_path):
    """Of a folder, whose sub-folders are the classes; a picture of each."""
    for place, name in enumerate(("dark", "light")):
        for split in ("train", "test"):
            folder = tmp_path / "images" / split / name
            folder.mkdir(parents=True)
            for number in range(4):
                Image.fromarray(np.full((8, 8), 200 * place + number, "uint8")).save(folder / f"{number}.png")
    kept = train(
        "classifier/digits", tmp_path / "run", dataset=str(tmp_path / "images"), epochs=1, say=lambda text: None
    )
    model = kept.model()
    assert model.class_names == ("dark", "light") and "class_names" not in kept.recipe.arguments
    answer = model.serving_signatures()["classify"][0](np.zeros([1, 8, 8, 1], "float32"))
    assert {name.decode() for name in answer["classes"].numpy()[0]} == {"dark", "light"}


def test_one_class_alone_is_refused(tmp_path, capsys):
    labels = np.full(40, 3)
    np.savez(tmp_path / "one.npz", x_train=np.zeros([40, 8, 8, 1], "uint8"), y_train=labels,
             x_test=np.zeros([4, 8, 8, 1], "uint8"), y_test=np.arange(4))  # fmt: skip
    refused(["train", "classifier/digits", "--dataset", str(tmp_path / "one.npz"), "--run", str(tmp_path / "run")],
            "at least two. Received: 40 labels, all of class 3", capsys)  # fmt: skip
    assert not (tmp_path / "run").exists()


# ---------------------------------------------------------------------- every model that classifies


@pytest.mark.parametrize("name", ["semi_supervised", "generative", "acgan"])
def test_all_that_classify_are_evaluated_and_drawn(name, prepared, tmp_path):
    if name == "semi_supervised":
        model = SemiSupervisedAutoencoder((8, 8, 1), hidden=(4,))
    elif name == "acgan":
        model = ACGAN((8, 8, 1), latent_dim=2, hidden=(4,), discriminator_hidden=(4,))
    else:
        model = GenerativeClassifier((8, 8, 1), density="naive_bayes")
        model.adapt(np.random.default_rng(0).random((50, 8, 8, 1)), np.arange(50) % 10)
    found = scores(answers_of(model, prepared, "test"))
    assert (
        set(found) == {"accuracy", "top_5", "balanced_accuracy", "nll", "ece"}
        and np.isfinite(list(found.values())).all()
    )
    panels = ClassPanels(Run(tmp_path, None), prepared, prepared.examples("test", 2))
    panels.set_model(model)
    drawn = set(panels.figures())
    assert {"confusion", "reliability", "misclassified"} <= drawn
    assert ("explained-gradient" in drawn) == (name != "acgan")


def test_a_model_that_does_not_classify_has_no_scores(prepared):
    assert answers_of(VAE((8, 8, 1), latent_dim=2, hidden=(4,)), prepared, "test") is None


def test_a_table_shows_the_worst_of_many_classes(prepared):
    found = answers(Classifier((8, 8, 1)), prepared, "test")
    assert len(class_table(found)) == 11
    shown = class_table(found, shown=4)[1:]
    scores_of_all = sorted(float(row[3]) for row in class_table(found)[1:])
    assert sorted(float(row[3]) for row in shown) == scores_of_all[:4]


def test_figures_of_a_model_without_errors(prepared):
    found = answers(Classifier((8, 8, 1)), prepared, "test")
    perfect = found._replace(probabilities=np.eye(10, dtype="float32")[found.labels])
    assert set(class_figures(perfect, prepared, "test")) == {"confusion", "reliability", "misclassified"}


# ---------------------------------------------------------------------- the verbs


def refused(arguments, says, capsys):
    capsys.readouterr()
    assert main(list(map(str, arguments))) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert says in line, line


def test_evaluate_tells_of_each_class_within_80_columns(run, tmp_path, capsys):
    assert main(["evaluate", str(run.path), "--figures", str(tmp_path / "figures")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if str(tmp_path) not in line) <= 80
    table = [line.split() for line in lines[[line.startswith("class ") for line in lines].index(True) :][1:11]]
    assert tuple(row[0] for row in table) == NAMES
    assert sum(int(row[4]) for row in table) == 360
    assert any(line.startswith("classification/ece") for line in lines)
    for name in ("confusion", "reliability", "misclassified"):
        with Image.open(tmp_path / "figures" / f"{name}.png") as figure:
            assert figure.width > 200
    refused(["evaluate", run.path, "--figures", tmp_path], "new folder", capsys)
    assert evaluate_classes(run, "train")[1][0] == "zero"


def test_classify_answers_names_and_scores(run, files, tmp_path, capsys):
    found = classify(run, files, top=3, table=tmp_path / "answers.csv")
    probabilities = run.model().classify(load("digits").array("test")[:3] / np.float32(255)).numpy()
    for each, row in zip(found, probabilities, strict=True):
        best = np.argsort(-row)[:3]
        assert each.classes == tuple(NAMES[place] for place in best)
        np.testing.assert_allclose(each.scores, row[best], atol=1e-6)
    rows = list(csv.reader((tmp_path / "answers.csv").read_text().splitlines()))
    assert rows[0] == ["query", "rank", "class", "score"] and len(rows) == 10
    capsys.readouterr()
    assert main(["classify", str(run.path), *files, "--top", "2"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 7


@pytest.mark.parametrize("method", ["gradient", "grad_cam", "deconvolution"])
@pytest.mark.by_default("deconvolution")
def test_explain_draws_what_an_answer_depends_on(run, files, tmp_path, method, capsys):
    out = tmp_path / "why.png"
    assert main(["explain", str(run.path), *files, "--method", method, "--out", str(out)]) == 0
    assert files[0][-10:] in capsys.readouterr().out
    assert np.asarray(Image.open(out).convert("RGB")).std() > 10
    explained = classify(run, files) if method == "deconvolution" else explain(run, files, out, method, of_class="two")
    assert method == "deconvolution" or {each.classes for each in explained} == {("two",)}


def test_what_is_refused(run, files, tmp_path, capsys):
    out, path = ["--out", tmp_path / "a.png"], run.path
    for arguments, says in (
        (["explain", path, *files, *out, "--method", "lime"], "Unknown method. Received: 'lime'"),
        (["explain", path, *files, *out, "--class", "ten"], "no such class. Received: 'ten'"),
        (["explain", path, *files, *out, "--layer", "conv"], "leave out the layer"),
        (["explain", path, *files, *out, "--method", "deconvolution", "--class", "2"], "of no class"),
        (["explain", path, *files, "--out", tmp_path / "a.jpg"], "as .png"),
        (["explain", path, tmp_path / "none.png", *out], "no image"),
        (["classify", path, *files, "--top", "0"], "top must be an integer >= 1"),
        (["train", "classifier/digits", "--run", tmp_path / "b", "--warmup", "1.5"], "warmup is a share"),
        (["train", "classifier/digits", "--run", tmp_path / "b", "--set", "class_names=['a']"], "10 different names"),
        (["train", "classifier/digits", "--run", tmp_path / "b", "--set", "network=lenet5"], "at least 12x12"),
        (["train", "classifier/digits", "--run", path, "--resume", "--warmup", "0.2"], "another: optimizers"),
    ):  # fmt: skip
        refused(arguments, says, capsys)


def test_evaluate_asks_the_model_once(run, tmp_path, monkeypatch):
    """For scores, table and figures alike; what the figures lack is told before, and nothing is written."""
    asked = []
    monkeypatch.setattr(evaluation, "answers", lambda *given: asked.append(given) or answers(*given))
    before = (run.path / "metrics.json").stat().st_mtime_ns
    assert main(["evaluate", str(run.path), "--figures", str(tmp_path)]) == 2
    assert not asked and (run.path / "metrics.json").stat().st_mtime_ns == before
    assert main(["evaluate", str(run.path), "--figures", str(tmp_path / "figures")]) == 0
    assert len(asked) == 1 and (run.path / "metrics.json").stat().st_mtime_ns > before


def test_answers_again_and_again_warn_of_nothing(run, caplog):
    model, prepared = run.model(), run.data()
    for _ in range(8):
        answers(model, prepared, "test", most=1)
    assert not caplog.records


@pytest.mark.slow
def test_names_survive_the_export(run, tmp_path):
    """The doctor compares the strings that a server answers with the model's."""
    assert main(["export", str(run.path), "--to", str(tmp_path), "--name", "digits"]) == 0
    described = json.loads((tmp_path / "digits" / "1" / "assets.extra" / "manifest.json").read_text())
    outputs = described["signatures"]["classify"]["outputs"]
    assert {name: value["dtype"] for name, value in outputs.items()} == {
        "probabilities": "float32", "class": "int64", "classes": "string", "scores": "float32",
    }  # fmt: skip
