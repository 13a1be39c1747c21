"""Two logical CPU devices for the whole session, and the noise under control."""

import collections
import gc
import json
import os
import pathlib
import subprocess
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import keras
import numpy as np
import psutil
import pytest
import tensorflow as tf
from noise import control_noise

from keraszoo.export.outside import examination
from keraszoo.training import choose_strategy
from keraszoo.training.cluster.launch import free_ports

MEMORY = 8 * 2**30  # bytes by which a process grows before garbage is collected

_CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(_CPU, [tf.config.LogicalDeviceConfiguration()] * 2)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests that share fixtures stay in one process: those of a recipe, of a server of the zoo, or of a file.

    Files that stand above the folders come first: one takes long, and one process would end with it alone.
    Of a test marked `by_default("a", "b")` all cases but these are slow, of `by_default(every=3)` all but the first,
    the fourth and so on.
    """
    items.sort(key=lambda item: item.path.parent != pathlib.Path(__file__).parent)
    cases = collections.Counter()
    for item in items:
        kept = item.get_closest_marker("by_default")
        if kept:
            test = item.nodeid.split("[")[0]
            in_turn = "every" in kept.kwargs and cases[test] % kept.kwargs["every"] == 0
            cases[test] += 1
            if not in_turn and item.callspec.id not in kept.args:
                item.add_marker(pytest.mark.slow)
        subject = item.callspec.params.get("subject") if hasattr(item, "callspec") else None
        together = "zoo_server" if "zoo_server" in item.fixturenames else item.path.stem
        item.add_marker(pytest.mark.xdist_group(getattr(subject, "name", together)))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """The offline datasets are prepared once for all processes of the session, away from the user's home."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASZOO_CACHE", str(folder / "cache"))
        yield


@pytest.fixture(scope="session")
def mirrored():
    """The one two-replica strategy of this process."""
    return choose_strategy("mirrored", 2)


class Workers:
    """Two worker processes that train what they are asked for; started when first asked, once for all tests."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []

    def start(self):
        addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
        for index in range(2):
            config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            with open(self.folder / f"worker-{index}.log", "w") as log:
                self.processes.append(
                    subprocess.Popen(
                        [sys.executable, pathlib.Path(__file__).with_name("worker.py")],
                        env={**os.environ, "TF_CONFIG": json.dumps(config)},
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=log,
                        text=True,
                    )
                )

    def learn(self, recipe, weights, **data):
        """What each of the two workers learned: `[[weights..., metrics], [weights..., metrics]]`."""
        if not self.processes:
            self.start()
        given, learned = self.folder / "given.npz", self.folder / "learned"
        np.savez(given, **data, **{f"w{i}": array for i, array in enumerate(weights)})
        for process in self.processes:
            process.stdin.write(json.dumps({"recipe": recipe, "given": str(given), "learned": str(learned)}) + "\n")
            process.stdin.flush()
        arrays = []
        for index, process in enumerate(self.processes):
            line = process.stdout.readline()
            assert line == "done\n", (self.folder / f"worker-{index}.log").read_text()[-3000:]
            with np.load(f"{learned}-{index}.npz") as archive:
                arrays.append([archive[name] for name in archive.files])
        return arrays

    def stop(self):
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture(scope="session")
def workers(tmp_path_factory):
    pair = Workers(tmp_path_factory.mktemp("workers"))
    yield pair
    pair.stop()


class OneDoctor:
    """A process that examines one exported version after another; `seen` holds the checks that it reported."""

    def __init__(self, folder):
        self.folder, self.seen = folder, []
        self.process = None

    def start(self):
        with open(self.folder / "doctor.log", "w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", pathlib.Path(__file__).with_name("doctor.py")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip

    def run(self, job, scratch):
        """In place of `examination._run`, which starts a process for each job."""
        if self.process is None:
            self.start()
        path = scratch / "job.json"
        path.write_text(json.dumps(job))
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        checks = []
        for line in iter(self.process.stdout.readline, "done\n"):
            assert line, (self.folder / "doctor.log").read_text()[-3000:]
            said = json.loads(line)
            checks += [examination.Check(**said)] if "ok" in said else []
        self.seen.append(checks)
        return checks

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.communicate()


@pytest.fixture(scope="session")
def _doctor(tmp_path_factory):
    doctor = OneDoctor(tmp_path_factory.mktemp("doctor"))
    yield doctor
    doctor.stop()


@pytest.fixture
def one_doctor(_doctor, monkeypatch):
    """The doctor's process for all versions of this session, in place of one for each."""
    monkeypatch.setattr(examination, "_run", _doctor.run)
    return _doctor


@pytest.fixture
def same_noise(monkeypatch):
    """Every random draw is the same for each row of a batch, at each step, on every replica and under XLA."""
    control_noise(monkeypatch.setattr)


@pytest.fixture
def noise_by_row(monkeypatch):
    """Every random draw follows from its row of the global batch: rows differ, replicas and XLA agree."""
    control_noise(monkeypatch.setattr, by_row=True)


class Garbage:
    """What is collected once the process has grown by so many bytes."""

    def __init__(self):
        self.limit = MEMORY

    def collect_where_large(self):
        if psutil.Process().memory_info().rss > self.limit:
            gc.unfreeze()
            gc.collect()
            self.limit = psutil.Process().memory_info().rss + MEMORY


@pytest.fixture(scope="session")
def garbage():
    return Garbage()


@pytest.fixture(autouse=True)
def seeded(garbage):
    """No garbage of graphs is collected while memory lasts: to free those of a hundred tests was seen to take 40 s,
    those of a whole worker 700 s.

    What a test does collect is its own. The default suite ends at 5 GB; the slow one would not fit.
    """
    gc.disable()
    gc.freeze()
    keras.utils.set_random_seed(0)
    yield
    keras.backend.clear_session(free_memory=False)
    garbage.collect_where_large()
