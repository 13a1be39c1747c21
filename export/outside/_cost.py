"""The program that measures what answers cost, in a process of its own that serves a version as `_capi` does.

    python -P -m keraszoo.export.outside._cost JOB

where JOB is the path of a JSON object with directory, signatures, golden, default and rows, as `cost` writes it. Each
measurement is one line of JSON on stdout.
"""

import contextlib
import json
import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from keraszoo.system.processes import die_with_parent

from ..contents import golden
from .session import Session, disable_xla

_SECONDS, _TIMES = 0.3, 5  # a signature is run for so long, and so often, at least


def measured(server, signature, inputs):
    """Milliseconds (the median), CPU milliseconds (the mean) of an answer, and MiB that memory grew by at its peak."""
    server.run(signature, inputs)  # the first prepares the kernels
    before = _peak(anew=True)
    milliseconds, began, cpu = [], time.perf_counter(), time.process_time()
    while len(milliseconds) < _TIMES or time.perf_counter() - began < _SECONDS:
        start = time.perf_counter()
        server.run(signature, inputs)
        milliseconds.append(1e3 * (time.perf_counter() - start))
    cpu = 1e3 * (time.process_time() - cpu) / len(milliseconds)
    return {"ms": statistics.median(milliseconds), "cpu_ms": cpu, "peak_mib": max(0.0, _peak() - before)}


def _peak(anew=False):
    """The most memory that this process had, in MiB; `anew`: what it has now, from where the peak is counted again."""
    if anew:
        with contextlib.suppress(OSError):  # where it is not allowed, the peak is that of all signatures so far
            Path("/proc/self/clear_refs").write_text("5")
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    die_with_parent()
    job = json.loads(Path(sys.argv[1]).read_text())
    disable_xla()
    server = Session(job["signatures"])
    server.load(job["directory"])
    for signature, (inputs, _) in golden.load(Path(job["golden"])).items():
        for rows in job["rows"]:
            batch = {name: np.take(array, range(rows), axis=0, mode="wrap") for name, array in inputs.items()}
            print(json.dumps({"signature": signature, "rows": rows, **measured(server, signature, batch)}), flush=True)


if __name__ == "__main__":
    main()
