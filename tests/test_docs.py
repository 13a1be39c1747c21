"""What the documents and docstrings say is executed."""

import argparse
import contextlib
import doctest
import importlib
import importlib.util
import io
import pathlib
import re
import shlex

import matplotlib.pyplot as plt
import numpy as np
import pytest

from keraszoo import weights
from keraszoo.__main__ import VERBS, main
from keraszoo.models import MODELS
from keraszoo.recipes import all_recipes, get
from keraszoo.training.build import build_model, model_arguments, model_class
from keraszoo.training.changes import changed, parse_assignments
from keraszoo.training.options import Options

ROOT = pathlib.Path(__file__).parent.parent
ROOMS = {"keraszoo": "keraszoo", "training": "keraszoo.training", "export": "keraszoo.export"}
DOCS = ROOT / "docs"
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.py"))
#: pages of the manual that are made when it is built, by the hooks in docs/hooks
MADE = re.compile(r"(notebooks/(?!index)|api/(?!index)|repository/).*")


def module_names():
    for room, package in ROOMS.items():
        for path in sorted((ROOT / room).rglob("*.py")):
            if path.name != "__main__.py":
                parts = path.relative_to(ROOT / room).with_suffix("").parts
                yield ".".join([package, *(part for part in parts if part != "__init__")])


@pytest.mark.parametrize("name", list(module_names()))
def test_docstring_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    results = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0


def blocks(document, language):
    return re.findall(rf"```{language}\n(.*?)```", document.read_text(), re.S)


def run_python_of(document):
    """Every python block of a document in order, in one namespace, which it returns."""
    namespace = {"__name__": "__main__"}
    for number, block in enumerate(blocks(document, "python"), start=1):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(block, f"{document.name}, block {number}", "exec"), namespace)
    return namespace


def test_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert np.asarray(run_python_of(ROOT / "README.md")["images"]).shape == (16, 8, 8, 1)


@pytest.mark.slow
def test_python_of_the_page_about_inference_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run_python_of(ROOT / "docs" / "inference.md")
    assert names["rank_p_values"](names["ranks"], draws=99).min() > 0.01 / 2
    coverage = names["expected_coverage"](names["flow"], names["tested"], names["seen"])
    np.testing.assert_allclose(coverage, [0.5, 0.8, 0.95], atol=0.05)
    assert 1.75 < -np.mean(names["losses"][-50:]) < 1.838
    of_the_family = np.var(names["family"].sample(5000, seed=0), axis=0)
    np.testing.assert_allclose(np.var(names["of_the_flow"], axis=(0, 1)), of_the_family, rtol=0.25)
    np.testing.assert_allclose(np.var(names["through_the_flow"], axis=(0, 1)), [4, 2.25], rtol=0.15)


@pytest.mark.slow
def test_python_of_the_page_for_keras_users_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run_python_of(ROOT / "docs" / "keras_users.md")
    assert names["learned"] == 2
    assert set(names["scores"]) == {"loss", "reconstruction", "kl", "roughness", "error"}
    assert "values from 0 to 1" in names["refusal"]
    assert names["mean"].optimizer is None
    assert (names["version"] / "saved_model.pb").exists()


def test_python_of_the_page_about_classifiers_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run_python_of(ROOT / "docs" / "classifiers.md")
    assert names["scores"]["accuracy"] > 0.2 and 0 < names["scores"]["ece"] < 1


def test_python_of_the_quick_start_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run_python_of(DOCS / "quick_start.md")
    assert names["history"]["loss"][-1] < names["history"]["loss"][0]
    assert np.asarray(names["new"]).shape == np.asarray(names["images"]).shape == (16, 8, 8, 1)


@pytest.mark.slow
def test_python_of_the_page_about_extending_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run_python_of(DOCS / "extending.md")
    assert set(names["scores"]) == {"loss", "reconstruction", "covariance"}
    assert (names["version"] / "saved_model.pb").exists()
    assert names["stripes"].sizes == {"train": 200, "test": 50}
    assert names["metrics"]["test"]["accuracy"] > 0.9 and 0.9 < names["metrics"]["certainty"]["mean"] <= 1


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(notebook.read_text(), notebook.name, "exec"), {"__name__": "__main__"})


@pytest.mark.slow
def test_commands_of_the_quick_start_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for command in commands_of(DOCS / "quick_start.md"):
        assert main(command[1:]) == 0, command


def commands_of(document, language="bash"):
    """Every `keraszoo` line of a document's blocks, in order."""
    return [
        shlex.split(line, comments=True)
        for block in blocks(document, language)
        for line in block.splitlines()
        if line.startswith("keraszoo ")
    ]


def commands_of_the_lectures():
    """Every `keraszoo VERB ...` in the tables of docs/lectures.md; a recipe alone stands for its training."""
    for row in (DOCS / "lectures.md").read_text().splitlines():
        command = []
        for words in map(shlex.split, re.findall(r"`([^`]+)`", row if row.startswith("| ") else "")):
            if words[0].startswith("--"):  # "with `--set loss=minimax`"
                command = [*command, *words]
            else:
                command = words if words[0] == "keraszoo" else ["keraszoo", "train", *words]
            yield command


class Understood(Exception):
    """Carries what a command would have done."""


def trainings_of_the_lectures(monkeypatch):
    """`{command: (recipe, values of --set)}`; a verb or an option that there is not is an error."""
    parse = argparse.ArgumentParser.parse_args

    def stop(*arguments):
        raise Understood(parse(*arguments))

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    found = {}
    for command in commands_of_the_lectures():
        module, function, *_ = VERBS[command[1]]
        with pytest.raises(Understood) as understood:
            getattr(importlib.import_module(module), function)(command[2:])
        if command[1] == "train":
            (options,) = understood.value.args
            found[" ".join(command)] = get(options.recipe), parse_assignments(options.arguments or [])
    return found


def test_commands_of_the_lectures_are_understood(monkeypatch):
    """Verb, options and recipe of each; and the model of a training has the arguments that are set."""
    for command, (recipe, arguments) in trainings_of_the_lectures(monkeypatch).items():
        assert set(arguments) <= model_arguments(model_class(recipe)), command


@pytest.mark.slow
def test_trainings_of_the_lectures_have_their_models(monkeypatch):
    for command, (recipe, arguments) in trainings_of_the_lectures(monkeypatch).items():
        assert build_model(changed(recipe, Options(arguments=arguments))).built, command


def test_every_model_is_in_the_manual_once():
    """`<!-- model: VAE -->` becomes recipes, measured values and paper: docs/hooks/models.py."""
    pages = "".join(page.read_text() for page in (DOCS / "models").glob("*.md"))
    assert sorted(re.findall(r"<!-- model: (\w+) -->", pages)) == sorted(MODELS)


def test_papers_and_values_in_the_manual_are_those_of_the_code():
    spec = importlib.util.spec_from_file_location("models_hook", DOCS / "hooks" / "models.py")
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    for name in MODELS:
        assert re.search(r"\b(19|20)\d\d\b", hook.paper(name)), name
    tables = "\n".join(map(hook.table, MODELS))
    assert all(tables.count(f"| `{name}`<br>") == 1 for name in all_recipes())
    value, tolerance = all_recipes()["vae/digits"].expected["test/loss"]
    assert f"test: loss {value:g} ± {tolerance:g}".replace(" ", "&nbsp;") in hook.about("VAE")
    assert '`keraszoo.load("vae/digits")`' in hook.about("VAE")
    assert hook.WEIGHTS in (DOCS / "weights.md").read_text()
    trained = hook.on_page_markdown(hook.WEIGHTS)
    assert all(trained.count(f"| `{name}` |") == 1 for name in weights.of_the_library())
    accuracy = weights.card("classifier/mnist").measures["test/accuracy"]
    assert f"test:&nbsp;accuracy&nbsp;{accuracy:.4g}<br>" in trained or f"{accuracy:.4g} |" in trained


def test_every_page_is_in_the_navigation():
    pages = re.findall(r"- (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.M)
    written = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}
    assert {page for page in pages if not MADE.fullmatch(page)} == written
    notebooks = {page for page in pages if page.startswith("notebooks/")} - {"notebooks/index.md"}
    assert notebooks == {f"notebooks/{path.stem}.md" for path in NOTEBOOKS}


def of_another_run(command):
    return any(word.startswith("runs/") and word != "runs/digits" for word in command)


#: what is done to a run from its training to its service
LIFE = ("list", "show", "train", "evaluate", "sample", "export", "doctor")


@pytest.mark.parametrize("which", ["first run", pytest.param("all", marks=pytest.mark.slow)])
def test_commands_of_the_readme_run(which, tmp_path, monkeypatch, capsys):
    """The `keraszoo` lines of the README, in order; those on MNIST need its data and minutes, and are only read."""
    monkeypatch.chdir(tmp_path)
    commands = commands_of(ROOT / "README.md")
    assert set(LIFE) <= {command[1] for command in commands}
    if which == "first run":
        commands = [command for command in commands if command[1] in LIFE and not of_another_run(command)]
    for command in commands:
        if "mnist" in " ".join(command) and command[1] == "train":
            assert command[2] in all_recipes()
        elif command[1] == "train" and "--epochs" not in command:
            assert main([*command[1:], "--epochs", "2"]) == 0
        else:
            assert main(command[1:]) == 0, command


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_name_what_exists(document):
    text = document.read_text()
    for verb in re.findall(r"keraszoo ([a-z]+)(?= [a-z_]+/|\s+--|\s+RUN|\s+RECIPE)", text):
        assert verb in VERBS, verb
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        relative = (document.parent / target).resolve()
        in_manual = relative.relative_to(DOCS) if relative.is_relative_to(DOCS) else ""
        assert relative.exists() or MADE.fullmatch(str(in_manual)), target
