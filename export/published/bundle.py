"""What starts TensorFlow Serving on the exported models by `docker compose up`: compose.yaml in the base directory."""

import json
import re
from pathlib import Path

from keraszoo.core.errors import InputError
from keraszoo.runs.drafts import write_whole
from keraszoo.system.failures import reason

from . import server_config, versions

FILE = "compose.yaml"
_COMPOSE = """\
# docker compose up        TensorFlow Serving on 127.0.0.1:8500 (gRPC) and :8501 (REST); see README.md of each model in
#                          MODEL/VERSION/assets.extra/client/
# The image must be as new as TensorFlow {tensorflow}, which wrote the models.
services:
  models:
    image: tensorflow/serving
    user: "${{UID:-1000}}:${{GID:-1000}}"      # who may read this directory
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    tmpfs: [/tmp]
    restart: unless-stopped
    stop_grace_period: 30s
    volumes:
      - ./:/models:ro
    ports:
      - "127.0.0.1:8500:8500"
      - "127.0.0.1:8501:8501"
    command:
      - --model_config_file=/models/models.config
      - --model_config_file_poll_wait_seconds=10      # new models, labels; new versions are seen without it
      - --enable_batching
      - --enable_per_model_batching_parameters
      - --batching_parameters_file=/models/batching.config
      - --monitoring_config_file=/models/monitoring.config
    healthcheck:
      test: ["CMD", "bash", "-c", {check}]
      interval: 10s
      timeout: 5s
      start_period: 60s
"""
_CHECK = (
    r"exec 3<>/dev/tcp/127.0.0.1/8501 && printf 'GET /v1/models/{name} HTTP/1.0\r\n\r\n' >&3 && "
    r"head -n 1 <&3 | grep -q ' 200 '"
)


def write_bundle(base, name):
    """Writes compose.yaml and what it names: models.config, batching.config, monitoring.config.

    The server runs as no root, sees the models read-only, and listens on this machine alone.

    Args:
        base: the directory that holds the models.
        name: of the model by which the server's health is told.

    Returns:
        The path of compose.yaml.

    Raises:
        InputError: no such model, or a directory that cannot be written.
    """
    import tensorflow as tf

    base = Path(base)
    versions.check_name(name)
    versions.find(base / name)
    server_config.write_server_config(base)
    release = re.match(r"\d+\.\d+", tf.__version__)[0]
    text = _COMPOSE.format(tensorflow=release, check=json.dumps(_CHECK.replace("{name}", name)))
    try:
        write_whole(base / FILE, text)
    except OSError as error:
        raise InputError(f"Cannot write {base / FILE}: {reason(error)}.") from error
    return base / FILE
