"""The manifest of a version: what it is, who made it, and a checksum of every file.

A half-copied SavedModel loads as healthy and fails on the first request; the checksums tell before. The manifest has a
checksum of its own. They are hashes, not a signature: they tell accidents, and not who wrote a version.
"""

import datetime
import hashlib
import os
import platform
from pathlib import Path

from keraszoo.core.errors import InputError
from keraszoo.runs.sealed import seal, unseal
from keraszoo.system.failures import reason

#: where it lies in a version; servers leave assets.extra alone
FILE = "assets.extra/manifest.json"
_FORMAT = 2
INTEGRITY = "hashed: a sha256 of every file and of this manifest; not signed"


def write(directory, *, name, source, parameters, signatures, batching, warm_up, cost=None):
    """Describes everything that lies in `directory` by now.

    Args:
        directory: of the version.
        name: of the model.
        source: `{"model": its class, "recipe": that of its run, or None}`.
        parameters: number of parameters.
        signatures: `{signature: {"inputs": {name: {"dtype", "shape", "meaning", "least", "most"}}, "outputs": ...}}`,
            the default first; the last three are of inputs, as far as they are known.
        batching: a sentence about which requests may be merged.
        warm_up: a sentence about the warm-up records.
        cost: what an answer costs on the machine of `producer`, see `keraszoo.export.outside.cost`; None: not
            measured.
    """
    described = {
        "format": _FORMAT,
        "name": name,
        "integrity": INTEGRITY,
        "source": source,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "parameters": parameters,
        "signatures": signatures,
        "batching": batching,
        "warm_up": warm_up,
        "cost": cost,
        "producer": producer(),
        "files": checksums(directory),
    }
    seal_as(directory, described)


def seal_as(directory, described):
    """Writes the manifest with its checksum."""
    path = Path(directory) / FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(seal(described, described["name"]) + "\n")


def read(directory):
    """The manifest of a version, as `write` described it.

    Raises:
        InputError: when there is none, or it is damaged or was changed.
    """
    path = Path(directory) / FILE
    try:
        described, identity = unseal(path)
    except FileNotFoundError:
        raise InputError(
            f"{FILE} is missing: the version is incomplete or was not written by keraszoo export."
        ) from None
    except OSError as error:
        raise InputError(f"{FILE} cannot be read: {reason(error)}.") from None
    if described.get("format") != _FORMAT or identity is None:
        raise InputError(
            f"{path} is no manifest of format {_FORMAT} with a checksum: it was changed by hand, or written by another "
            "release, whose versions are exported anew."
        )
    return described


def damage(directory, files):
    """How the files in `directory` differ from `files`, their recorded checksums: a list of sentences."""
    now = checksums(directory)
    return [
        *(f"{name} is missing" for name in files if name not in now),
        *(f"{name} was changed" for name in files if name in now and now[name] != files[name]),
        *(f"{name} was added" for name in now if name not in files),
    ]


def checksums(directory):
    """`{path below directory: sha256}` of every file but the manifest."""
    files = sorted(path for path in Path(directory).rglob("*") if not path.is_dir())
    return {name: _sha256(path) for path in files if (name := path.relative_to(directory).as_posix()) != FILE}


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def producer():
    """What the bits of an answer depend on: the releases, the processor and the number of threads."""
    import keras
    import tensorflow as tf

    import keraszoo

    return {
        "keraszoo": keraszoo.__version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "python": platform.python_version(),
        "processor": _processor(),
        "cpus": len(os.sched_getaffinity(0)),
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),  # 0: one for each CPU
    }


def _processor():
    """The processor's name, as /proc/cpuinfo gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
