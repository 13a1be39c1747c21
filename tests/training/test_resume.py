"""A plug pulled at any moment: what a run is after `--resume`, bit for bit, and what becomes of damaged checkpoints."""

import errno
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import keras
import numpy as np
import pytest
from killed_training import OPTIONS

from keraszoo.__main__ import main
from keraszoo.core.errors import InputError, Preempted
from keraszoo.data import load
from keraszoo.models import VAE
from keraszoo.runs.run import Run
from keraszoo.training import train
from keraszoo.training.cluster import launch as launching
from keraszoo.training.loop import checkpoints as checkpoint_files
from keraszoo.training.loop.state import ModelState

STEPS = 44  # an epoch of vae/digits


def quiet(line):
    pass


def options(strategy):
    return {**OPTIONS, "strategy": strategy, "replicas": 2 if strategy == "mirrored" else None, "say": quiet}


def resume(path, strategy="none", **changes):
    return train(None, path, resume=True, **{**options(strategy), "arguments": None, **changes})


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """`straight(strategy)`: the run of an uninterrupted training, made once."""
    made = {}

    def run(strategy):
        if strategy not in made:
            path = tmp_path_factory.mktemp("straight") / strategy
            made[strategy] = train("vae/digits", path, **options(strategy))
        return made[strategy]

    return run


def newest(run):
    return sorted(run.checkpoints.iterdir())[-1]


def state(run):
    """Every entry of a run's last state, and what was measured: the position is one more entry."""
    position, arrays, names, *_ = checkpoint_files._read(newest(run))
    assert any("seed_generator" in name for name in names) and "metric0" in arrays
    return {**{name: array.tobytes() for name, array in arrays.items()}, "position": repr(position), **run.metrics()}


def assert_same(run, reference):
    """Bit for bit the same state, metrics and history, pictures and TensorBoard epochs, and nothing half written."""
    mine, theirs = state(run), state(reference)
    assert len(mine) == len(theirs)
    assert [name for name in theirs if mine[name] != theirs[name]] == []
    for one, other in zip(run.model().get_weights(), reference.model().get_weights(), strict=True):
        assert np.array_equal(one, other)
    pictures = {path.name: path.read_bytes() for path in reference.samples.iterdir()}
    assert {path.name: path.read_bytes() for path in run.samples.iterdir()} == pictures
    assert epochs_in_tensorboard(run) == epochs_in_tensorboard(reference)
    assert not list(run.path.rglob(".draft-*"))
    return len(mine)


def epochs_in_tensorboard(run):
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util.tensor_util import make_ndarray

    return {
        (path.parent.name, value.tag, event.step, float(make_ndarray(value.tensor)))
        for path in run.logs.rglob("events*")
        for event in EventFileLoader(str(path)).Load()
        for value in event.summary.value
        if value.tag.startswith("epoch_")
    }


def kill(path, strategy, when, step=0):
    """Runs a training that kills itself with kill -9; returns its Run."""
    program = pathlib.Path(__file__).with_name("killed_training.py")
    finished = subprocess.run(
        [sys.executable, program, path, strategy, when, str(step)], capture_output=True, text=True, check=False
    )
    assert finished.returncode == -signal.SIGKILL, finished.stderr
    return Run.open(path)


@pytest.mark.parametrize("strategy", ["none", "mirrored"])
@pytest.mark.by_default("none")
def test_kill_9_at_a_random_step_changes_nothing(straight, mirrored, tmp_path, strategy):
    step = random.randrange(1, 3 * STEPS)
    print(f"killed after step {step}")
    run = kill(tmp_path / "run", strategy, "step", step)
    assert not run.model_path.exists()
    assert_same(resume(run.path, strategy), straight(strategy))


def by_two_workers(path, when, step=0):
    """Runs killed_training.py in two workers; returns the launcher's exit code and the Run."""
    program = pathlib.Path(__file__).with_name("killed_training.py")
    command = [sys.executable, str(program), str(path), "multi_worker", when, str(step)]
    code, _ = launching.Job(command, launching._environments(2)).run([])
    return code, Run.open(path)


@pytest.fixture(scope="module")
def straight_by_two(tmp_path_factory):
    code, run = by_two_workers(tmp_path_factory.mktemp("by_two") / "run", "never")
    assert code == 0
    return run


@pytest.mark.slow
def test_kill_9_of_one_of_two_workers_changes_nothing(straight_by_two, tmp_path):
    step = random.randrange(1, 3 * STEPS)
    print(f"worker {step % 2} killed after step {step}")
    code, run = by_two_workers(tmp_path / "run", "step", step)
    assert code == 128 + signal.SIGKILL and not run.model_path.exists()
    code, run = by_two_workers(tmp_path / "run", "resume")
    assert code == 0
    assert_same(run, straight_by_two)


@pytest.mark.slow
def test_kill_9_of_one_of_two_workers_at_ten_random_steps_changes_nothing(straight_by_two, tmp_path):
    for number, step in enumerate(random.Random("two").sample(range(1, 3 * STEPS), 10)):
        code, run = by_two_workers(tmp_path / str(number), "step", step)
        assert code == 128 + signal.SIGKILL and not run.model_path.exists()
        code, run = by_two_workers(tmp_path / str(number), "resume")
        assert code == 0
        entries = assert_same(run, straight_by_two)
        print(f"worker {step % 2} killed after step {step}: {entries} of {entries} entries identical")


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["none", "mirrored"])
def test_kill_9_at_ten_random_steps_changes_nothing(straight, mirrored, tmp_path, strategy):
    for number, step in enumerate(random.Random(strategy).sample(range(3 * STEPS), 10)):
        run = kill(tmp_path / str(number), strategy, "step", step)
        entries = assert_same(resume(run.path, strategy), straight(strategy))
        print(f"{strategy}: killed after step {step}: {entries} of {entries} entries identical")
        keras.backend.clear_session()


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["none", "mirrored"])
@pytest.mark.parametrize(
    ("when", "number"), [("checkpoint", 1), ("checkpoint", 4), ("save_model", 0), ("write_metrics", 0)]
)
def test_kill_9_while_writing_changes_nothing(straight, mirrored, tmp_path, strategy, when, number):
    run = kill(tmp_path / "run", strategy, when, number)
    assert (when == "checkpoint") == bool(list(run.path.rglob(".draft-*")))
    assert_same(resume(run.path, strategy), straight(strategy))


class Pulled(BaseException):
    """The plug: no handler of an error sees it."""


@pytest.fixture
def pulled(tmp_path):
    """`pulled(run's method, number)`: a run whose training ended at that call; in this process, so fast."""

    def run(method, number=1):
        calls = []

        def replacement(*args, **kwargs):
            calls.append(args)
            if len(calls) == number:
                raise Pulled
            return original(*args, **kwargs)

        with pytest.MonkeyPatch.context() as patch:
            original = getattr(Run, method)
            patch.setattr(Run, method, replacement)
            with pytest.raises(Pulled):
                train("vae/digits", tmp_path / "run", **options("none"))
        return tmp_path / "run"

    return run


@pytest.mark.slow
def test_pulled_between_the_last_epoch_and_the_finished_run(straight, pulled):
    assert_same(resume(pulled("save_model")), straight("none"))


@pytest.mark.slow
def test_pulled_before_the_first_checkpoint_starts_from_the_beginning(straight, pulled):
    path = pulled("tidy")  # only recipe.json was written
    (path / ".draft-0").mkdir()
    (path / ".draft-0" / "step-00000013.npz").write_bytes(b"half")
    lines = []
    assert_same(resume(path, say=lines.append), straight("none"))
    assert any("from the beginning" in line for line in lines)


def test_pulled_before_the_recipe_was_written_leaves_a_directory_to_use(straight, tmp_path):
    (tmp_path / ".draft-0").mkdir()
    (tmp_path / ".draft-0" / "recipe.json").write_text("{")
    run = Run.create(tmp_path, straight("none").recipe)
    assert Run.open(tmp_path).recipe == run.recipe and not list(tmp_path.rglob(".draft-*"))


@pytest.fixture
def finished(straight, tmp_path):
    """A copy of the uninterrupted run that lost its model and its last epoch's checkpoints."""
    shutil.copytree(straight("none").path, tmp_path / "run")
    run = Run.open(tmp_path / "run")
    run.model_path.unlink()
    (run.path / "metrics.json").unlink()
    return run


def flip(path, place=None, bit=3):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if place is None else place] ^= 1 << bit
    path.write_bytes(content)


def test_damaged_checkpoint_gives_way_to_the_one_before(straight, finished):
    damaged = newest(finished)
    damaged.write_bytes(damaged.read_bytes()[:-1000])
    lines = []
    run = resume(finished.path, say=lines.append)
    assert [damaged.name in line for line in lines].count(True) == 1
    assert f"resuming in epoch 3 of 3, after step {130 - 2 * STEPS} of {STEPS}" in lines
    assert_same(run, straight("none"))
    assert checkpoint_files._read(damaged)  # the same step again, whole


def test_one_flipped_bit_is_noticed_wherever_it_is(finished, tmp_path):
    path = newest(finished)
    content = path.read_bytes()
    places = [*random.Random(0).sample(range(len(content)), 100), *range(len(content) - 100, len(content)), *range(60)]
    for place in places:
        flip(path, place, bit=place % 8)
        with pytest.raises(checkpoint_files.DamagedError, match="checksum"):
            checkpoint_files._read(path)
        path.write_bytes(content)
    checkpoint_files._read(path)
    path.write_bytes(b"")
    with pytest.raises(checkpoint_files.DamagedError, match="checksum"):
        checkpoint_files._read(path)


def test_when_every_checkpoint_is_damaged_nothing_starts_over(finished, capsys):
    files = list(finished.checkpoints.iterdir())
    for path in files:
        flip(path)
    before = {path: path.read_bytes() for path in finished.path.rglob("*") if path.is_file()}
    assert main(["train", "--run", str(finished.path), "--resume"]) == 2
    error = capsys.readouterr().err.strip()
    assert "Every checkpoint" in error and "\n" not in error
    assert {path: path.read_bytes() for path in finished.path.rglob("*") if path.is_file()} == before


def test_full_disk_costs_a_warning_and_no_checkpoint(straight, tmp_path, monkeypatch):
    """From the third checkpoint to the sixth the disk is full."""
    original, saved, lines = np.savez, [], []

    def savez(file, **arrays):
        saved.append(sorted(path.name for path in (tmp_path / "run" / "checkpoints").glob("step-*")))
        if 3 <= len(saved) <= 6:
            file.write(b"PK")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        original(file, **arrays)

    monkeypatch.setattr(np, "savez", savez)
    run = train("vae/digits", tmp_path / "run", **{**options("none"), "say": lines.append})
    assert [line for line in lines if "No space left" in line] == [
        "A checkpoint could not be written (No space left on device); the ones before it are kept."
    ] * 4
    assert saved[3:7] == [["step-00000013.npz", "step-00000026.npz"]] * 4
    assert_same(run, straight("none"))


def test_keep_says_how_many_checkpoints_stay(tmp_path):
    run = train("vae/digits", tmp_path / "run", **{**options("none"), "epochs": 1}, keep=3)
    assert [path.name for path in sorted(run.checkpoints.iterdir())] == [
        f"step-000000{step}.npz" for step in (26, 39, 44)
    ]
    for wrong in ({"keep": 0}, {"checkpoint_every": 0}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            train("vae/digits", tmp_path / "other", **{**options("none"), **wrong})
    assert not (tmp_path / "other").exists()


def test_a_signal_saves_and_ends_with_a_code_of_its_own(straight, tmp_path, monkeypatch, request):
    """Ctrl-C comes within the second epoch; after it and after the resumed training nothing is different."""
    monkeypatch.setattr("keraszoo.core.loop.LONGEST_EXECUTION", 1000.0)  # each execution takes all of its steps
    monkeypatch.setattr("keraszoo.training.session.STEPS_PER_EXECUTION", 32)

    class Sender(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.step == STEPS + 32:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.01)  # until Python has called the handler

    lines = []
    # a shell starts what runs in the background with SIGINT ignored, and then it stays so
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with pytest.raises(Preempted) as stopped:
        train("vae/digits", tmp_path / "run", **{**options("none"), "say": lines.append}, callbacks=[Sender()])
    assert stopped.value.code == 75 and isinstance(stopped.value, SystemExit)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == handlers
    assert lines[-1] == (f"stopped by SIGINT; continue with: keraszoo train --run {tmp_path / 'run'} --resume")
    position, *_ = checkpoint_files._read(newest(Run.open(tmp_path / "run")))
    assert position.epoch == 1 and position.step > 32
    assert_same(resume(tmp_path / "run"), straight("none"))


@pytest.mark.slow
def test_a_signal_before_an_epochs_validation_is_resumed_with_it(straight, tmp_path, monkeypatch):
    monkeypatch.setattr("keraszoo.core.loop.LONGEST_EXECUTION", 1000.0)
    monkeypatch.setattr("keraszoo.training.session.STEPS_PER_EXECUTION", 32)

    class Sender(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if self.model.step == STEPS + 32:  # the epoch's last execution begins
                os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Preempted):
        train("vae/digits", tmp_path / "run", **{**options("none"), "checkpoint_every": None}, callbacks=[Sender()])
    position, *_ = checkpoint_files._read(newest(Run.open(tmp_path / "run")))
    assert (position.epoch, position.step, len(position.history)) == (1, STEPS, 1)
    assert_same(resume(tmp_path / "run"), straight("none"))


def test_command_ends_with_75_on_sigterm(tmp_path, monkeypatch, capsys):
    original = Run.write

    def write(self, name, content):
        original(self, name, content)
        if name.endswith("00088.npz"):  # the second epoch's
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Run, "write", write)
    assert main(["train", "vae/digits", "--epochs", "1000", "--run", str(tmp_path / "run")]) == 75
    assert capsys.readouterr().out.splitlines()[-1].startswith("stopped by SIGTERM; continue with: keraszoo train")
    assert Run.open(tmp_path / "run").metrics() == {}


@pytest.mark.parametrize("to", ["worker", "launcher"])
@pytest.mark.slow
def test_a_signal_to_one_of_several_workers_is_agreed_on(straight_by_two, tmp_path, to):
    """Both stop after the same step, the checkpoint is saved, and the resumed run is the uninterrupted one."""
    program = pathlib.Path(__file__).with_name("killed_training.py")
    command = [sys.executable, str(program), str(tmp_path / "run"), "multi_worker", "never", "0"]
    job, received = launching.Job(command, launching._environments(2)), []

    def send():
        while not list(tmp_path.glob("run/checkpoints/step-*.npz")):
            time.sleep(0.01)
        if to == "worker":
            os.kill(job.processes[1].pid, signal.SIGTERM)
        else:
            received.append(signal.SIGTERM)

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    code, _ = job.run(received)
    sender.join()
    run = Run.open(tmp_path / "run")
    assert code == 75 and not run.model_path.exists()
    code, run = by_two_workers(tmp_path / "run", "resume")
    assert code == 0
    assert_same(run, straight_by_two)


def test_a_run_is_trained_by_one_process_at_a_time(straight, tmp_path):
    shutil.copytree(straight("none").path, tmp_path / "run")
    (tmp_path / "run" / "model.keras").unlink()
    with Run.open(tmp_path / "run").lock():
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        with pytest.raises(InputError, match="by one process at a time"):
            resume(tmp_path / "run")
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert_same(resume(tmp_path / "run"), straight("none"))


@pytest.mark.slow
def test_a_second_signal_ends_at_once(tmp_path):
    """It comes while the first one's checkpoint waits for a disk that never answers."""
    program = (
        "import sys, threading, numpy\n"
        "from keraszoo.__main__ import main\n"
        "def savez(file, **arrays): print('writing', flush=True); threading.Event().wait()\n"
        "numpy.savez = savez\n"
        "main(['train', 'vae/digits', '--epochs', '1000', '--run', sys.argv[1]])"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        guard = threading.Timer(100, process.kill)
        guard.start()
        assert any(line == "writing\n" for line in process.stdout)
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)  # two at the same time are one
        assert process.wait() == -signal.SIGTERM
        guard.cancel()


def write_data(path, seed, rows=100):
    x = np.random.default_rng(seed).random((rows, 8, 8, 1), "float32")
    np.savez(path, x_train=x, x_test=x[:16])


@pytest.mark.slow
def test_another_data_set_under_the_same_name_is_refused(tmp_path):
    data = tmp_path / "data.npz"
    write_data(data, 0)
    small = {**OPTIONS, "epochs": 1, "say": quiet}
    train("vae/digits", tmp_path / "run", dataset=str(data), **small)
    write_data(data, 1)
    with pytest.raises(InputError, match=r"data 'train', then 100 examples, checksum \w+\. Received: 100 examples"):
        train(None, tmp_path / "run", resume=True, epochs=2)
    write_data(data, 0, rows=99)
    with pytest.raises(InputError, match=r"data 'train', then 100 examples.* Received: 99 examples"):
        train(None, tmp_path / "run", resume=True, epochs=2)
    write_data(data, 0)
    train(None, tmp_path / "run", resume=True, epochs=2, say=quiet)


def test_fingerprints_of_data_that_stays_in_files(tmp_path):
    random_images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), "uint8")
    for i, image in enumerate(random_images):
        keras.utils.save_img(tmp_path / f"{i}.png", image, scale=False)
    first = load(str(tmp_path), memory_limit=0).fingerprint()
    assert first == load(str(tmp_path), memory_limit=0).fingerprint()
    keras.utils.save_img(tmp_path / "0.png", np.zeros((8, 8, 3), "uint8"), scale=False)
    assert load(str(tmp_path), memory_limit=0).fingerprint()["train"] != first["train"]
    records = load("digits", memory_limit=0)
    assert not records.in_memory and records.fingerprint()["train"].startswith("1437 examples, checksum ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mixed_precision": True}, "mixed precision, then False. Received: True"),
        ({"jit": True}, "XLA, then False. Received: True"),
        ({"batch_size": 16}, "batch_size"),
        ({"seed": 7}, "seed"),
        ({"dataset": "mnist"}, "dataset"),
        ({"arguments": {"latent_dim": 3}}, "arguments"),
        ({"learning_rate": 0.1}, "optimizers"),
        ({"epochs": 2}, "already in epoch 3.*--epochs 2"),
    ],
)
def test_resuming_with_something_else_is_refused(finished, change, message):
    newest(finished).unlink()  # so that it ends within the last epoch
    before = {path: path.read_bytes() for path in finished.path.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match=message):
        resume(finished.path, **change)
    assert {path: path.read_bytes() for path in finished.path.rglob("*") if path.is_file()} == before


def test_another_model_is_refused_naming_the_first_variable_that_differs(finished):
    recipe = finished.recipe
    for arguments, message in (
        (
            {"hidden": (24,)},
            r"encoder/dense\w*/kernel \[64, 16\] float32 is encoder/dense\w*/kernel \[64, 24\] float32",
        ),
        ({"hidden": (16, 16)}, r"encoder/dense\w*/kernel \[16, 16\] float32 here"),
    ):
        finished.write_recipe(recipe.replace(arguments={**recipe.arguments, **arguments}))
        with pytest.raises(InputError, match=message):
            resume(finished.path)


@pytest.mark.slow
def test_callbacks_remember(tmp_path):
    """Early stopping, interrupted, stops where it would have; and stays stopped."""

    def callbacks(pull=None):
        class Plug(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                if epoch == pull:
                    raise Pulled

        early = keras.callbacks.EarlyStopping("loss", patience=3, min_delta=5.0, restore_best_weights=True)
        slower = keras.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=5.0)
        return [early, slower, Plug()]

    small = {**OPTIONS, "epochs": 9, "learning_rate": 1e-2, "say": quiet, "checkpoint_every": None}
    reference = train("vae/mnist_notebook", tmp_path / "straight", dataset="digits", **small, callbacks=callbacks())
    epochs = len(reference.metrics()["history"])
    assert 4 < epochs < 9
    with pytest.raises(Pulled):
        train("vae/mnist_notebook", tmp_path / "run", dataset="digits", **small, callbacks=callbacks(epochs - 1))
    changes = {"resume": True, "say": quiet}
    run = train(None, tmp_path / "run", **changes, callbacks=callbacks())
    assert_same(run, reference)
    run.model_path.unlink()
    assert_same(train(None, tmp_path / "run", **changes, callbacks=callbacks()), reference)


@pytest.mark.slow
def test_state_holds_the_seeds_of_layers_and_the_scale_of_the_loss():
    def model():
        encoder = keras.Sequential(
            [keras.layers.Flatten(), keras.layers.Dropout(0.5), keras.layers.Dense(4, dtype="mixed_float16")]
        )
        vae = VAE((4, 4, 1), latent_dim=2, encoder=encoder, dtype="mixed_float16")
        vae.compile("adam", steps_per_execution=3)
        return vae

    x = np.random.default_rng(0).random((64, 4, 4, 1), "float32")
    straight, resumed = model(), model()
    straight.fit(x, batch_size=8, shuffle=False, verbose=0)
    saved = ModelState(straight)
    for name, count in (("seed_generator_state", 2), ("dynamic_scale", 1), ("iteration", 2)):
        assert [f"/{name} " in line for line in saved.names].count(True) == count, name
    with pytest.raises(InputError, match=f"Only the model has the variable {saved.names[-1].split()[0]}"):
        ModelState(straight).set(saved.get(), saved.names[:-1])
    with pytest.raises(InputError, match="Only the checkpoint has the variable another"):
        ModelState(straight).set(saved.get(), [*saved.names, "another [] float32"])
    ModelState(resumed).set(saved.get(), saved.names)
    for each in (straight, resumed):
        each.fit(x, batch_size=8, shuffle=False, verbose=0)
        each.train_on_batch(x[:8])
    for name, value in saved.get().items():
        assert np.array_equal(ModelState(resumed).get()[name], value), name


@pytest.mark.slow
def test_other_replicas_continue_with_the_same_metrics(straight, mirrored, tmp_path):
    """What one device began, two can go on with: close to the same, though not bit for bit."""
    shutil.copytree(straight("none").path, tmp_path / "run")
    run = Run.open(tmp_path / "run")
    newest(run).unlink()
    lines = []
    history = resume(run.path, "mirrored", say=lines.append).metrics()["history"]
    assert [line for line in lines if line.startswith("Replicas when it was saved: 1, now: 2.")]
    reference = straight("none").metrics()["history"]
    assert history[:2] == reference[:2]
    np.testing.assert_allclose(history[2]["loss"], reference[2]["loss"], rtol=1e-3)


@pytest.mark.slow
def test_profile_is_written_and_named(tmp_path, capsys):
    arguments = ["--epochs", "1", "--set", "hidden=[16]", "--run", str(tmp_path / "run")]
    assert main(["train", "vae/digits", "--profile", *arguments]) == 0
    assert list((tmp_path / "run" / "logs").rglob("*.xplane.pb"))
    assert str(tmp_path / "run" / "logs" / "train" / "plugins" / "profile") in capsys.readouterr().out
