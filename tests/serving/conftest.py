"""Servers in processes of their own, and the models that they serve."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading

import pytest
import runner
import saved_models
import tensorflow as tf
from waiting import eventually

from keraszoo.export import export
from keraszoo.export.outside import examination
from keraszoo.export.server import embedded
from keraszoo.models import VAE

sys.path.append(str(pathlib.Path(__file__).parents[1] / "contract"))

_SMALL = """
import sys
from keraszoo.export.server import Limits, serve
limits = Limits(running=1, waiting=1, seconds=20, body=10**6)
serve(sys.argv[1], rest_port=0, grpc_port=0, limits=limits, poll_seconds=0.02, say=lambda line: print(line, flush=True))
"""

_ZOO = """
import sys
from keraszoo.export.server import serve
serve(sys.argv[1], rest_port=0, grpc_port=0, poll_seconds=0.1, say=lambda line: print(line, flush=True))
"""
#: models of the zoo that are no class's smallest
VARIANTS = {
    "ConvolutionalVAE": ("VAE", {"network": "convolutional", "hidden": (4, 8)}),
    "Points": ("NSF", {"event_shape": (2,)}),
}


@pytest.fixture(autouse=True)
def with_xla(monkeypatch):
    """A server switches XLA off in its process for good: not in that of other tests."""
    monkeypatch.setattr(embedded, "disable_xla", lambda: True)


class Server:
    """A server's process, its addresses and what it has said."""

    def __init__(self, command, root):
        self.root, self.said = root, []
        # Not the noise of TensorFlow's import, but what Python says when it fails.
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._ready = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self):
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if line.startswith("Ready"):
                self._ready.set()
        self._ready.set()

    def wait(self):
        self._ready.wait()
        told = "\n".join(self.said)
        assert "Ready" in told, told
        self.rest = re.search(r"^REST: http://(\S+)$", told, re.MULTILINE)[1]
        self.grpc = re.search(r"^gRPC: (\S+)$", told, re.MULTILINE)[1]
        return self

    def says(self, start):
        """Whether it says a line that begins so; what it has written may not have been read yet."""
        return eventually(lambda: any(line.startswith(start) for line in self.said))

    def stop(self):
        self.process.kill()
        self.process.wait()
        self._listener.join()
        self.process.stdout.close()


@pytest.fixture(scope="session")
def vae():
    return VAE((8, 8, 1), latent_dim=2, hidden=(16,))


@pytest.fixture(scope="session")
def _servers(vae, tmp_path_factory):
    """A server of everything with the options that users have, and one that is soon full and quick to look."""
    root, small = tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("small")
    saved_models.write_all(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examination, "examine", lambda directory: [])  # the doctor has tests of its own
        export(vae, root, "vae")
    for name, source in {"half": root / "half_plus_two" / "123", "multi": root / "multi" / "1"}.items():
        shutil.copytree(source, small / name / "1")
        saved_models.describe(small / name / "1", name)
    options = ["--rest-port", "0", "--grpc-port", "0", "--versions", "all", "--allow-unverified"]
    labels = ["--label", "half_plus_two:stable=123", "--label", "half_plus_two:canary=124"]
    program = [sys.executable, "-m", "keraszoo", "serve", str(root), "--backend", "embedded"]
    servers = [
        Server([*program, *options, *labels], root),
        Server([sys.executable, "-c", _SMALL, str(small)], small),
    ]
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def server(_servers):
    return _servers[0].wait()


@pytest.fixture(scope="session")
def small(_servers):
    return _servers[1].wait()


class ZooServer(Server):
    """A server of small models of every class, each of them exported when a test first asks for it."""

    def serve(self, name):
        """The directory of the version that answers, of a class of `zoo` or of `VARIANTS`."""
        import zoo

        if not (self.root / name).exists():
            of_class, changes = VARIANTS.get(name, (name, {}))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(examination, "examine", lambda directory: [])  # the doctor's visit is a test's
                export(zoo.small(of_class, **changes), self.root, name)
        self.wait()
        path = f"/v1/models/{name}/metadata"
        answers = eventually(lambda: runner.send(self.rest, "GET", path)[0] == 200, seconds=120)
        assert answers, self.said[-20:]
        return self.root / name / "1"


@pytest.fixture(scope="session")
def zoo_server(tmp_path_factory):
    root = tmp_path_factory.mktemp("zoo")
    saved_models.save(
        root / "half" / "1", {"serving_default": (saved_models.half_plus(2.0), {"x": (None, tf.float32)})}
    )
    saved_models.describe(root / "half" / "1", "half")  # it can start before there is a model of the zoo
    started = ZooServer([sys.executable, "-c", _ZOO, str(root)], root)
    yield started
    started.stop()


@pytest.fixture(scope="session")
def model_server(_servers):
    """TensorFlow Serving's own binary, with the same models and labels."""
    root = _servers[0].root
    program = [sys.executable, "-m", "keraszoo", "serve", str(root), "--backend", "tensorflow_model_server"]
    options = ["--versions", "all", "--allow-unverified", "--rest-port", "0", "--grpc-port", "0"]
    labels = ["--label", "half_plus_two:stable=123", "--label", "half_plus_two:canary=124"]
    started = Server([*program, *options, *labels], root)
    yield started
    started.stop()
