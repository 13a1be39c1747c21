"""Requests of every sort to one version: right ones, nearly right ones, and such as nobody means to send.

They are made from the version's manifest and golden examples. A request follows from the model's name and
its number, so that one that did harm can be made again.
"""

import base64
import copy
import gzip
import json
import random
import struct
import urllib.parse
import zlib
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    predict_pb2,
)

from keraszoo.export.contents import golden, manifest

PREDICTION, MODEL = "/tensorflow.serving.PredictionService/", "/tensorflow.serving.ModelService/"
#: what stands in the place of a part of a request; texts here are written as they are, without quotes
ODD = (
    "NaN", "Infinity", "-Infinity", "-NaN", "Inf", "1e999", "1e39", "-1e39", "1e308", "1e-320", "-0.0", "01", "0x1",
    "+1", "0", "-1", "1.5", "255", "2147483648", "4294967299", "9223372036854775807", "9223372036854775808",
    "1" + "0" * 400, "18446744073709551616", "-9223372036854775808", "-9223372036854775809", "null", "true", "false",
    '"1"', '""', '"NaN"', '"\\ud800"', '"\\u0000"', '"\xff"', "[]", "[[]]", "{}", "[1, [2]]", "[null]", '{"x": 1}',
    '{"b64": ""}', '{"b64": "AAAA"}', '{"b64": "!?"}', '{"b64": 5}', '{"b64": "AAA", "x": 1}', '"' + "y" * 9999 + '"',
    "[" * 40 + "]" * 40, "[" * 90 + "]" * 90,
)  # fmt: skip
SIZES = (0, 1, 2, 3, 5, 8, 9, 33)
NAMES = (
    "",
    "x",
    "image",
    "../..",
    "%2e%2e",
    "a" * 3000,
    "serving_default",
    "\xfc",
    "__saved_model_init_op",
    "b64",
    "\n",
)
NUMBERS = ("0", "1", "7", "-1", "01", "1e1", "9223372036854775807", "9223372036854775808", "9" * 5000, "x", "")
DTYPES = (
    "float32",
    "float64",
    "float16",
    "int8",
    "uint8",
    "int16",
    "int32",
    "int64",
    "uint64",
    "bool",
    "complex64",
    "str",
)


class Http(NamedTuple):
    """A request over HTTP; a body that is a list is sent in chunks."""

    method: str
    path: str
    body: bytes | list | None = None
    headers: dict | None = None


class Grpc(NamedTuple):
    """A call over gRPC: the method's path and the message's bytes."""

    method: str
    message: bytes


class Hostile:
    """Requests to a version.

    Args:
        name: of the model.
        directory: of the version.
    """

    def __init__(self, name, directory):
        self.name = name
        self.examples = golden.load(directory / golden.FILE)
        self.signatures = manifest.read(directory)["signatures"]

    def request(self, number):
        """The kind of the request of that number, and the request: `Http` or `Grpc`."""
        chance = random.Random(f"{self.name} {number}")
        kind = chance.choice(self.oversize if chance.random() < 0.002 else self.kinds)
        return kind.__name__, kind(self, chance)

    # ------------------------------------------------------------------ REST

    def _body(self, chance):
        """A request that is right, as a dictionary."""
        signature = chance.choice(list(self.signatures))
        inputs, _ = self.examples[signature]
        rows = chance.randrange(1, 4)
        columns = {key: _plain(array[:rows]) for key, array in inputs.items()}
        if chance.random() < 0.5:
            return {"signature_name": signature, "inputs": columns}
        named = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return {"signature_name": signature, "instances": named}

    def _post(self, body, headers=None, where=""):
        return Http("POST", f"/v1/models/{self.name}{where}:predict", body, headers)

    def valid(self, chance):
        return self._post(json.dumps(self._body(chance)).encode(), where=chance.choice(("", "/versions/1")))

    def other_values(self, chance):
        """Parts of a body, whole lists as well as single numbers, are something else."""
        body = json.dumps(_changed(self._body(chance), chance, chance.randrange(1, 4)))
        while '"@' in body:
            start = body.index('"@')
            body = body[:start] + chance.choice(ODD) + body[body.index('@"', start) + 2 :]
        return self._post(body.encode("latin-1"))

    def other_shape(self, chance):
        body = self._body(chance)
        inputs, _ = self.examples[body["signature_name"]]
        name = chance.choice(list(inputs))
        array = _resized(inputs[name], chance)
        if chance.random() < 0.5:
            return self._post(json.dumps({**body, "instances": [{name: _plain(array)}]}).encode())
        columns = {key: _plain(value) for key, value in inputs.items()} | {name: _plain(array)}
        return self._post(json.dumps({"signature_name": body["signature_name"], "inputs": columns}).encode())

    def other_bytes(self, chance):
        return self._post(_mutated(json.dumps(self._body(chance)).encode(), chance))

    def other_form(self, chance):
        """Names that are missing, of nobody, twice; both forms or none."""
        body = self._body(chance)
        for _ in range(chance.randrange(1, 3)):
            change = chance.randrange(6)
            if change == 0:
                body["signature_name"] = chance.choice((*NAMES, *self.signatures, None, 5, []))
            elif change == 1:
                body.pop(chance.choice(list(body) or [""]), None)
            elif change == 2:
                body[chance.choice(("inputs", "instances", "x"))] = chance.choice(
                    ([1.0], {"x": [1]}, [], {}, None, "x")
                )
            else:
                columns = body.get("inputs", body.get("instances"))
                columns = columns if isinstance(columns, dict) else (columns or [{}])[-1]
                if isinstance(columns, dict):
                    columns[chance.choice((*NAMES, *columns))] = columns.pop(next(iter(columns), ""), 0)
        return self._post(json.dumps(body).encode())

    def other_path(self, chance):
        name = chance.choice((self.name, self.name, *NAMES))
        where = chance.choice(("", "", f"/versions/{chance.choice(NUMBERS)}", f"/labels/{chance.choice(NAMES)}"))
        end = chance.choice(
            (":predict", ":classify", ":regress", ":explain", "", "/metadata", "/", ":predict/", "?a=:predict")
        )
        root = chance.choice(
            ("/v1/models/", "/v1/models/", "/V1/Models/", "/v1//models/", "/v1/", "/", "/explore/", "//")
        )
        fixed = (
            "/health",
            "/monitoring/prometheus/metrics",
            "/explore",
            "/explore/../../x",
            "*",
            "/%00",
            "/v1/models/%ff",
        )
        path = chance.choice(fixed) if chance.random() < 0.2 else f"{root}{name}{where}{end}"
        path = urllib.parse.quote(path, safe="/:?%*=")
        method = chance.choice(("GET", "GET", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"))
        body = None if method in ("GET", "HEAD") else json.dumps(self._body(chance)).encode()
        return Http(method, path, body, chance.choice((None, {"Origin": "http://x"}, {"Accept": "text/html"})))

    def other_headers(self, chance):
        body = json.dumps(self._body(chance)).encode()
        kind = chance.choice(("", "text/html", "application/x-protobuf", "multipart/form-data; boundary=x", "\xff" * 9))
        packed = chance.choice((body, gzip.compress(body), gzip.compress(body)[: chance.randrange(40)], b""))
        encoding = chance.choice(("gzip", "identity", "br", "gzip, gzip", "\xff"))
        pieces = [body[:9], b"", body[9:]]
        return self._post(
            *chance.choice(
                (
                    (body, {"Content-Type": kind}),
                    (packed, {"Content-Encoding": encoding}),
                    (pieces, None),
                    (body, {f"X-{n}": "y" * n for n in range(chance.randrange(1, 60))}),
                    (body, {"Expect": "100-continue"}),
                    (body, {"Host": chance.choice(("", "x" * 300, "[::1"))}),
                )
            )
        )

    def examples_of_features(self, chance):
        """`classify` and `regress`, which none of the models' signatures has inputs for."""
        body = {"signature_name": chance.choice((*self.signatures, "")), "examples": [{"x": [1.0]}, {"y": "z"}]}
        body["context"] = {"x": chance.choice((1, "a", [1, "a"], {"b64": "!"}, None))}
        end = chance.choice(("classify", "regress"))
        return Http("POST", f"/v1/models/{self.name}:{end}", _mutated(json.dumps(body).encode(), chance))

    def encoded_image(self, chance):
        """Files of images where bytes are taken; elsewhere they are no numbers."""
        named = [
            (signature, key)
            for signature, sides in self.signatures.items()
            for key, info in sides["inputs"].items()
            if info["dtype"] == "string"
        ]
        signature, key = chance.choice(named or [(next(iter(self.signatures)), "image_bytes")])
        encoded = chance.choice(
            (_png(chance), _mutated(_png(chance), chance), bytes(chance.randbytes(20)), b"GIF89a", b"")
        )
        rows = [{key: {"b64": base64.b64encode(encoded).decode()}}] * chance.choice((1, 1, 2))
        return self._post(json.dumps({"signature_name": signature, "instances": rows}).encode())

    def many_rows(self, chance):
        body = self._body(chance)
        inputs, _ = self.examples[body["signature_name"]]
        if sum(array[:1].size for array in inputs.values()) > 64:
            return self._post(json.dumps(body).encode())
        rows = chance.choice((64, 1024, 1025)) if "image_bytes" not in inputs else 65
        columns = {key: _plain(np.repeat(array[:1], rows, 0)) for key, array in inputs.items()}
        return self._post(json.dumps({"signature_name": body["signature_name"], "inputs": columns}).encode())

    def too_long(self, chance):
        return self._post(chance.choice((b" ", b"[")) * (33 * 2**20))

    def too_long_when_unpacked(self, chance):
        return self._post(gzip.compress(b" " * (34 * 2**20)), {"Content-Encoding": "gzip"})

    def many_numbers(self, chance):
        body = {"signature_name": chance.choice(list(self.signatures)), "inputs": [[0] * 1000] * 1000}
        return self._post(json.dumps(body).encode())

    # ------------------------------------------------------------------ gRPC

    def _predict(self, chance):
        """A `PredictRequest` that is right."""
        signature = chance.choice(list(self.signatures))
        request = predict_pb2.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = self.name, signature
        rows = chance.randrange(1, 4)
        for key, array in self.examples[signature][0].items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(array[:rows]))
        return request

    def grpc_valid(self, chance):
        request = self._predict(chance)
        outputs = list(self.signatures[request.model_spec.signature_name]["outputs"])
        request.output_filter.extend(chance.sample(outputs, chance.randrange(len(outputs) + 1)))
        return _call(request)

    def grpc_other_tensor(self, chance):
        """Another dtype, shape or content, also such as contradict each other."""
        request = self._predict(chance)
        tensor = request.inputs[chance.choice(list(request.inputs))]
        if chance.random() < 0.5:
            dtype, array = chance.choice(DTYPES), _resized(np.zeros([2, 3, 3, 1]), chance)
            tensor.CopyFrom(tf.make_tensor_proto(array.astype(dtype)))
        for _ in range(chance.randrange(3)):
            change = chance.randrange(6)
            if change == 0:
                tensor.dtype = chance.choice((0, 2, 3, 7, 8, 9, 10, 14, 18, 19, 20, 21, 23, 99, 101, 200))
            elif change == 1 and tensor.tensor_shape.dim:
                size = chance.choice((-1, -(2**63), 0, 1, 1025, 2**31, 2**62, 2**63 - 1))
                chance.choice(tensor.tensor_shape.dim).size = size
            elif change == 2:
                for _ in range(chance.choice((1, 1, 2, 70))):
                    tensor.tensor_shape.dim.add().size = chance.choice((0, 1, 1, 2, 2**62))
            elif change == 3:
                tensor.tensor_content = tensor.tensor_content[: chance.randrange(20)]
            elif change == 4:
                field = chance.choice(("half_val", "int_val", "string_val", "scomplex_val", "bool_val", "float_val"))
                value = {"string_val": b"\xff" * 9, "scomplex_val": float("nan"), "bool_val": True}.get(field, 70000)
                getattr(tensor, field).extend([value] * chance.choice((1, 2, 3)))
            else:
                tensor.tensor_shape.unknown_rank = True
        return _call(request)

    def grpc_other_spec(self, chance):
        request = self._predict(chance)
        spec, change = request.model_spec, chance.randrange(6)
        if change == 0:
            request.ClearField("model_spec")
        elif change == 1:
            spec.version.value = chance.choice((0, 1, 9, -1, -(2**63), 2**63 - 1))
        elif change == 2:
            spec.version_label = chance.choice((*NAMES, "y" * 100_000))
        elif change == 3:
            spec.signature_name = chance.choice((*NAMES, "y" * 100_000))
        elif change == 4:
            spec.name = chance.choice((*NAMES, "y" * 100_000))
        else:
            request.inputs[chance.choice((*NAMES, "y" * 100_000))].CopyFrom(tf.make_tensor_proto([1.0]))
            request.output_filter.append(chance.choice((*NAMES, *self.signatures)))
        return _call(request)

    def grpc_other_bytes(self, chance):
        message = self._predict(chance).SerializeToString()
        return Grpc(f"{PREDICTION}Predict", _mutated(message, chance))

    def grpc_other_method(self, chance):
        spec = self._predict(chance).model_spec
        message = chance.choice(
            (
                classification_pb2.ClassificationRequest(model_spec=spec),
                get_model_status_pb2.GetModelStatusRequest(model_spec=spec),
                get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec, metadata_field=["signature_def"]),
                inference_pb2.MultiInferenceRequest(),
            )
        )
        methods = ("Predict", "Classify", "Regress", "GetModelMetadata", "MultiInference", "Explain", "")
        path = chance.choice([PREDICTION + method for method in methods] + [f"{MODEL}GetModelStatus", "/x/Y", "/"])
        return Grpc(path, message.SerializeToString())

    def grpc_too_long(self, chance):
        return Grpc(f"{PREDICTION}Predict", b"\0" * (40 * 2**20))

    kinds = (
        valid, other_values, other_values, other_shape, other_bytes, other_form, other_path, other_headers,
        examples_of_features, encoded_image, many_rows, grpc_valid, grpc_other_tensor, grpc_other_tensor,
        grpc_other_spec, grpc_other_bytes, grpc_other_method,
    )  # fmt: skip
    oversize = (too_long, too_long_when_unpacked, many_numbers, grpc_too_long)


def _call(request):
    return Grpc(f"{PREDICTION}Predict", request.SerializeToString())


def _plain(array):
    """What JSON writes of an array."""
    if array.dtype == object:
        array = np.frompyfunc(lambda each: {"b64": base64.b64encode(each).decode()}, 1, 1)(array)
        return array.tolist() if isinstance(array, np.ndarray) else array
    return array.tolist()


def _changed(value, chance, times):
    """A copy in which so many parts are marked to be something else."""
    value = {"": copy.deepcopy(value)}
    for _ in range(times):
        place = value
        while True:
            key = chance.choice(list(place)) if isinstance(place, dict) else chance.randrange(len(place))
            below = place[key]
            if not isinstance(below, (dict, list)) or not below or chance.random() < 0.1:
                break
            place = below
        if place is not value:
            place[key] = "@@"
    return value[""]


def _resized(array, chance):
    """Zeros, or what `array` holds, of another shape."""
    if chance.random() < 0.3:
        return array[..., None] if chance.random() < 0.5 else array[..., 0]
    shape = [chance.choice(SIZES) for _ in range(chance.randrange(6))]
    if chance.random() < 0.5:  # the number of dimensions is right
        shape = [chance.choice((size, size, chance.choice(SIZES))) for size in array.shape]
    while np.prod(shape) > 20_000:
        shape[int(np.argmax(shape))] = 1
    return np.resize(array, shape)


def _mutated(content, chance):
    """Bytes with a few places changed, cut out or doubled."""
    content = bytearray(content)
    for _ in range(chance.randrange(1, 5)):
        place, length = chance.randrange(len(content) + 1), chance.randrange(8)
        change = chance.choice((chance.randbytes(length), bytes(content[place : place + length]) * 2, b"", b"\0"))
        content[place : place + length] = change
    return bytes(content)


def _png(chance):
    """A grey PNG, of which the header may claim far more pixels than there are."""
    width, height = chance.choice((1, 4, 31)), chance.choice((1, 5, 40))
    pixels = zlib.compress((b"\0" + chance.randbytes(width)) * height)
    if chance.random() < 0.5:
        width, height = chance.choice((0, 1, 30_000, 2**31 - 1, 2**32 - 1)), chance.choice((0, 30_000, 2**31))
    depth, colour = chance.choice(((8, 0), (8, 0), (16, 0), (8, 2), (8, 3), (1, 0), (7, 9)))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, chance.choice((0, 0, 1)))
    parts = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part)) for name, part in parts
    )
