"""What ends a process: signals, its parent's death, a screen that nobody reads; and what it leaves behind."""

import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time

import pytest

from keraszoo.__main__ import main
from keraszoo.runs.drafts import PREFIX
from keraszoo.runs.run import Run

PATIENCE = 120

PARENT = """
import os, subprocess, sys, time
from keraszoo.system.processes import environment_of_child
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], env={**os.environ, **environment_of_child()})
time.sleep(600)
"""
CHILD = "from keraszoo.system.processes import die_with_parent; die_with_parent()\nimport os, time\n"
CHILD += "print(os.getpid(), flush=True); time.sleep(600)"


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_dies_with_its_parent_even_if_that_is_killed():
    with subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
        deadline = time.monotonic() + PATIENCE
        while alive(child):
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.by_default("15")
def test_every_stopping_signal_saves_a_training(tmp_path, monkeypatch, capsys, request, number):
    before = signal.signal(number, signal.default_int_handler)  # a background job ignores some
    request.addfinalizer(lambda: signal.signal(number, before))
    original = Run.write

    def write(self, name, content):
        original(self, name, content)
        if name.endswith("00088.npz"):
            os.kill(os.getpid(), number)

    monkeypatch.setattr(Run, "write", write)
    assert main(["train", "vae/digits", "--epochs", "1000", "--run", str(tmp_path / "a run")]) == 75
    line = capsys.readouterr().out.splitlines()[-1]
    assert line == f"stopped by {number.name}; continue with: keraszoo train --run '{tmp_path / 'a run'}' --resume"


def test_a_signal_while_the_run_is_finished_does_no_harm(tmp_path, monkeypatch, capsys):
    """And what to do next can be pasted, though the path has a space."""
    original, path = Run.save_model, tmp_path / "a run"

    def save_model(self, model):
        os.kill(os.getpid(), signal.SIGTERM)
        original(self, model)

    monkeypatch.setattr(Run, "save_model", save_model)
    assert main(["train", "autoencoder/digits", "--epochs", "1", "--run", str(path)]) == 0
    assert "test" in Run.open(path).metrics()
    lines = capsys.readouterr().out.splitlines()
    hints = [shlex.split(line) for line in lines if line.startswith(("  keraszoo ", "  tensorboard "))]
    assert {str(path), str(path / "logs")} == {hint[2] for hint in hints}


@pytest.mark.parametrize("screen", ["full", "closed"])
@pytest.mark.slow
def test_a_training_needs_no_screen(tmp_path, screen):
    if screen == "full":
        stdout = os.open("/dev/full", os.O_WRONLY)
    else:
        reading, stdout = os.pipe()
        os.close(reading)
    command = [sys.executable, "-m", "keraszoo", "train", "autoencoder/digits", "--epochs", "1"]
    done = subprocess.run([*command, "--run", str(tmp_path / "run")], stdout=stdout, stderr=subprocess.PIPE, text=True)
    os.close(stdout)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert "test" in Run.open(tmp_path / "run").metrics()


EXPORTER = """
import os, signal, sys
from keraszoo.export.outside import examination
from keraszoo.export import pipeline
from keraszoo.__main__ import main
def examine(directory):
    print(directory, flush=True)
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))
pipeline.examination.examine = examine
sys.exit(main(["export", sys.argv[2], "--to", sys.argv[3]]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [("SIGKILL", -9), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_an_export_that_is_stopped_leaves_a_run_to_resume_and_no_draft(tmp_path, number, code):
    """It wrote into the run's own directory."""
    run = tmp_path / "run"
    assert main(["train", "autoencoder/digits", "--epochs", "1", "--run", str(run)]) == 0
    command = [sys.executable, "-c", EXPORTER, number, str(run), str(run / "served")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    home = run / "served" / "autoencoder"
    left = [path for path in run.rglob(f"{PREFIX}*")]
    assert (number == "SIGKILL") == bool(left)
    assert main(["train", "--run", str(run), "--resume", "--epochs", "2"]) == 0
    assert main(["export", str(run), "--to", str(run / "served")]) == 0
    assert [path.name for path in home.iterdir()] == ["1"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "vae/digits", "--seed", "-1"],
        ["train", "vae/digits", "--seed", str(2**64)],
        ["train", "vae/digits", "--learning-rate", "inf"],
        ["train", "vae/digits", "--learning-rate", "nan"],
        ["train", "vae/digits", "--set", "latent_dim=99999999999999"],
        ["train", "vae/digits", "--epochs", str(2**70)],
        ["train", "vae/digits", "--run", ""],
        ["train", "realnvp/moons", "--set", "num_classes=2", "--dataset", "digits"],
        ["train", "vae/digits", "--dataset", "x\udcff.npz"],
        ["sample", "RUN", "--count", "1000000000"],
        ["sample", "RUN", "--count", "-1"],
        ["sample", "RUN", "--seed", str(2**70)],
        ["sample", "RUN", "--temperature", "nan"],
        ["evaluate", ""],
    ],
)
@pytest.mark.by_default(every=3)
def test_numbers_and_names_that_cannot_be_are_one_line(tmp_path, monkeypatch, capsys, arguments, request):
    run = request.getfixturevalue("sampled")
    monkeypatch.chdir(tmp_path)
    assert main([str(run) if argument == "RUN" else argument for argument in arguments]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    lines = [line for line in lines if not line.startswith("Preparing the dataset")]
    assert len(lines) == 1 and lines[0].startswith(f"keraszoo {arguments[0]}: "), lines
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    path = tmp_path_factory.mktemp("sampled") / "run"
    assert main(["train", "vae/digits", "--epochs", "1", "--run", str(path)]) == 0
    return path
