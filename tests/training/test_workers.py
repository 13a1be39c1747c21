"""Several workers: the clusters that are refused, and the launcher, whose workers die, stop and start again."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.core.replicas import is_chief, rank_of, sum_over_workers
from keraszoo.data import load
from keraszoo.runs.run import Run
from keraszoo.training.cluster import launch as launching
from keraszoo.training.cluster.environment import cluster_from_environment, expand_hosts
from keraszoo.training.cluster.launch import free_ports, launch

SLURM = {
    "SLURM_PROCID": "2",
    "SLURM_JOB_ID": "5",
    "SLURM_STEP_NODELIST": "node[9-10]",
    "SLURM_STEP_TASKS_PER_NODE": "2(x2)",
}
PATIENCE = 120  # seconds, for machines that do much else


def tf_config(index=0, task="worker", **cluster):
    cluster = cluster or {"worker": ["a:1", "b:2"]}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": task, "index": index}})}


# ---------------------------------------------------------------------- the cluster


def test_chief_comes_first_then_the_workers():
    cluster = {"worker": ["a:1", "b:2"], "chief": ["c:3"]}
    ranks = [cluster_from_environment(tf_config(i, task, **cluster)).rank for task, i in (("chief", 0), ("worker", 1))]
    assert ranks == [0, 2]
    assert cluster_from_environment(tf_config(1)).rank == 1
    assert cluster_from_environment(tf_config("1")).address == "b:2"  # some operators write the index as text
    assert cluster_from_environment(tf_config(0, evaluator=["e:1"], worker=["a:1"])).size == 1


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "TF_CONFIG .* or a Slurm job.*keraszoo launch"),
        ({"TF_CONFIG": "{'cluster': 1}"}, "must be JSON.*Received: .*cluster"),
        ({"TF_CONFIG": "[]"}, "no cluster"),
        ({"TF_CONFIG": '{"cluster": {"worker": ["a:1"]}}'}, "no task"),
        ({"TF_CONFIG": '{"cluster": {}, "task": {"type": "worker", "index": 0}}'}, "no cluster"),
        (tf_config(2), "index of a worker must be from 0 to 1. Received: 2"),
        (tf_config(-1), "from 0 to 1. Received: -1"),
        (tf_config("one"), "integer. Received: 'one'"),
        (tf_config(True), "integer. Received: True"),
        (tf_config(0, "boss"), "not in its cluster. Received: 'boss'. Known: worker"),
        (tf_config(0, "evaluator", worker=["a:1"], evaluator=["e:1"]), "no evaluator"),
        (tf_config(0, ps=["a:1"], worker=["b:1"]), "parameter servers"),
        (tf_config(0, tpu_worker=["a:1"]), "TPUs are untested"),
        (tf_config(0, wroker=["a:1"]), "Closest: worker"),
        (tf_config(0, worker=["a:1", "a:1"]), "'a:1' twice"),
        (tf_config(0, worker=["a"]), "host:port. Received: 'a'"),
        (tf_config(0, worker=["a:99999"]), "host:port"),
        (tf_config(0, worker=[]), "list of host:port"),
        (tf_config(0, worker={"0": "a:1"}), "list of host:port"),
        (tf_config(0, chief=["a:1", "b:1"]), "one chief. Received: 2"),
        ({**SLURM, "SLURM_PROCID": "4"}, "from 0 to 3. Received: 4"),
        ({**SLURM, "SLURM_PROCID": "x"}, "integer. Received: 'x'"),
        ({**SLURM, "SLURM_STEP_NODELIST": ""}, "SLURM_STEP_NODELIST is not set.*srun"),
        ({**SLURM, "SLURM_STEP_NODELIST": "node[9-"}, r"node list is written.*node\[9-"),
        ({**SLURM, "SLURM_STEP_NODELIST": "node9"}, "names 1 nodes"),
        ({**SLURM, "SLURM_STEP_TASKS_PER_NODE": "two"}, "Received: 'two'"),
        ({**SLURM, "SLURMD_NODENAME": "node9"}, "task 2 should run on node10 but runs on node9.*--distribution=block"),
    ],
)
def test_what_cannot_be_a_cluster_is_refused_in_one_line(environment, message):
    with pytest.raises(InputError, match=message) as refused:
        cluster_from_environment(environment)
    assert "\n" not in str(refused.value)


def test_slurm_tasks_are_numbered_in_the_order_of_the_node_list():
    cluster = cluster_from_environment({**SLURM, "SLURMD_NODENAME": "node10"})
    assert cluster.addresses == {"worker": ("node9:12080", "node9:12081", "node10:12080", "node10:12081")}
    assert (cluster.rank, cluster.address) == (2, "node10:12080")
    assert expand_hosts("n[009-011,3],login,x-1") == ["n009", "n010", "n011", "n3", "login", "x-1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--strategy", "tpu"], "TPUs are untested"),
        (["--strategy", "parameter_server"], "parameter servers"),
        (["--strategy", "multi_worker"], "keraszoo launch"),
        (["--strategy", "multi_worker", "--replicas", "2"], "--replicas"),
    ],
)
def test_strategies_that_cannot_be_are_refused(capsys, monkeypatch, tmp_path, arguments, message):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert main(["train", "vae/digits", *arguments, "--run", str(tmp_path / "run")]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


def test_a_process_of_its_own_is_the_chief(mirrored):
    for strategy in (tf.distribute.get_strategy(), mirrored):
        assert is_chief(strategy) and rank_of(strategy) == (0, 1)
        assert sum_over_workers(strategy, 7) == 7


# ---------------------------------------------------------------------- the launcher, with small programs


@pytest.fixture
def programs(monkeypatch, tmp_path):
    """Replaces training by a Python program, which finds `rank`, `arguments` and `folder` set."""

    def use(program):
        head = (
            "import json, os, pathlib, signal, socket, subprocess, sys, time\n"
            "config = json.loads(os.environ['TF_CONFIG'])\n"
            "rank = config['task']['index']\n"
            f"folder = pathlib.Path({str(tmp_path)!r})\n"
            "(folder / f'pid-{rank}').write_text(str(os.getpid()))\n"
            "arguments = sys.argv[1:]\n"
        )
        monkeypatch.setattr(launching, "_command", lambda arguments: [sys.executable, "-c", head + program, *arguments])

    monkeypatch.setattr(launching, "LAST_WORDS_SECONDS", 0.2)
    return use


def alive(folder):
    """The worker processes in `folder` that still run."""
    pids = [int(path.read_text()) for path in folder.glob("pid-*")]
    assert pids
    return [pid for pid in pids if pathlib.Path("/proc", str(pid)).exists()]


def test_each_worker_finds_its_place_and_its_lines_are_marked(programs, capsys):
    programs(
        "print('address', config['cluster']['worker'][rank], 'and', *arguments)\n"
        "print('no newline', end='', file=sys.stderr)"
    )
    assert launch(["vae"], 3) == 0
    out, err = capsys.readouterr()
    addresses = re.findall(r"^\[worker (\d)\] address 127.0.0.1:(\d+) and vae --strategy multi_worker$", out, re.M)
    assert sorted(rank for rank, _ in addresses) == ["0", "1", "2"]
    assert len({port for _, port in addresses}) == 3
    assert sorted(err.splitlines()) == [f"[worker {rank}] no newline" for rank in range(3)]


def test_a_dead_worker_ends_the_job_with_its_exit_code(programs, tmp_path, capsys):
    programs("sys.exit(7) if rank == 1 else time.sleep(1000)")
    assert launch(["vae"], 3) == 7
    assert alive(tmp_path) == []
    assert "worker 1 ended with exit code 7" in capsys.readouterr().err
    programs("os.kill(os.getpid(), signal.SIGKILL) if rank == 0 else time.sleep(1000)")
    assert launch(["vae"], 2) == 137
    assert alive(tmp_path) == []


def test_others_may_say_why_before_they_are_stopped(programs, capsys):
    programs("time.sleep(0.1 if rank == 0 else 0); print('reason', rank, file=sys.stderr); sys.exit(2)")
    assert launch(["vae"], 2) == 2
    err = capsys.readouterr().err
    assert "[worker 0] reason 0" in err and "[worker 1] reason 1" in err


def test_grandchildren_are_stopped_too(programs, tmp_path):
    programs(
        "child = subprocess.Popen(['sleep', '1000'])\n"
        "(folder / f'pid-child-{rank}').write_text(str(child.pid))\n"
        "sys.exit(1) if rank == 0 else time.sleep(1000)"
    )
    assert launch(["vae"], 2) == 1
    deadline = time.monotonic() + PATIENCE
    while alive(tmp_path) and time.monotonic() < deadline:  # orphans are reaped by the system
        time.sleep(0.05)
    assert alive(tmp_path) == []


def test_the_job_starts_again_as_often_as_asked_and_resumes(programs, tmp_path, capsys):
    programs(
        "(folder / f'started-{rank}-{time.time_ns()}').write_text(' '.join(arguments))\n"
        "run = pathlib.Path(arguments[2])\n"
        "if rank == 0: run.mkdir(exist_ok=True); (run / 'recipe.json').write_text('{}')\n"
        "sys.exit(3) if rank == 0 else time.sleep(1000)"
    )
    assert launch(["vae", "--run", str(tmp_path / "run")], 2, max_restarts=2) == 3
    started = [path.read_text().endswith("--resume") for path in sorted(tmp_path.glob("started-0-*"))]
    assert started == [False, True, True]
    assert "restart 2 of 2" in capsys.readouterr().err


def test_without_a_run_there_is_nothing_to_resume(programs, tmp_path):
    programs("(folder / f'started-{time.time_ns()}').write_text(' '.join(arguments)); sys.exit(3)")
    assert launch(["vae", f"--run={tmp_path / 'run'}"], 1, max_restarts=1) == 3
    assert ["--resume" in path.read_text() for path in tmp_path.glob("started-*")] == [False, False]


@pytest.mark.parametrize("code", [2, 75])
def test_mistakes_and_what_was_asked_to_stop_are_not_tried_again(programs, tmp_path, code):
    programs(f"(folder / f'started-{{time.time_ns()}}').write_text(''); sys.exit({code})")
    assert launch(["vae"], 1, max_restarts=5) == code
    assert len(list(tmp_path.glob("started-*"))) == 1


def test_a_taken_port_is_retried_with_others(programs, monkeypatch, capsys):
    programs(
        "host, port = config['cluster']['worker'][rank].split(':')\n"
        "server = socket.socket()\n"
        "try: server.bind((host, int(port)))\n"
        "except OSError: sys.exit(98)\n"
        "time.sleep(0.5)"
    )
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        offers = [[*free_ports(1), occupied.getsockname()[1]], free_ports(2)]
        monkeypatch.setattr(launching, "free_ports", lambda count: offers.pop(0))
        assert launch(["vae"], 2) == 0
    assert "worker 1 found its port taken" in capsys.readouterr().err
    programs("sys.exit(98)")
    monkeypatch.setattr(launching, "free_ports", free_ports)
    assert launch(["vae"], 1) == 98  # not for ever


def test_gpus_are_dealt_out(programs, monkeypatch, capsys):
    programs("print(os.environ['CUDA_VISIBLE_DEVICES'])")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
    assert launch(["vae"], 2) == 0
    assert sorted(capsys.readouterr().out.splitlines()) == ["[worker 0] 0,1", "[worker 1] 2,3"]
    with pytest.raises(InputError, match="multiple of 3. Received: 0,1,2,3"):
        launch(["vae"], 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workers", "0", "--", "train", "vae"], "at least 1"),
        (["--workers", "2", "--max-restarts", "-1", "--", "train", "vae"], "at least 0"),
        (["--workers", "2", "--", "train", "vae", "--strategy", "mirrored"], "multi_worker. Received: 'mirrored'"),
        (["--workers", "2", "--", "train", "vae", "--strategy=none"], "Received: 'none'"),
    ],
)
def test_launches_that_cannot_be_are_refused(capsys, arguments, message):
    assert main(["launch", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--workers", "2", "train", "vae"], ["--workers", "2", "--", "sample", "run"]])
def test_what_is_launched_follows_two_dashes(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["launch", *arguments])
    assert stopped.value.code == 2 and len(capsys.readouterr().err.strip().splitlines()) == 1


def launcher(program, folder):
    """The launcher in a process of its own, with that program for workers."""
    code = (
        "import signal, sys\nfrom keraszoo.training.cluster import launch as launching\n"
        "launching.GRACE_SECONDS = 1000\n"
        # a shell starts what runs in the background with SIGINT ignored
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"launching._command = lambda arguments: [sys.executable, '-c', {program!r}, {str(folder)!r}]\n"
        "sys.exit(launching.launch(['vae'], 2, max_restarts=3))"
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


HEAD = (
    "import json, os, pathlib, signal, sys, time\n"
    "rank = json.loads(os.environ['TF_CONFIG'])['task']['index']\n"
    "folder = pathlib.Path(sys.argv[1])\n"
)
READY = "(folder / f'.{rank}').write_text(str(os.getpid())); os.rename(folder / f'.{rank}', folder / f'pid-{rank}')\n"


def wait_for(count, folder):
    deadline = time.monotonic() + PATIENCE
    while len(list(folder.glob("pid-*"))) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_every_worker(tmp_path, number, code):
    exit_by_signal = "signal.signal(signal.SIGINT, lambda *_: sys.exit(130))\n"
    process = launcher(HEAD + exit_by_signal + READY + "time.sleep(1000)", tmp_path)
    wait_for(2, tmp_path)
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert alive(tmp_path) == []


def test_a_signal_leaves_time_to_save(tmp_path):
    """Each worker takes a different time; none is cut short by the others' leaving, and nothing starts again."""
    save = (
        "def save(*_):\n"
        "    time.sleep(1.5 * rank)\n"
        "    (folder / f'saved-{rank}').touch()\n"
        "    sys.exit(75)\n"
        "signal.signal(signal.SIGTERM, save)\n"
    )
    process = launcher(HEAD + save + READY + "time.sleep(1000)", tmp_path)
    wait_for(2, tmp_path)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 75 and "restart" not in err
    assert len(list(tmp_path.glob("saved-*"))) == 2
    assert alive(tmp_path) == []


def test_a_second_signal_does_not_wait(tmp_path):
    process = launcher(
        HEAD + "signal.signal(signal.SIGTERM, lambda *_: None)\n" + READY + "time.sleep(1000)\n" * 2, tmp_path
    )
    wait_for(2, tmp_path)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 137
    assert alive(tmp_path) == []


# ---------------------------------------------------------------------- training by two workers


def train_with_two_workers(path, *arguments, environment=None):
    command = [sys.executable, "-m", "keraszoo", "launch", "--workers", "2", "--max-restarts", "1", "--", "train"]
    return subprocess.run(
        [*command, *arguments, "--run", str(path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
        env={**os.environ, **(environment or {})},
    )


SMALL = ("vae/digits", "--epochs", "2", "--set", "hidden=[16]")


@pytest.fixture(scope="module")
def trained_by_two(tmp_path_factory):
    """A finished training by two workers: its directory and what was printed. TMPDIR shows what is left behind."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "tmp").mkdir()
    load("digits")  # prepared before, which is said on stderr
    finished = train_with_two_workers(folder / "run", *SMALL, environment={"TMPDIR": str(folder / "tmp")})
    assert finished.returncode == 0, finished.stderr
    return folder, finished


@pytest.mark.slow
def test_only_the_chief_writes_and_speaks(trained_by_two):
    folder, finished = trained_by_two
    assert finished.stderr == ""
    assert all(line.startswith("[worker 0]") for line in finished.stdout.splitlines())
    for text in ("2 replicas", "2/2", "test/loss", "verdict"):
        assert text in finished.stdout
    names = {path.name for path in (folder / "run").iterdir()}
    assert names == {"recipe.json", "environment.json", "model.keras", "checkpoints", "logs", "samples", "metrics.json"}
    assert len(list((folder / "run" / "logs" / "train").iterdir())) == 1  # one writer
    assert list((folder / "tmp").glob("keraszoo-*")) == []


@pytest.mark.slow
def test_two_workers_by_command_train_as_two_replicas_do(trained_by_two, tmp_path):
    """The same seeds, batches and noise per replica: the same model."""
    folder, _ = trained_by_two
    assert main(["train", *SMALL, "--strategy", "mirrored", "--replicas", "2", "--run", str(tmp_path / "run")]) == 0
    one, two = Run.open(tmp_path / "run"), Run.open(folder / "run")
    for mine, theirs in zip(one.model().get_weights(), two.model().get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert one.metrics() == two.metrics()


@pytest.mark.slow
def test_a_used_run_directory_is_refused_by_every_worker(trained_by_two):
    folder, _ = trained_by_two
    before = sorted(folder.rglob("*"))
    refused = train_with_two_workers(folder / "run", *SMALL)
    assert refused.returncode == 2
    assert "[worker 0] keraszoo train: The run directory must be new or empty" in refused.stderr
    assert "[worker 1] keraszoo train: The chief could not have the run" in refused.stderr
    assert "Traceback" not in refused.stderr and sorted(folder.rglob("*")) == before


@pytest.mark.slow
def test_workers_resume_after_one_was_killed(trained_by_two, tmp_path):
    """Killed in its second epoch, started again by the launcher: the same model as without."""
    folder, _ = trained_by_two
    (tmp_path / "sitecustomize.py").write_text(
        "import json, os, signal, threading, time, pathlib\n"
        f"run = pathlib.Path({str(tmp_path / 'run')!r})\n"
        "def die():\n"
        "    while not list(run.glob('checkpoints/step-*.npz')): time.sleep(0.01)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "config = json.loads(os.environ.get('TF_CONFIG', '{}'))\n"
        "if config and config['task']['index'] == 1 and not (run / 'recipe.json').exists():\n"
        "    threading.Thread(target=die, daemon=True).start()\n"
    )
    finished = train_with_two_workers(tmp_path / "run", *SMALL, environment={"PYTHONPATH": str(tmp_path)})
    assert finished.returncode == 0, finished.stderr
    assert "worker 1 ended with exit code 137" in finished.stderr and "restart 1 of 1" in finished.stderr
    assert "resuming after epoch" in finished.stdout
    resumed, straight = Run.open(tmp_path / "run"), Run.open(folder / "run")
    for mine, theirs in zip(resumed.model().get_weights(), straight.model().get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
