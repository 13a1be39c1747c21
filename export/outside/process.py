"""Programs that run an exported graph outside of this process, as a server does: without TensorFlow's Python.

A failed check of TensorFlow's ends the process that it happens in, so that this one must not be it.
"""

import json
import os
import re
import signal
import subprocess
import sys
from typing import NamedTuple

from keraszoo.system.processes import environment_of_child

_SECONDS = 600


class Ending(NamedTuple):
    """How a process ended that did not end well, and what it wrote about it."""

    how: str
    why: str


def run(module, job, scratch):
    """Runs a module of this package on a job, a dictionary, whose path is its argument.

    Args:
        module: full name, such as "keraszoo.export.outside._capi". It prints JSON objects, a line each.
        job: what JSON can hold.
        scratch: an empty directory (`pathlib.Path`).

    Returns:
        The objects, and an `Ending`, None where all is well.
    """
    (scratch / "job.json").write_text(json.dumps(job))
    # Files and not pipes: what was reported before a crash or the time limit must not be lost.
    with open(scratch / "reports", "w") as reports, open(scratch / "log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(scratch / "job.json")],
            stdin=subprocess.DEVNULL,
            stdout=reports,
            stderr=log,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2", **environment_of_child()},
        )
        try:
            process.wait(_SECONDS)
            how = _ending(process.returncode)
        except subprocess.TimeoutExpired:
            how = f"did not end within {_SECONDS} s"
        finally:
            process.kill()
            process.wait()
    lines = [json.loads(line) for line in (scratch / "reports").read_text().splitlines() if line.startswith("{")]
    why = _last_words((scratch / "log").read_text(errors="replace").splitlines())
    return lines, Ending(how, why) if how else None


def _last_words(log):
    """What a process wrote about its end: the failed check of a TensorFlow that aborts, else its last line."""
    fatal = [line.partition("] ")[2] for line in log if re.match(r"F\d{4} ", line)]
    written = fatal or [line for line in log if line.strip()][-1:]
    return f": {written[0][:300]}" if written else ""


def _ending(code):
    """How a process with this exit code ended, None when well."""
    if code == 0:
        return None
    return f"died of {signal.Signals(-code).name}" if code < 0 else f"failed with exit code {code}"
