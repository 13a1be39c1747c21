"""The bundle: what `docker compose` reads, and a health check that tells health."""

import contextlib
import http.server
import subprocess
import threading

import pytest
import yaml

from keraszoo.core.errors import InputError
from keraszoo.export.published.bundle import write_bundle


@pytest.fixture
def service(tmp_path):
    (tmp_path / "vae" / "1").mkdir(parents=True)
    path = write_bundle(tmp_path, "vae")
    (service,) = yaml.safe_load(path.read_text())["services"].values()
    return service


def test_the_server_is_no_root_reads_only_and_listens_here_alone(service, tmp_path):
    assert service["read_only"] and service["volumes"] == ["./:/models:ro"] and service["cap_drop"] == ["ALL"]
    assert service["user"] == "${UID:-1000}:${GID:-1000}"
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    options = dict(option.lstrip("-").partition("=")[::2] for option in service["command"])
    assert options["model_config_file_poll_wait_seconds"] == "10" and "enable_per_model_batching_parameters" in options
    files = [value for value in options.values() if value.startswith("/models/")]
    assert len(files) == 3 and all((tmp_path / value.removeprefix("/models/")).is_file() for value in files)


@contextlib.contextmanager
def server(status):
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args):
            pass

    asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running.server_port, asked
        running.shutdown()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (404, False), (503, False)])
def test_health_is_the_status_of_the_model(service, status, healthy):
    kind, *command = service["healthcheck"]["test"]
    with server(status) as (port, asked):
        command = [word.replace("/8501", f"/{port}") for word in command]
        assert (subprocess.run(command, capture_output=True).returncode == 0) == healthy
    assert kind == "CMD" and asked == ["/v1/models/vae"]
    assert subprocess.run(command, capture_output=True).returncode != 0, "nobody listens"


def test_a_model_that_is_not_there_is_refused(tmp_path):
    for name, reason in (("vae", "not a directory"), ("../vae", "A model's name")):
        with pytest.raises(InputError, match=reason):
            write_bundle(tmp_path, name)
    assert not list(tmp_path.iterdir())
