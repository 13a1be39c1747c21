"""The doctor: proves that a version works where no Python is, before a server finds out that it does not."""

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from keraszoo.core.errors import InputError

from .. import graph
from ..contents import golden, manifest, warmup
from ..published import versions
from . import process


class Check(NamedTuple):
    """One thing that the doctor looked at: its name, whether it is as it should be, and a sentence about it."""

    name: str
    ok: bool
    detail: str


def doctor(path: str | os.PathLike, version: int | None = None) -> list[Check]:
    """Examines a published version.

    The checksums come first. Then the graph is read for operations that have no place in a server. Then a process
    that never imports TensorFlow's Python loads it through TensorFlow's C functions, replays the warm-up records,
    compares the answer of every signature with the Keras model's own, and sends malformed requests, which must be
    answered with an error. What fails early ends the examination: a damaged version is not run.

    Args:
        path: of a model (base/name) or of a version.
        version: number of the version; the newest by default.

    Returns:
        A list of `Check(name, ok, detail)`; the version can be served when all of them are ok.

    Raises:
        InputError: when there is no such version.
    """
    return examine(versions.find(path, version))


def examine(directory):
    """The checks of `doctor` on the version in `directory`."""
    try:
        described = manifest.read(directory)
        damage = manifest.damage(directory, described["files"])
    except (InputError, OSError) as error:
        return [Check("files", False, str(error))]
    if damage:
        return [Check("files", False, "; ".join(damage))]
    checks = [Check("files", True, f"{len(described['files'])}, all as they were exported")]
    try:
        meta_graph = graph.read(directory)
    except InputError as error:
        return [*checks, Check("graph", False, str(error))]
    refusals = graph.refusals(meta_graph)
    if refusals:
        return [*checks, Check("graph", False, "; ".join(refusals))]
    checks.append(Check("graph", True, "no operation that a server cannot run"))
    return checks + _serve(directory, described, graph.signatures(meta_graph))


def _serve(directory, described, signatures):
    """The checks that a process without TensorFlow's Python makes by serving the version."""
    requests = warmup.read(directory) if (Path(directory) / warmup.FILE).exists() else []
    checks = []
    if not requests:
        checks.append(Check("warm-up", True, described["warm_up"] if requests == [] else warmup.UNREADABLE))
    with tempfile.TemporaryDirectory() as scratch:
        warm_up = Path(scratch, "warm_up.npz")
        # One entry for each request, as two may go to one signature.
        golden.save(warm_up, {f"{name}@{i}": (inputs, {}) for i, (name, inputs) in enumerate(requests or [])})
        job = {
            "directory": str(directory),
            "signatures": _with_values(signatures, described["signatures"]),
            "default": next(iter(described["signatures"])),
            "golden": str(Path(directory) / golden.FILE),
            "warm_up": str(warm_up) if requests else None,
            "exact": _same_arithmetic(described["producer"]),
        }
        return checks + _run(job, Path(scratch))


def _with_values(signatures, described):
    """The signatures of a graph, with what the manifest says of the values of their inputs."""
    default = next(iter(described))
    return {
        name: {
            **sides,
            "inputs": {
                wire_name: described[default if name == "serving_default" else name]["inputs"][wire_name] | info
                for wire_name, info in sides["inputs"].items()
            },
        }
        for name, sides in signatures.items()
    }


def _same_arithmetic(producer):
    """Whether the server's process computes the same last bits as the process that exported the version."""
    here = {**manifest.producer(), "threads": 0}
    return all(producer[key] == here[key] for key in ("tensorflow", "processor", "cpus", "threads"))


def _run(job, scratch):
    """Runs the program `_capi` on `job` and returns its checks, with one about the process itself."""
    lines, ending = process.run("keraszoo.export.outside._capi", job, scratch)
    checks = [Check(**line) for line in lines if "ok" in line]
    if ending is None:
        return [*checks, Check("process", True, "alive after every request")]
    running = [line["running"] for line in lines if "running" in line]
    during = f" during {running[-1]!r}" if running else ""
    return [*checks, Check("process", False, f"the server's process {ending.how}{during}{ending.why}")]
