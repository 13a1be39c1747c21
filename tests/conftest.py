"""Two logical CPU devices for the whole session, and the noise under control."""

import json
import os
import pathlib
import subprocess
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import keras
import numpy as np
import pytest
import tensorflow as tf
from noise import make_noise_the_same

from keraszoo.training import choose_strategy
from keraszoo.training.cluster.launch import free_ports

_CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(_CPU, [tf.config.LogicalDeviceConfiguration()] * 2)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests that share fixtures stay in one process: those of a recipe, or of a file.

    A law of the house is slow for a recipe whose training steps are of the kind of another recipe's, and that has the
    further marks that the law names.
    """
    for item in items:
        law = item.get_closest_marker("law_of_the_house")
        if law and all(map(item.get_closest_marker, ("repeated_step", *law.args))):
            item.add_marker(pytest.mark.slow)
        subject = item.callspec.params.get("subject") if hasattr(item, "callspec") else None
        item.add_marker(pytest.mark.xdist_group(getattr(subject, "name", item.path.stem)))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """The offline datasets are prepared once per session, away from the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASZOO_CACHE", str(tmp_path_factory.mktemp("cache")))
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


@pytest.fixture
def same_noise(monkeypatch):
    """Every random draw is the same for each row of a batch, at each step, on every replica and under XLA."""
    make_noise_the_same(monkeypatch.setattr)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)
    yield
    keras.backend.clear_session(free_memory=False)  # collecting garbage takes a second, a test often less
