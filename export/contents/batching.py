"""What TensorFlow Serving may merge of a model's requests.

With --enable_batching a server puts requests of several clients into one batch. Requests whose inner sizes differ
cannot be merged, and all of them fail. So the parameters are each model's own, in its versions, and a model of images
of any size has none: with --enable_per_model_batching_parameters its requests are answered one by one.
"""

from pathlib import Path

#: where TensorFlow Serving looks for them, in a version
FILE = "batching_params.pbtxt"
ROWS = 64
PARAMETERS = f"""\
max_batch_size {{ value: {ROWS} }}
batch_timeout_micros {{ value: 1000 }}
max_enqueued_batches {{ value: 100 }}
"""


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
