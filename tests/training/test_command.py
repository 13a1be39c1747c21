"""The command line as a person meets it: what it prints, what it refuses, and what it leaves behind."""

import json
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

from keraszoo.__main__ import VERBS, main
from keraszoo.runs.run import Run

TWO = ("--strategy", "mirrored", "--replicas", "2")
FAST = ("--epochs", "2", "--set", "hidden=[16]")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of two short epochs."""
    path = tmp_path_factory.mktemp("runs") / "vae"
    assert main(["train", "vae/digits", "--run", str(path), *FAST]) == 0
    return path


def refused(capsys, *arguments):
    """The one line that a refused command prints."""
    assert main([str(argument) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    lines = err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith(f"keraszoo {arguments[0]}: "), err
    return lines[0]


def test_training_fills_the_run_directory(run):
    names = {path.name for path in run.iterdir()}
    assert names == {"recipe.json", "environment.json", "model.keras", "checkpoints", "logs", "samples", "metrics.json"}
    recipe = Run.open(run).recipe
    assert recipe.name == "vae/digits" and recipe.epochs == 2 and recipe.arguments["hidden"] == (16,)
    assert recipe.expected == {}  # a changed recipe promises nothing
    metrics = Run.open(run).metrics()
    assert set(metrics) == {"train", "test", "samples", "codes", "history"}
    assert len(metrics["history"]) == 2 and set(metrics["test"]) == {"loss", "reconstruction", "kl"}
    pictures = {path.name for path in (run / "samples").iterdir()}
    epochs = {f"epoch-00{n}-{name}.png" for n in (1, 2) for name in ("samples", "reconstructions")}
    assert pictures == epochs | {"traversal.png"}
    assert [path.name for path in sorted((run / "checkpoints").iterdir())] == ["step-00000044.npz", "step-00000088.npz"]
    assert json.loads((run / "environment.json").read_text())["packages"]["keras"].startswith("3.")


def test_tensorboard_gets_every_term_the_pictures_and_the_recipe(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def tags(folder):
        accumulator = EventAccumulator(str(folder))
        accumulator.Reload()
        return accumulator.Tags()

    for split in ("train", "validation"):
        assert {"epoch_loss", "epoch_reconstruction", "epoch_kl"} <= set(tags(run / "logs" / split)["tensors"])
    assert {"samples", "reconstructions"} <= set(tags(run / "logs" / "pictures")["tensors"])
    assert "recipe" in tags(run / "logs")["tensors"]


def test_training_ends_with_a_table_and_what_to_do_next(capsys, tmp_path):
    assert main(["train", "autoencoder", "--run", str(tmp_path / "run"), "--epochs", "1"]) == 0
    out = capsys.readouterr().out
    assert "metric" in out and "verdict" in out and "test/reconstruction" in out
    assert f"keraszoo export {tmp_path / 'run'}" in out
    assert max(len(line.replace(str(tmp_path), "")) for line in out.splitlines()) <= 80


@pytest.mark.slow
def test_resuming_continues_where_the_run_stopped(capsys, run, tmp_path):
    """Two epochs at once, and one epoch then another, end in the same weights."""
    path = tmp_path / "parts"
    assert (
        main(
            [
                "train",
                "vae/digits",
                "--run",
                str(path),
                "--epochs",
                "1",
                "--set",
                "hidden=[16]",
                "--learning-rate",
                "1e-3",
            ]
        )
        == 0
    )
    assert main(["train", "--run", str(path), "--resume", "--epochs", "2"]) == 0
    assert "resuming after epoch 1 of 2" in capsys.readouterr().out
    assert len(Run.open(path).metrics()["history"]) == 2
    message = refused(capsys, "train", "--run", path, "--resume", "--batch-size", 64, "--set", "latent_dim=3")
    assert "batch_size" in message and "arguments" in message
    assert "recipe (beta_vae/digits" in refused(capsys, "train", "beta_vae/digits", "--run", path, "--resume")


@pytest.mark.slow
def test_damaged_checkpoint_gives_way_to_the_one_before(capsys, run, tmp_path):
    path = tmp_path / "run"
    arguments = ["train", "vae/digits", "--run", str(path), *FAST]
    assert main(arguments) == 0
    newest = sorted((path / "checkpoints").iterdir())[-1]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    assert main(["train", "--run", str(path), "--resume"]) == 0
    out = capsys.readouterr().out
    assert "step-00000088.npz is damaged" in out and "resuming after epoch 1 of 2" in out


def test_evaluate_repeats_what_training_measured(capsys, run):
    assert main(["evaluate", str(run)]) == 0
    out = capsys.readouterr().out
    measured = Run.open(run).metrics()["test"]["loss"]
    assert f"{measured:.5g}" in out
    assert main(["evaluate", str(run), "--split", "train"]) == 0
    assert "train/loss" in capsys.readouterr().out


def test_sample_writes_the_same_grid_for_the_same_seed(run, tmp_path):
    for name, seed in (("a.npy", "3"), ("b.npy", "3"), ("c.npy", "4")):
        assert main(["sample", str(run), "--count", "5", "--seed", seed, "--out", str(tmp_path / name)]) == 0
    a, b, c = (np.load(tmp_path / name) for name in ("a.npy", "b.npy", "c.npy"))
    assert a.shape == (5, 8, 8, 1) and np.array_equal(a, b) and not np.array_equal(a, c)
    assert main(["sample", str(run), "--count", "5", "--out", str(tmp_path / "grid.png")]) == 0
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")


def test_exporting_a_run_and_asking_the_doctor(capsys, run, tmp_path):
    assert main(["export", str(run), "--to", str(tmp_path)]) == 0
    assert main(["doctor", str(tmp_path / "vae")]) == 0
    (tmp_path / "vae" / "1" / "variables" / "variables.index").unlink()
    capsys.readouterr()
    assert main(["doctor", str(tmp_path / "vae")]) == 2
    assert "variables.index" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_list_and_help_import_no_tensorflow(verb):
    arguments = [verb, "--help"] if verb != "list" else ["list"]
    program = (
        "import sys; from keraszoo.__main__ import main\n"
        f"try: main({[argument for argument in arguments if argument]})\n"
        "except SystemExit as stop: sys.exit(stop.code)\n"
        "finally: print(*({'tensorflow', 'keras', 'numpy'} & set(sys.modules)), file=sys.stderr)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, "COLUMNS": "80"}
    )
    assert finished.returncode == 0 and finished.stderr.strip() == "", finished.stderr
    widest = max(map(len, finished.stdout.splitlines()))
    assert widest <= 80 or verb == "list"  # which gives whole lines to whatever is no terminal


@pytest.mark.parametrize("arguments", [[], ["list"], ["train", "--help"]])
def test_a_reader_that_has_seen_enough_ends_the_command_quietly(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "keraszoo", *arguments]
    finished = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert finished.stderr == "" and finished.returncode in (0, 1)  # argparse takes no notice of a closed pipe


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["vae/digit"], "Closest: vae/digits"),
        (["vae/digits", "--dataset", "digts"], "digts.*[Cc]losest.*digits"),
        (["vae/digits", "--set", "latent_dim=-1"], "latent_dim.*-1"),
        (["vae/digits", "--set", "nosuch=1"], "no argument 'nosuch'"),
        (["vae/digits", "--set", "latent_dm=1"], "Closest: latent_dim"),
        (["vae/digits", "--set", "latent_dim"], "NAME=VALUE"),
        (["vae/digits", "--set", "activation=rellu"], "activation='rellu'. Closest: relu"),
        (["vae/digits", "--set", "network=convolutional", "--set", "hidden=[8,8,8,8]"], "divisible by 16"),
        (["vae/digits", "--epochs", "0"], "epochs must be"),
        (["vae/digits", "--batch-size", "100000"], "1437"),
        (["vae/digits", "--learning-rate", "-1"], "learning rate"),
        (["vae/digits", "--strategy", "mirored"], "Closest: mirrored"),
        (["vae/digits", "--strategy", "none", "--replicas", "2"], "--replicas"),
        (["vae/digits", *TWO, "--batch-size", "33"], "multiple of 2.*33.*Nearest: 32"),
        (["vae/digits", *TWO, "--jit"], "one replica"),
        (["vae/digits", "--resume"], "There is no run"),
    ],
)  # fmt: skip
def test_bad_training_is_refused_and_leaves_nothing(capsys, tmp_path, arguments, message):
    line = refused(capsys, "train", *arguments, "--run", tmp_path / "made" / "run")
    assert re.search(message, line), line
    assert list(tmp_path.iterdir()) == []


def test_unprepared_dataset_says_where_it_looked_and_how_to_get_it(capsys, tmp_path):
    line = refused(capsys, "train", "vae/mnist", "--data-dir", tmp_path, "--run", tmp_path / "run")
    assert str(tmp_path) in line and "tfds.load(" in line
    assert list(tmp_path.iterdir()) == []


def test_unwritable_or_used_run_directory_is_refused(capsys, run, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("mine")
    assert "cannot be" in refused(capsys, "train", "vae/digits", "--run", tmp_path / "file" / "run")
    assert "cannot be" in refused(capsys, "train", "vae/digits", "--run", "/proc/nowhere/run")
    before = sorted(run.rglob("*"))
    assert "Continue it with --resume, or" in refused(capsys, "train", "vae/digits", "--run", run)
    assert "Choose another --run" in refused(capsys, "train", "vae/digits", "--run", tmp_path)
    monkeypatch.setattr("keraszoo.training.session.Session._open_data", None)  # told before that takes its time
    assert "--resume" in refused(capsys, "train", "vae/digits", "--run", run)
    assert "it is a file, not the run's directory." in refused(capsys, "evaluate", run / "model.keras")
    assert sorted(run.rglob("*")) == before and (tmp_path / "file").read_text() == "mine"


def test_nan_in_the_data_is_refused(capsys, tmp_path):
    x = np.random.default_rng(0).random((100, 8, 8, 1), "float32")
    x[17, 3, 3] = np.nan
    np.savez(tmp_path / "data.npz", x_train=x, x_test=x)
    line = refused(capsys, "train", "vae/digits", "--dataset", tmp_path / "data.npz", "--run", tmp_path / "run")
    assert "NaN" in line and "17" in line
    assert [path.name for path in tmp_path.iterdir()] == ["data.npz"]


def test_data_in_the_wrong_range_is_refused(capsys, tmp_path):
    x = 255 * np.random.default_rng(0).random((100, 8, 8, 1), "float32")
    np.savez(tmp_path / "data.npz", x_train=x, x_test=x)
    arguments = ("--dataset", tmp_path / "data.npz", "--run", tmp_path / "run", "--epochs", 1)
    assert "from 0 to 1. Received" in refused(capsys, "train", "vae/digits", *arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["data.npz"]


def test_a_loss_that_explodes_ends_the_training_in_one_line(capsys, tmp_path):
    path = tmp_path / "run"
    line = refused(capsys, "train", "autoencoder/digits", "--run", path, "--learning-rate", "1e30", "--epochs", "3")
    assert "--learning-rate" in line
    assert "did not finish" in refused(capsys, "evaluate", path)
    assert "did not finish" in refused(capsys, "export", path, "--to", tmp_path / "served")
    assert not (tmp_path / "served").exists()


def test_own_images_and_archives_train(tmp_path, capsys):
    x = np.random.default_rng(0).integers(0, 256, (80, 12, 20, 3), "uint8")
    np.savez(tmp_path / "mine.npz", x_train=x[:64], x_test=x[64:])
    arguments = ["--dataset", str(tmp_path / "mine.npz"), "--epochs", "1", "--run", str(tmp_path / "run")]
    assert main(["train", "vae/digits", *arguments]) == 0
    assert Run.open(tmp_path / "run").recipe.input_shape == (12, 20, 3)


@pytest.mark.parametrize("verb", ["evaluate", "sample", "export", "doctor"])
def test_verbs_on_a_missing_directory_are_one_line(capsys, tmp_path, verb):
    extra = ["--to", tmp_path / "served"] if verb == "export" else []
    line = refused(capsys, verb, tmp_path / "nothing", *extra)
    assert str(tmp_path / "nothing") in line
    assert list(tmp_path.iterdir()) == []


def test_sampling_refuses_what_it_cannot_write(capsys, run, tmp_path):
    assert ".png or .npy" in refused(capsys, "sample", run, "--out", tmp_path / "a.jpg")
    assert "cannot be written" in refused(capsys, "sample", run, "--out", tmp_path / "no" / "a.png")
    assert "count" in refused(capsys, "sample", run, "--count", 0, "--out", tmp_path / "a.png")


def test_unknown_verbs_and_options_are_one_line(capsys):
    assert "Closest: train" in refused(capsys, "trian")
    with pytest.raises(SystemExit) as stopped:
        main(["train", "vae", "--epoch", "3"])
    assert stopped.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.slow
def test_mirrored_training_by_command(tmp_path, capsys):
    arguments = [*TWO, "--run", str(tmp_path / "run"), *FAST]
    assert main(["train", "vae/digits", *arguments]) == 0
    assert "2 replicas" in capsys.readouterr().out


@pytest.mark.parametrize("switch", ["--mixed-precision", "--jit"])
@pytest.mark.by_default("--mixed-precision")
def test_precision_and_xla_are_plain_switches(tmp_path, switch):
    assert main(["train", "vae/digits", switch, "--run", str(tmp_path / "run"), *FAST]) == 0
    assert pathlib.Path(tmp_path / "run" / "model.keras").exists()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("keraszoo tra", {"train", "translate"}),
        ("keraszoo latent wa", {"walk"}),
        ("keraszoo latent walk --st", {"--steps"}),
        ("keraszoo train vae/digits --learning", {"--learning-rate"}),
        ("keraszoo train vae/dig", {"vae/digits"}),
    ],
)
def test_a_shell_completes_verbs_recipes_and_options(tmp_path, line, expected):
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": "\n"}
    asked["_ARGCOMPLETE_STDOUT_FILENAME"] = str(tmp_path / "answer")
    subprocess.run([sys.executable, "-m", "keraszoo"], env={**os.environ, **asked}, check=True)
    assert {word.strip() for word in (tmp_path / "answer").read_text().split("\n")} >= expected
