"""What an answer costs: time, processor time and memory of each signature of a version, and its size on disk."""

import tempfile
from pathlib import Path

from keraszoo.core.errors import InputError

from .. import graph
from ..contents import golden
from . import process

ROWS = (1, 8, 32)


def cost(directory, rows=ROWS):
    """Measures a version in a process of its own, without HTTP, gRPC or batching.

    Args:
        directory: of the version.
        rows: numbers of rows of a request. They are the golden examples, repeated.

    Returns:
        `{"bytes": on disk, "signatures": {signature: {rows: {"ms": median, "cpu_ms": mean of all threads,
        "peak_mib": memory above what the loaded model has}}}}`, the numbers of rows as text.

    Raises:
        InputError: where the version cannot be run.
    """
    directory = Path(directory)
    wrong = [count for count in rows if isinstance(count, bool) or not isinstance(count, int) or count < 1]
    if wrong or not rows:
        raise InputError(f"rows are integers >= 1. Received: {wrong[0] if wrong else rows!r}.")
    signatures = graph.signatures(graph.read(directory))
    job = {
        "directory": str(directory),
        "signatures": signatures,
        "golden": str(directory / golden.FILE),
        "rows": list(rows),
    }
    with tempfile.TemporaryDirectory() as scratch:
        lines, ending = process.run("keraszoo.export.outside._cost", job, Path(scratch))
    if ending is not None:
        raise InputError(f"{directory} cannot be measured: the server's process {ending.how}{ending.why}")
    found = {}
    for line in lines:
        found.setdefault(line["signature"], {})[str(line["rows"])] = {
            name: round(line[name], 3) for name in ("ms", "cpu_ms", "peak_mib")
        }
    size = sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())
    return {"bytes": size, "signatures": found}
