"""What TensorFlow Serving is started with: models.config, batching.config and monitoring.config in the base directory.

The three are text protocol buffers, written as text: the package that defines the first is optional here, and the
other two are not in it.
"""

import os
import pathlib
import re
from pathlib import Path

from keraszoo.core.errors import InputError
from keraszoo.runs.drafts import write_whole
from keraszoo.system.failures import reason

from . import lifecycle, versions

BATCHING = """\
# For --enable_batching --enable_per_model_batching_parameters --batching_parameters_file=.../batching.config
# What is merged says each model's batching_params.pbtxt; of this file only the threads count, which all share.
num_batch_threads { value: 2 }
"""

_MONITORING = """\
# For --monitoring_config_file=.../monitoring.config
prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
"""


def write_server_config(base: str | os.PathLike, seen_as: str = "/models") -> pathlib.Path:
    """Writes models.config for every model in `base`, and the other two files unless they are there already.

    Args:
        base: the directory that holds the models.
        seen_as: absolute path under which the server sees `base`; the tensorflow/serving image has /models.

    Returns:
        The path of models.config.

    Raises:
        InputError: when `base` cannot be written.
    """
    base = Path(base)
    if not re.fullmatch(r"/[^\"'\\\n]*", seen_as):
        raise InputError(f"The server needs an absolute path without quotes. Received: {seen_as!r}.")
    try:
        for name, content in {"batching.config": BATCHING, "monitoring.config": _MONITORING}.items():
            if not (base / name).exists():
                write_whole(base / name, content)
        models = None
        # another process may have published while this one wrote
        while models != (models := [home.name for home in versions.models(base)]):
            write_whole(base / "models.config", _models_config(models, base, seen_as))
    except OSError as error:
        raise InputError(f"Cannot write the server's configuration to {base}: {reason(error)}.") from error
    return base / "models.config"


def _models_config(models, base, seen_as):
    entries = "".join(
        f'  config {{ name: "{name}" base_path: "{seen_as.rstrip("/")}/{name}" model_platform: "tensorflow"'
        f"{_labelled(base / name)} }}\n"
        for name in models
    )
    return (
        f"# Written anew by every keraszoo export: one entry for each model here.\nmodel_config_list {{\n{entries}}}\n"
    )


def _labelled(home):
    """What serves the labelled versions beside the newest; without labels a server follows the newest of itself."""
    known = versions.numbers(home)
    labels = {name: number for name, number in lifecycle.labels(home).items() if number in known}
    served = sorted({*labels.values(), known[-1]})
    numbers = " ".join(f"versions: {number}" for number in served)
    named = "".join(f' version_labels {{ key: "{name}" value: {number} }}' for name, number in sorted(labels.items()))
    return f" model_version_policy {{ specific {{ {numbers} }} }}{named}" if labels else ""
