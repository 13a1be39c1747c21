"""A run is one thing: its parts know each other, and what is damaged or changed is told in one line."""

import ast
import json
import pathlib
import random
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from commands import FAST, files, refused

from keraszoo.core.errors import InputError
from keraszoo.runs.run import Run
from keraszoo.training import evaluate, train


@pytest.fixture
def run(finished, tmp_path):
    """A copy that a test may damage."""
    shutil.copytree(finished.path, tmp_path / "run")
    return Run.open(tmp_path / "run")


# ---------------------------------------------------------------------- one door


def test_training_and_evaluation_tell_the_same_numbers(finished, run):
    told = finished.metrics()["test"]
    assert evaluate(run) == told and evaluate(Run.open(run.path)) == told


def test_batches_are_those_that_the_model_was_tested_on(finished):
    x = np.concatenate(list(finished.batches("test").as_numpy_iterator()))
    np.testing.assert_allclose(x, finished.data().source.array("test") / np.float32(255), rtol=1e-6)


def test_nobody_else_reads_a_recipes_data():
    """`keraszoo.runs.prepared` alone calls `load` and makes batches."""
    root = pathlib.Path(__file__).parents[2]
    for path in [*root.glob("training/**/*.py"), *root.glob("export/**/*.py"), *root.glob("keraszoo/runs/*.py")]:
        if path.name == "prepared.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = getattr(node.func.value, "id", None)
                assert not (owner == "data" and node.func.attr in ("load", "batches", "resident", "weighted")), path


# ---------------------------------------------------------------------- identity


@pytest.mark.parametrize("part", ["model.keras", "metrics.json"])
@pytest.mark.by_default(every=2)
def test_a_part_of_another_run_is_refused(run, tmp_path, capsys, part):
    other = train("vae/digits", tmp_path / "other", **FAST, seed=1)
    shutil.copy(other.path / part, run.path / part)
    assert "belongs to another run" in refused(capsys, "evaluate", run.path)


def test_a_checkpoint_of_another_run_is_refused(run, tmp_path, capsys):
    other = train("vae/digits", tmp_path / "other", **FAST)
    for path in run.checkpoints.iterdir():
        shutil.copy(other.path / "checkpoints" / path.name, path)
    assert "belongs to another run" in refused(capsys, "train", "--run", run.path, "--resume", "--epochs", 2)


def test_a_checkpoint_of_an_unknown_format_is_one_line(run, capsys, monkeypatch):
    monkeypatch.setattr("keraszoo.training.loop.checkpoints.FORMAT", 99)
    line = refused(capsys, "train", "--run", run.path, "--resume", "--epochs", 2)
    assert "format" in line and "Received: 2, not 99" in line


def test_the_saved_model_is_still_a_keras_file(run):
    import keras

    assert zipfile.is_zipfile(run.model_path)
    assert type(keras.models.load_model(run.model_path)).__name__ == "VAE"


# ---------------------------------------------------------------------- fuzzing

ANY = [None, True, -1, 0, 3.5, 2**70, "", "text", "\u0000", [], [1], [[]], {}, {"a": 1}, "importlib", [None, None]]


def places(value, path=()):
    """The path of each value inside a JSON value."""
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


def replaced(value, path, new):
    copy = json.loads(json.dumps(value))
    inside = copy
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = new
    return copy


def test_any_changed_value_of_any_file_is_one_line_and_nothing_is_written(run, capsys):
    """2,000 changes: of each value of recipe.json and metrics.json, and of whole files."""
    draw, tried = random.Random(0), 0
    contents = {name: (run.path / name).read_bytes() for name in ("recipe.json", "metrics.json")}
    before = files(run.path)
    while tried < 1900:
        for name, content in contents.items():
            values = json.loads(content)
            for path in places(values):
                changed = replaced(values, path, draw.choice(ANY))
                if changed == values:
                    continue
                (run.path / name).write_text(json.dumps(changed))
                with pytest.raises(InputError) as error:
                    Run.open(run.path)
                assert "\n" not in str(error.value) and len(str(error.value)) < 600
                tried += 1
            (run.path / name).write_bytes(content)
    for name, content in contents.items():
        for number in range(50):
            garbage = draw.randbytes(draw.randrange(300)) if number % 2 else content[: draw.randrange(len(content) - 1)]
            (run.path / name).write_bytes(garbage)
            assert name in refused(capsys, "evaluate", run.path)
        (run.path / name).write_bytes(content)
    assert files(run.path) == before


@pytest.mark.parametrize("epochs", [0, -1])
def test_a_run_is_not_resumed_for_less_than_an_epoch(run, capsys, epochs):
    before = files(run.path)
    assert "epochs" in refused(capsys, "train", "--run", run.path, "--resume", "--epochs", epochs)
    assert files(run.path) == before


def test_a_training_without_a_recipe_is_one_line():
    for options in ({}, {"resume": True}):
        with pytest.raises(InputError, match="Name a recipe"):
            train(**options)


CHANGES = (
    {"model": "importlib"}, {"model": "Nonsense"}, {"seed": "5"}, {"epochs": True}, {"expected": {"a": 1}},
    {"data": {"name": 3}}, {"optimizers": []}, {"input_shape": "8"}, {"minutes": "1"},
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_recipes_of_hand_are_checked_by_type(run, capsys, change):
    """Without a checksum, as somebody writes them."""
    values = json.loads((run.path / "recipe.json").read_text())
    values = {name: value for name, value in values.items() if name not in ("run", "sha256")} | change
    for name in ("metrics.json", "model.keras"):
        (run.path / name).unlink()
    (run.path / "recipe.json").write_text(json.dumps(values))
    refused(capsys, "train", "--run", run.path, "--resume", "--epochs", 2)


@pytest.mark.parametrize("seed", range(6))
def test_garbage_in_the_place_of_a_model_is_one_line(run, capsys, seed):
    content, draw = run.model_path.read_bytes(), random.Random(seed)
    broken = [draw.randbytes(500), b"", content[: len(content) // 2], content[:-30]]
    run.model_path.write_bytes(broken[seed] if seed < 4 else _without(content, seed))
    before = files(run.path)
    assert "model.keras" in refused(capsys, "evaluate", run.path)
    assert files(run.path) == before


def _without(content, seed):
    """The archive without its weights, or with a config of nonsense."""
    import io

    source, made = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            if seed == 4 and name == "model.weights.h5":
                continue
            target.writestr(name, b'{"module": "os", "class_name": "system", "config": {}}'
                            if seed == 5 and name == "config.json" else source.read(name))  # fmt: skip
        target.comment = source.comment
    return made.getvalue()


# ---------------------------------------------------------------------- races

RACER = """
import sys
from keraszoo.recipes import get
from keraszoo.core.errors import InputError
from keraszoo.runs.run import Run
for number, path in enumerate(sys.stdin):
    recipe = get(sys.argv[1])
    try:
        with Run.begin(path.strip(), recipe) as run:
            print("won", run.identity, flush=True)
            sys.stdin.readline()
    except InputError as error:
        print("refused", str(error).replace("\\n", " "), flush=True)
        sys.stdin.readline()
"""


def test_of_two_that_begin_one_run_one_has_it_and_the_recipe_is_its_own(tmp_path):
    """300 times."""
    names = ("vae/digits", "gan/digits")
    racers = [
        subprocess.Popen([sys.executable, "-c", RACER, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name in names
    ]
    try:
        for number in range(300):
            path = tmp_path / str(number)
            for racer in racers:
                racer.stdin.write(f"{path}\n")
                racer.stdin.flush()
            said = [racer.stdout.readline().split(maxsplit=1) for racer in racers]
            assert sorted(word for word, _ in said) == ["refused", "won"], said
            winner = next(place for place, (word, _) in enumerate(said) if word == "won")
            run = Run.open(path)
            assert run.recipe.name == names[winner] and run.identity == said[winner][1].strip()
            for racer in racers:
                racer.stdin.write("\n")
                racer.stdin.flush()
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()
