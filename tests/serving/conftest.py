"""Servers in processes of their own, and the models that they serve."""

import os
import re
import shutil
import subprocess
import sys
import threading

import pytest
import saved_models

from keraszoo.export import export
from keraszoo.export.outside import examination
from keraszoo.models import VAE

_SMALL = """
import sys
from keraszoo.export.server import Limits, serve
limits = Limits(running=1, waiting=1, seconds=20, body=10**6)
serve(sys.argv[1], rest_port=0, grpc_port=0, limits=limits, poll_seconds=0.02, say=lambda line: print(line, flush=True))
"""


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
