"""What TensorFlow Serving may merge of a model's requests.

With --enable_batching a server puts requests of several clients into one batch. Requests whose inner sizes differ
cannot be merged, and all of them fail. So the parameters are each model's own, in its versions, and a model of images
of any size has none: with --enable_per_model_batching_parameters its requests are answered one by one.
"""

import dataclasses
import re
from pathlib import Path

from keraszoo.core.errors import InputError

#: where TensorFlow Serving looks for them, in a version
FILE = "batching_params.pbtxt"
ROWS = 64
PARAMETERS = f"""\
max_batch_size {{ value: {ROWS} }}
batch_timeout_micros {{ value: 1000 }}
max_enqueued_batches {{ value: 100 }}
"""


_FIELD = re.compile(r"(\w+)\s*(?::\s*)?\{\s*value\s*:\s*(\d{1,12})\s*\}[\s,;]*")


@dataclasses.dataclass(frozen=True)
class Parameters:
    """What a server may merge.

    Args:
        rows: of a batch, at most.
        seconds: that a request waits for others.
        batches: that wait for their turn, at most.
    """

    rows: int
    seconds: float
    batches: int


def read(directory):
    """The `Parameters` of a version; None where its requests cannot be merged.

    What the file leaves out is as TensorFlow Serving has it.

    Raises:
        InputError: when its file is not what `write` writes, or a number in it makes no sense.
    """
    path = Path(directory) / FILE
    if not path.exists():
        return None
    text = re.sub("#.*", "", path.read_text(encoding="utf-8", errors="replace")).strip()
    known = {"max_batch_size": 1000, "batch_timeout_micros": 0, "max_enqueued_batches": 10, "num_batch_threads": 1}
    given = dict(_FIELD.findall(text))
    if _FIELD.sub("", text) or given.keys() - known.keys():
        names = ", ".join(known)
        raise InputError(f"{FILE} has lines such as max_batch_size {{ value: {ROWS} }}, of {names}.")
    found = {name: int(given.get(name, value)) for name, value in known.items()}
    if not found["max_batch_size"] or not found["max_enqueued_batches"]:
        raise InputError(f"max_batch_size and max_enqueued_batches of {FILE} are >= 1.")
    return Parameters(found["max_batch_size"], found["batch_timeout_micros"] / 1e6, found["max_enqueued_batches"])


def write(directory, signatures):
    """Writes the parameters, where requests can be merged.

    Args:
        directory: of the version.
        signatures: `{signature: {"inputs": {name: {"shape": [None, ...], ...}}, ...}}`.

    Returns:
        A sentence about it.
    """
    varying = [
        f"{name} of {signature}"
        for signature, sides in signatures.items()
        for name, info in sides["inputs"].items()
        if info["shape"] is None or None in info["shape"][1:]
    ]
    if varying:
        return f"none: the sizes of {varying[0]} may vary"
    (Path(directory) / FILE).write_text(PARAMETERS)
    return f"up to {ROWS} rows"
