"""TensorFlow Serving's own binary, started with the same directory, versions and labels."""

import shlex
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from keraszoo.core.errors import InputError
from keraszoo.system.processes import stopping_signals

from ..contents import manifest
from ..published import lifecycle, server_config, versions
from .selection import Policy

_MONITORING = 'prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }\n'


def docker_command(root):
    """The command that serves the directory `root` in a container."""
    place = shlex.quote(f"{Path(root).absolute()}:/models:ro")
    return (
        f"docker run --rm -p 127.0.0.1:8500:8500 -p 127.0.0.1:8501:8501 -v {place} tensorflow/serving "
        "--model_config_file=/models/models.config"
    )


def run(binary, root, options, policy, labels, say):
    """Runs `tensorflow_model_server` until it ends; it is told to stop when this process is.

    Args:
        binary: its path, None where there is none.
        root: directory of the models.
        options: of the command line: `host`, `rest_port`, `grpc_port`, `allow_unverified`, `batching`.
        policy, labels: of `selection`.
        say: function that takes a line.

    Returns:
        Its exit code.

    Raises:
        InputError: when there is no binary, or a version that would be served is damaged.
    """
    if binary is None:
        raise InputError("tensorflow_model_server is not on PATH; --backend embedded needs nothing but keraszoo.")
    places, policies, labels = {}, {}, dict(labels)
    for home in sorted(path for path in Path(root).iterdir() if path.is_dir() and not path.name.startswith(".")):
        present = versions.numbers(home)
        wanted = policy.wanted(present)
        on_disk = {label: number for label, number in lifecycle.labels(home).items() if number in present}
        if on_disk and not set(on_disk.values()) <= set(wanted):  # this names versions, and so takes no new ones
            wanted = sorted({*wanted, *on_disk.values()})
            policies[home.name] = Policy(numbers=tuple(wanted))
        if on_disk or home.name in labels:
            labels[home.name] = {**on_disk, **labels.get(home.name, {})}
        for number in wanted:
            _verify(home / str(number), options.allow_unverified)
        if wanted:
            places[home.name] = home.absolute()
    if not places:
        raise InputError(f"There is nothing in {root} that can be served.")
    rest_port, grpc_port = (port or _free_port() for port in (options.rest_port, options.grpc_port))
    from .grpc_services import config_of

    with tempfile.TemporaryDirectory(prefix="keraszoo-serve-") as scratch:
        config, monitoring = Path(scratch, "models.config"), Path(scratch, "monitoring.config")
        config.write_text(config_of(places, policies, policy, labels))
        monitoring.write_text(_MONITORING)
        command = [
            binary,
            f"--port={grpc_port}",
            f"--rest_api_port={rest_port}",
            f"--model_config_file={config}",
            f"--monitoring_config_file={monitoring}",
        ]
        if labels:
            command.append("--allow_version_labels_for_unavailable_models=true")
        if options.batching:
            batching = Path(scratch, "batching.config")
            batching.write_text(server_config.BATCHING)
            command += ["--enable_batching", "--enable_per_model_batching_parameters"]
            command.append(f"--batching_parameters_file={batching}")
        say(f"REST: http://127.0.0.1:{rest_port}")
        say(f"gRPC: 127.0.0.1:{grpc_port}")
        say("tensorflow_model_server listens on every interface of this machine; --backend embedded does not.")
        process = subprocess.Popen(command)
        with stopping_signals(lambda number, frame: process.send_signal(signal.SIGTERM)):
            code = process.wait()
    return 0 if code in (0, -signal.SIGTERM) else code


def _verify(version, allow_unverified):
    if allow_unverified and not (version / manifest.FILE).exists():
        return
    try:
        damage = manifest.damage(version, manifest.read(version)["files"])
    except InputError as error:
        raise InputError(f"{version}: {error} --allow-unverified serves what has no manifest.") from None
    if damage:
        raise InputError(f"{version} is damaged: {'; '.join(damage[:5])}.")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
