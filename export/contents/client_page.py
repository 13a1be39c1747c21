"""The page for whoever calls a model: each signature's inputs and outputs, and requests that run.

It lies in the version, beside a request of one row for each signature, and is written from the manifest, so that it
says what the guards of the graph do.
"""

import base64
import json
from pathlib import Path

import numpy as np

#: where page and requests lie in a version; servers leave assets.extra alone
FOLDER = "assets.extra/client"
ANSWERS = {
    "a_to_b": "the image as one of domain b",
    "b_to_a": "the image as one of domain a",
    "classify": "the most probable classes",
    "decode": "what a code stands for",
    "discriminate": "how real the discriminator takes it for",
    "encode": "the code",
    "features": "the representation",
    "generate": "another name of sample",
    "log_prob": "the logarithm of the density, in nats",
    "position": "where the neighbour lies",
    "read": "the codes that the image shows",
    "reconstruct": "what comes back from the code",
    "responsibilities": "the probabilities of the components",
    "restore": "the image without its damage",
    "restore_annealed": "the same, at a temperature of the colours",
    "rotation": "by how many quarter turns the image is turned",
    "sample": "a draw, which follows from its row's seed alone",
    "segment": "the classes of the pixels",
    "segment_png_bytes": "the same, of an encoded image",
}
_HEAD = """\
# {name}

{parameters:,} parameters. N is the number of rows, at least 1; each row is answered by itself. A row with numbers that
its table does not allow, NaN or infinity among them, is answered with NaN, -1 (integers), false or an empty string, and
its neighbours as without it. A request of the wrong shape or dtype is an error (400, INVALID_ARGUMENT).

    HOST=localhost:8501                                  # REST; gRPC is usually localhost:8500
"""
_REQUESTS = """\

```bash
curl -s -d @{signature}.json http://$HOST/v1/models/{name}:predict
```
"""
_GRPC = """
## gRPC

```python
import json
import pathlib
import grpc                                              # pip install grpcio tensorflow-serving-api
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

request = PredictRequest()
request.model_spec.name = "{name}"
request.model_spec.signature_name = "{signature}"
row = json.loads(pathlib.Path("{signature}.json").read_text())["inputs"]
for name, dtype in {dtypes}.items():
    request.inputs[name].CopyFrom(tf.make_tensor_proto(row[name], dtype))
answer = PredictionServiceStub(grpc.insecure_channel("localhost:8500")).Predict(request, 30.0)
print({{name: tf.make_ndarray(tensor).shape for name, tensor in answer.outputs.items()}})
```
"""


def write(directory, *, name, parameters, signatures, examples):
    """Writes README.md and SIGNATURE.json of each signature into the version's folder `FOLDER`.

    Args:
        directory: of the version.
        name: of the model.
        parameters: how many.
        signatures: of the manifest, the default first.
        examples: `{signature: ({input name: array}, outputs)}`, of which the first row is requested.
    """
    folder = Path(directory) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for signature, (inputs, _) in examples.items():
        row = {wire_name: _as_json(array[:1]) for wire_name, array in inputs.items()}
        (folder / f"{signature}.json").write_text(json.dumps({"signature_name": signature, "inputs": row}) + "\n")
    (folder / "README.md").write_text(page(name, parameters, signatures))


def page(name, parameters, signatures):
    """The page, in Markdown."""
    default = next(iter(signatures))
    parts = [_HEAD.format(name=name, parameters=parameters)]
    for signature, sides in signatures.items():
        what = ANSWERS.get(signature, "")
        title = f"\n## {signature}{' (the default)' if signature == default else ''}\n"
        parts += [
            title,
            f"\n{what[:1].upper()}{what[1:]}.\n" if what else "",
            "\n| | | shape | values |\n|---|---|---|---|\n",
        ]
        for side, infos in sides.items():
            parts += [
                f"| {side[:-1]} | `{wire_name}` {info['dtype']} | {_shape(info['shape'])} | {_values(info)} |\n"
                for wire_name, info in infos.items()
            ]
        parts += [_REQUESTS.format(signature=signature, name=name)]
    dtypes = {wire_name: info["dtype"] for wire_name, info in signatures[default]["inputs"].items()}
    return "".join([*parts, _GRPC.format(name=name, signature=default, dtypes=dtypes)])


def _as_json(array):
    """The array as a server reads it: bytes in base 64, floats as short as their 32 bits need them."""
    if array.dtype == object:
        return [{"b64": base64.b64encode(each).decode()} for each in array]
    if array.dtype == np.float32:
        return np.array([float(str(value)) for value in array.ravel()]).reshape(array.shape).tolist()
    return array.tolist()


def _shape(shape):
    if shape is None:
        return "[N, ...]"
    return f"[{', '.join(['N', *('any' if size is None else str(size) for size in shape[1:])])}]"


def _values(info):
    """What an input's numbers are and may be."""
    ends = [info.get("least"), info.get("most")]
    said = [info.get("meaning", "")]
    if ends != [None, None]:
        least, most = ("" if end is None else f"{end:g}" for end in ends)
        said.append(
            f"from {least} to {most}" if least and most else f"{least or most} at {'least' if least else 'most'}"
        )
    elif info.get("meaning") and info["dtype"] == "float32":
        said.append("any finite number")
    return ", ".join(part for part in said if part)
