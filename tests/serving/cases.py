"""What TensorFlow Serving answers over REST, read off its sources: requests to the models of `saved_models.py`.

Each case has an id, a request and what is expected, in the form that `runner.failure` takes.
"""

import base64
import itertools

_numbers = itertools.count(1)


def _case(what, method, path, status, expect, **request):
    number = next(_numbers)
    name = f"{number:03d} {what}"
    return {"id": name, "request": {"method": method, "path": path, **request}, "expect": {"status": status, **expect}}


def get(what, path, status=200, **expect):
    return _case(what, "GET", path, status, expect)


def post(what, path, json, status=200, **expect):
    request = {"json": json}
    if isinstance(json, bytes):
        request = {"base64_body": base64.b64encode(json).decode()}
    elif isinstance(json, str):
        request = {"raw_body": json}
    return _case(what, "POST", path, status, expect, **request)


def multi(what, signature, status=200, expect=None, **body):
    """A prediction of a signature of `multi`."""
    json = {"signature_name": signature, **body} if signature else body
    return post(what, "/v1/models/multi:predict", json, status, **(expect or {}))


def error(text):
    return {"error_contains": text}


def outputs(value):
    return {"json_equals": {"outputs": value}}


def predictions(value):
    return {"json_equals": {"predictions": value}}


HALF, V123, V124 = (
    "/v1/models/half_plus_two",
    "/v1/models/half_plus_two/versions/123",
    "/v1/models/half_plus_two/versions/124",
)
OK = {"error_code": "OK", "error_message": ""}
BOTH = {"model_version_status": [{"version": v, "state": "AVAILABLE", "status": OK} for v in ("124", "123")]}
ONE = {"model_version_status": BOTH["model_version_status"][1:]}
SIGNATURES = "metadata.signature_def.signature_def"

STATUS = [
    get("all versions", HALF, json_equals=BOTH, content_type="application/json"),
    get("one version", V123, json_equals=ONE),
    get("a label's status is that of all", f"{HALF}/labels/stable", json_equals=BOTH),
    get("an unknown label's too", f"{HALF}/labels/none", json_equals=BOTH),
    get("encoded name", "/v1/models/half%5Fplus%5ftwo", json_equals=BOTH),
    get("query is ignored", f"{HALF}?a=1", json_equals=BOTH),
    get("case of the path", "/V1/MODELS/half_plus_two/Versions/123", json_equals=ONE),
    get("case of the name", "/v1/models/Half_plus_two", 404, **error("any versions of model Half_plus_two")),
    get("unknown model", "/v1/models/nope", 404, **error("Could not find any versions of model nope")),
    get("unknown version", f"{HALF}/versions/5", 404, **error("Could not find version 5 of model half_plus_two")),
    get("version of an unknown model", "/v1/models/nope/versions/1", 404, **error("Could not find version 1 of model")),
    get("no name", "/v1/models", 400, **error("Missing model name in request.")),
    get("no CORS", HALF, absent_headers=["access-control-allow-origin"]),
    get("too great a version", f"{HALF}/versions/9223372036854775808", 400, **error("Failed to convert version: 9")),
    get("greatest version", f"{HALF}/versions/9223372036854775807", 404, **error("version 9223372036854775807")),
]

METADATA = [
    get(
        "newest",
        f"{HALF}/metadata",
        json_keys=["model_spec", "metadata"],
        json_paths={
            "model_spec.version": "124",
            "model_spec.name": "half_plus_two",
            "model_spec.signature_name": "",
            f"{SIGNATURES}.serving_default.method_name": "tensorflow/serving/predict",
            f"{SIGNATURES}.serving_default.inputs.x.tensor_shape.unknown_rank": True,
            f"{SIGNATURES}.serving_default.inputs.x.tensor_shape.dim": [],
            f"{SIGNATURES}.serving_default.defaults": {},
        },
    ),
    get("of a version", f"{V123}/metadata", json_paths={"model_spec.version": "123"}),
    get("of a label", f"{HALF}/labels/canary/metadata", json_paths={"model_spec.version": "124"}),
    get(
        "sizes are texts",
        "/v1/models/multi/metadata",
        json_paths={
            f"{SIGNATURES}.image.inputs.x.tensor_shape.dim": [{"size": s, "name": ""} for s in ("-1", "4", "4", "1")],
            f"{SIGNATURES}.i64.outputs.y.dtype": "DT_INT64",
            f"{SIGNATURES}.half_out.outputs.y.dtype": "DT_HALF",
            f"{SIGNATURES}.noinput.inputs": {},
        },
    ),
    get("unknown model", "/v1/models/nope/metadata", 404, **error("Servable not found for request: Latest(nope)")),
    get("unknown version", f"{HALF}/versions/7/metadata", 404, **error("Specific(half_plus_two, 7)")),
    get("unknown label", f"{HALF}/labels/x/metadata", 400, **error("Unrecognized servable version label: x")),
]

PATHS = [
    *(
        _case("malformed", method, path, 400, error(f"Malformed request: {method} {path}"), raw_body="{}")
        for method, path in (
            ("GET", "/v1/foo"),
            ("POST", "/v1/models"),
            ("GET", "/v1/models/multi:predict"),
            ("POST", "/v1/models/multi"),
            ("GET", "/v1/models/a/b"),
            ("POST", "/v1/models/multi/metadata"),
            ("POST", "/v1/models/multi:explain"),
            ("POST", "/v1/models/multi/version/1:predict"),
            ("POST", "/v1/models/multi/versions/-1:predict"),
            ("POST", "/v1/models/multi/versions/:predict"),
            ("POST", "/v1/models/multi/label/x:predict"),
            ("POST", "/v1/models/multi:predict/"),
            ("GET", "/v1/models/multi/versions/1/labels/x"),
            ("PUT", HALF),
            ("DELETE", HALF),
            ("PATCH", f"{HALF}:predict"),
            ("GET", "/v1/"),
            ("POST", "/v1/models/:predict"),
        )
    ),
    _case("a newline", "POST", "/v1/models/a%0Ab:predict", 404, error("Latest(a\nb)"), raw_body='{"instances": [1]}'),
    _case("a newline and a slash", "GET", "/v1/models/a%0A/", 400, error("Malformed request: GET /v1/models/a%0A/")),
    _case("outside of the API", "GET", "/v2/models", 404, {}),
    _case("root of the server", "GET", "/", 404, {}),
    _case("preflight", "OPTIONS", f"{HALF}:predict", 200, {}, headers={"Origin": "http://example.org"}),
    _case("preflight of nobody", "OPTIONS", f"{HALF}:predict", 400, {}),
]

WHERE = [
    post("newest", f"{HALF}:predict", {"instances": [1.0, 2.0]}, **predictions([12.5, 13.0])),
    post("version", f"{V123}:predict", {"instances": [1.0, 2.0]}, **predictions([2.5, 3.0])),
    post("label", f"{HALF}/labels/stable:predict", {"instances": [1]}, **predictions([2.5])),
    post("case", "/V1/models/half_plus_two/LABELS/stable:PREDICT", {"instances": [1]}, **predictions([2.5])),
    post("case of a label", f"{HALF}/labels/Stable:predict", {"instances": [1]}, 400, **error("label: Stable")),
    post(
        "unknown label",
        f"{HALF}/labels/x:predict",
        {"instances": [1]},
        400,
        **error("Unrecognized servable version label: x"),
    ),
    post(
        "unknown version", f"{HALF}/versions/1:predict", {"instances": [1]}, 404, **error("Specific(half_plus_two, 1)")
    ),
    post(
        "unknown model",
        "/v1/models/nope:predict",
        {"instances": [1]},
        404,
        **error("Servable not found for request: Latest(nope)"),
    ),
    post("bad JSON of an unknown model", "/v1/models/nope:predict", "{", 400, **error("JSON Parse error")),
    post("encoded name", "/v1/models/half%5Fplus_two/versions/123:predict", {"instances": [1]}, **predictions([2.5])),
    _case(
        "any content type",
        "POST",
        f"{V123}:predict",
        200,
        predictions([2.5]),
        raw_body='{"instances": [1.0]}',
        headers={"Content-Type": "image/png"},
    ),
]

P = f"{V123}:predict"
TEXT = [
    post("empty", P, "", 400, **error("JSON Parse error: The document is empty")),
    post("blank", P, " \n ", 400, **error("JSON Parse error: The document is empty. at offset: 3")),
    post("no JSON", P, "instances = [1]", 400, **error("JSON Parse error: Invalid value. at offset: 0")),
    post("open list", P, '{"instances": [1, 2', 400, **error("Missing a comma or ] after an array element.")),
    post("open object", P, '{"instances": [1]', 400, **error("Missing a comma or } after an object member.")),
    post("no value", P, '{"instances": [1,]}', 400, **error("Invalid value. at offset: 17")),
    post("no name", P, '{"instances": [1],}', 400, **error("Missing a name for object member.")),
    post("name without quotes", P, "{instances: [1]}", 400, **error("Missing a name for object member.")),
    post("no colon", P, '{"instances" [1]}', 400, **error("Missing a colon after a name of object member.")),
    post("open string", P, '{"instances": ["a]}', 400, **error("Missing a closing quotation mark in string.")),
    post("escape", P, '{"instances": ["\\q"]}', 400, **error("Invalid escape character in string.")),
    post("hexadecimal", P, '{"instances": ["\\u00g0"]}', 400, **error("Incorrect hex digit after \\u escape")),
    post("half a pair", P, '{"instances": ["\\ud800"]}', 400, error_nonempty=True),
    post("too big", P, '{"instances": [1e999]}', 400, **error("Number too big to be stored in double.")),
    post("list", P, "[1, 2]", 400, **error("JSON Value: [1, 2] Is not object")),
    post("string", P, '"x"', 400, **error('JSON Value: "x" Is not object')),
    post("number", P, "3", 400, **error("Is not object")),
    post("null", P, "null", 400, **error("JSON Value: null Is not object")),
    post("more after the end", P, '{"instances": [1]} and more', **predictions([2.5])),
    post("byte order mark", P, b'\xef\xbb\xbf{"instances": [1]}', **predictions([2.5])),
    post("white space", P, ' \t\r\n{ "instances" : [ 1 ] } \n', **predictions([2.5])),
    post("other keys are ignored", P, {"instances": [1], "more": {"x": [None]}}, **predictions([2.5])),
    post("neither", P, {}, 400, **error("Missing 'inputs' or 'instances' key")),
    post(
        "both",
        P,
        {"inputs": [1], "instances": [1]},
        400,
        **error("expecting only one of 'inputs' or 'instances' keys to exist"),
    ),
    post("deep", P, '{"instances": ' + "[" * 100 + "]" * 100 + "}", 400, error_nonempty=True),
    post("deep beside it", P, '{"instances": [1], "x": ' + "[" * 500000 + "]" * 500000 + "}", 400, error_nonempty=True),
    post("brackets in strings", P, {"instances": [1], "x": "[{" * 300}, **predictions([2.5])),
    post("quotes in strings", P, {"instances": [1], "x": '\\"[\\' * 300}, **predictions([2.5])),
    post(
        "name of the signature",
        P,
        {"signature_name": 5, "instances": [1]},
        400,
        **error("'signature_name' key must be a string value."),
    ),
    post(
        "null as signature",
        P,
        {"signature_name": None, "instances": [1]},
        400,
        **error("'signature_name' key must be a string value."),
    ),
    post(
        "no such signature",
        P,
        {"signature_name": "x", "instances": [1]},
        400,
        **error('Serving signature name: "x" not found in signature def'),
    ),
    post("empty signature is the default", P, {"signature_name": "", "instances": [1]}, **predictions([2.5])),
]

ROWS = [
    post("not a list", P, {"instances": 1.0}, 400, **error("Expecting 'instances' to be an list/array")),
    post("an object", P, {"instances": {"x": 1}}, 400, **error("Expecting 'instances' to be an list/array")),
    post("null", P, {"instances": None}, 400, **error("Expecting 'instances' to be an list/array")),
    post("none", P, {"instances": []}, 400, **error("No values in 'instances' array")),
    post("matrix", P, {"instances": [[1.0, 2.0], [3.0, 4.0]]}, **predictions([[2.5, 3.0], [3.5, 4.0]])),
    post("named", P, {"instances": [{"x": [1.0]}, {"x": [2.0]}]}, **predictions([[2.5], [3.0]])),
    post(
        "of another name",
        P,
        {"instances": [{"z": 1}]},
        400,
        **error(
            "Failed to process element: 0 key: z of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have named input: z"  # noqa: E501
        ),
    ),
    post(
        "sizes",
        P,
        {"instances": [[1, 2], [3]]},
        400,
        **error("Error: INVALID_ARGUMENT: Expecting tensor size: 2 but got: 1"),
    ),
    post(
        "shapes",
        P,
        {"instances": [[1, 2], [[3, 4]]]},
        400,
        **error(
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [2] but got: [1,2]"  # noqa: E501
        ),
    ),
    post("number and list", P, {"instances": [1, [1]]}, 400, **error("Expecting shape [] but got: [1]")),
    post(
        "uneven within",
        P,
        {"instances": [[[1, 2], [3]]]},
        400,
        **error("Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
    ),
    post(
        "a number among lists",
        P,
        {"instances": [[[1], 2]]},
        400,
        **error("JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
    ),
    post(
        "a list among numbers",
        P,
        {"instances": [[1, [2]]]},
        400,
        **error("Encountered list at unexpected level: 1 expected < 1"),
    ),
    post("empty rows", P, {"instances": [[], []]}, **predictions([[], []])),
    post(
        "object after values",
        P,
        {"instances": [1, {"x": 1}]},
        400,
        **error("Expecting value/list but got object at item 1 of input list"),
    ),
    post(
        "value after objects",
        P,
        {"instances": [{"x": 1}, 1]},
        400,
        **error("Expecting object but got list at item 1 of input list"),
    ),
    multi(
        "two inputs",
        "",
        expect={
            "json_equals": {"predictions": [{"sum": [11.0, 12.0], "twice": 20}, {"sum": [23.0, 24.0], "twice": 40}]}
        },
        instances=[{"a": [1.0, 2.0], "b": 10}, {"b": 20, "a": [3.0, 4.0]}],
    ),
    multi(
        "two inputs as a list",
        "",
        400,
        error(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map"  # noqa: E501
        ),
        instances=[[1, 2]],
    ),
    multi(
        "one of two",
        "",
        400,
        error("of 'instances' list. JSON object: {\n    \"a\": [1, 2]\n} keys must be equal to: a,b"),
        instances=[{"a": [1, 2]}],
    ),
    multi(
        "three of two",
        "",
        400,
        error("Failed to process element: 0 key: c of 'instances' list."),
        instances=[{"a": [1, 2], "b": 1, "c": 1}],
    ),
    multi(
        "second row is short",
        "",
        400,
        error("Failed to process element: 1 of 'instances' list. JSON object"),
        instances=[{"a": [1, 2], "b": 1}, {"b": 1}],
    ),
    multi(
        "type within",
        "",
        400,
        error(
            "Failed to process element: 0 key: b of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: 1.5 Type: Number is not of expected type: int32"  # noqa: E501
        ),
        instances=[{"a": [1, 2], "b": 1.5}],
    ),
    multi(
        "scalar answer", "scalar_out", 400, error("Tensor name: mean has no shape information"), instances=[1.0, 3.0]
    ),
    multi("uneven answers", "ragged_batch", 400, error("has inconsistent batch size: "), instances=[1.0, 2.0]),
    multi("even by luck", "ragged_batch", expect=predictions([{"all": 1.0, "first": 1.0}]), instances=[1.0]),
    multi("no inputs", "noinput", 400, error("Failed to get input map for signature: noinput"), instances=[1]),
    multi(
        "b64 alone is a value",
        "strings",
        expect=predictions([{"echo_bytes": {"b64": "aGVsbG8="}, "length": 5}]),
        instances=[{"b64": "aGVsbG8="}],
    ),
    multi(
        "b64 in an object",
        "strings",
        expect=predictions([{"echo_bytes": {"b64": "aGVsbG8="}, "length": 5}]),
        instances=[{"s": {"b64": "aGVsbG8="}}],
    ),
    multi(
        "b64 and text",
        "strings",
        expect=predictions([{"echo_bytes": {"b64": "aGk="}, "length": 2}] * 2),
        instances=["hi", {"b64": "aGk="}],
    ),
    multi(
        "half",
        "half_in",
        400,
        error("Error: UNIMPLEMENTED: Conversion of JSON Value: 1.0 to type: half"),
        instances=[1.0],
    ),
]

IMAGE = [[[[1.0]] * 4] * 4]
ROWS += [
    multi("b64 of two inputs", "", 400, {"error_nonempty": True}, instances=[{"b64": "aGk="}]),
]
COLUMNS = [
    post("list", P, {"inputs": [3.0, 4.0]}, **outputs([3.5, 4.0])),
    post("scalar", P, {"inputs": 3.0}, **outputs(3.5)),
    post("named", P, {"inputs": {"x": [3.0]}}, **outputs([3.5])),
    post("named scalar", P, {"inputs": {"x": 3}}, **outputs(3.5)),
    post("null", P, {"inputs": None}, 400, **error("JSON Value: null Type: Null is not of expected type: float")),
    post("empty list", P, {"inputs": []}, **outputs([])),
    post("empty object", P, {"inputs": {}}, 400, **error("Missing named input: x in 'inputs' object.")),
    post("other names are ignored", P, {"inputs": {"x": 1, "z": "?"}}, **outputs(2.5)),
    post(
        "uneven",
        P,
        {"inputs": [[1, 2], [3]]},
        400,
        **error("Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
    ),
    post("too deep", P, {"inputs": [1, [2]]}, 400, **error("Encountered list at unexpected level: 1 expected < 1")),
    post(
        "not deep enough",
        P,
        {"inputs": [[1], 2]},
        400,
        **error("JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
    ),
    multi(
        "two inputs", "", expect=outputs({"sum": [[11.0, 12.0]], "twice": [20]}), inputs={"a": [[1.0, 2.0]], "b": [10]}
    ),
    multi(
        "two as a list",
        "",
        400,
        error(
            "inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map"  # noqa: E501
        ),
        inputs=[[1.0, 2.0]],
    ),
    multi("one of two", "", 400, error("Missing named input: b in 'inputs' object."), inputs={"a": [[1.0, 2.0]]}),
    multi("batches that differ", "", 400, {"error_nonempty": True}, inputs={"a": [[1.0, 2.0]] * 3, "b": [1, 2]}),
    multi("scalar answer", "scalar_out", expect=outputs(2.0), inputs=[1.0, 3.0]),
    multi("uneven answers", "ragged_batch", expect=outputs({"first": [1.0], "all": [1.0, 2.0]}), inputs=[1.0, 2.0]),
    multi("scalars", "scalars", expect={"output_shape": [4, 3]}, inputs={"n": 4, "seed": [1, 2]}),
    multi("no rows of scalars", "scalars", expect=outputs([]), inputs={"n": 0, "seed": [1, 2]}),
    multi("b64 of any rank", "text", expect=outputs("hi"), inputs={"b64": "aGk="}),
    multi("half in", "half_in", 501, error("Conversion of JSON Value: 1.0 to type: half"), inputs=[1.0]),
    multi("half out", "half_out", 400, error("Failed to write JSON value for tensor type: half"), inputs=[1.0]),
    multi("no inputs", "noinput", 400, error("Failed to get input map for signature: noinput"), inputs={}),
    multi("image", "image", expect=outputs([1.0]), inputs=IMAGE),
    multi("wrong width", "image", 400, {"error_nonempty": True}, inputs=[[[[1.0]] * 3] * 4]),
    multi("wrong rank", "image", 400, {"error_nonempty": True}, inputs=IMAGE[0]),
]

TYPES = [
    multi("whole numbers as floats", "ident", expect=predictions([1.0, 2.0]), instances=[1, 2]),
    multi(
        "float digits",
        "ident",
        expect={"float32_equals": [0.1, 1 / 3, 3e-5, 1e-45, 3.4028235e38, 555557.5, 1.0000001]},
        instances=[0.1, 1 / 3, 3e-5, 1e-45, 3.4028235e38, 555557.5, 1.0000001],
    ),
    multi(
        "no more digits than a float has",
        "ident",
        expect={"raw_contains": ["0.1", "[0.1", "0.2"], "float32_equals": [0.1, 0.2]},
        instances=[0.1, 0.2],
    ),
    multi("whole floats keep their point", "ident", expect={"raw_contains": ["3.0"]}, instances=[3]),
    multi(
        "rounding",
        "ident",
        expect={"float32_equals": [16777216.0, 16777220.0, 1435774336.0]},
        instances=[16777217, 16777219, 1435774380],
    ),
    multi(
        "rounding of 64 bits",
        "ident",
        expect={"float32_equals": [18446744073709551615.0, 1e30]},
        instances=[18446744073709551615, 10**30],
    ),
    post(
        "too big for a float",
        "/v1/models/multi:predict",
        '{"signature_name": "ident", "inputs": [1e39, -1e39, 1e-50]}',
        json_equals_nonfinite=["Infinity", "-Infinity", 0.0],
    ),
    post(
        "NaN and Infinity",
        "/v1/models/multi:predict",
        '{"signature_name": "ident", "inputs": [NaN, Infinity, -Infinity, 1, NaN]}',
        json_equals_nonfinite=["NaN", "Infinity", "-Infinity", 1.0, "NaN"],
        raw_contains=["NaN", "-Infinity"],
    ),
    post(
        "Inf and -NaN",
        "/v1/models/multi:predict",
        '{"signature_name": "ident", "inputs": [Inf, -Inf, -NaN]}',
        json_equals_nonfinite=["Infinity", "-Infinity", "NaN"],
    ),
    post(
        "NaN in rows",
        "/v1/models/multi:predict",
        '{"signature_name": "ident", "instances": [{"x": [NaN, 1]}, {"x": [0.1, 2]}]}',
        200,
        raw_contains=["NaN", "0.1", "1.0", "2.0"],
    ),
    post(
        "NaN as text",
        P,
        {"inputs": ["NaN"]},
        400,
        **error('JSON Value: "NaN" Type: String is not of expected type: float'),
    ),
    post(
        "NaN as an integer",
        "/v1/models/multi:predict",
        '{"signature_name": "i32", "inputs": [NaN]}',
        400,
        error_contains="is not of expected type: int32",
    ),
    post(
        "negative zero",
        "/v1/models/multi:predict",
        '{"signature_name": "ident", "inputs": [-0.0]}',
        raw_contains=["-0.0"],
    ),
    multi("double", "dbl", expect=outputs([0.1, 1e300, 5e-324, 1.0]), inputs=[0.1, 1e300, 5e-324, 1]),
    post(
        "NaN as double",
        "/v1/models/multi:predict",
        '{"signature_name": "dbl", "inputs": [NaN, 0.1]}',
        json_equals_nonfinite=["NaN", 0.1],
    ),
    multi(
        "double of a text",
        "dbl",
        400,
        error('JSON Value: "1" Type: String is not of expected type: double'),
        inputs=["1"],
    ),
    multi("int32 limits", "i32", expect=outputs([2147483647, -2147483648]), inputs=[2147483647, -2147483648]),
    multi(
        "above int32",
        "i32",
        400,
        error("JSON Value: 2147483648 Type: Number is not of expected type: int32"),
        inputs=[2147483648],
    ),
    multi("below int32", "i32", 400, error("is not of expected type: int32"), inputs=[-2147483649]),
    multi(
        "1.0 is no integer",
        "i32",
        400,
        error("JSON Value: 1.0 Type: Number is not of expected type: int32"),
        inputs=[1.0],
    ),
    multi("1e2 is none either", "i64", 400, error("is not of expected type: int64"), inputs=[1e2]),
    multi(
        "int64 limits",
        "i64",
        expect=outputs([9223372036854775807, -9223372036854775808, 9007199254740993]),
        inputs=[9223372036854775807, -9223372036854775808, 9007199254740993],
    ),
    multi("above int64", "i64", 400, error("is not of expected type: int64"), inputs=[9223372036854775808]),
    multi("far above int64", "i64", 400, error("is not of expected type: int64"), inputs=[10**25]),
    multi("uint32", "u32", expect=outputs([4294967295, 0]), inputs=[4294967295, 0]),
    multi("negative uint32", "u32", 400, error("is not of expected type: uint32"), inputs=[-1]),
    multi("uint64", "u64", expect=outputs([18446744073709551615]), inputs=[18446744073709551615]),
    multi("negative uint64", "u64", 400, error("is not of expected type: uint64"), inputs=[-1]),
    multi("above uint64", "u64", 400, error("is not of expected type: uint64"), inputs=[18446744073709551616]),
    multi("small integers", "i8", expect=outputs([-128, 127]), inputs=[-128, 127]),
    multi("small ones wrap", "u8", expect=outputs([44, 255]), inputs=[300, -1]),
    multi("as do these", "i16", expect=outputs([-32768]), inputs=[32768]),
    multi("but not beyond 32 bits", "u8", 400, error("is not of expected type: uint8"), inputs=[2147483648]),
    multi("booleans", "flag", expect=outputs([False, True]), inputs=[True, False]),
    multi(
        "1 is no boolean", "flag", 400, error("JSON Value: 1 Type: Number is not of expected type: bool"), inputs=[1]
    ),
    multi(
        "true is no number",
        "ident",
        400,
        error("JSON Value: true Type: True is not of expected type: float"),
        inputs=[True],
    ),
    multi(
        "nor among numbers",
        "i32",
        400,
        error("JSON Value: false Type: False is not of expected type: int32"),
        inputs=[1, False],
    ),
    multi(
        "null among numbers",
        "ident",
        400,
        error("JSON Value: null Type: Null is not of expected type: float"),
        inputs=[1.0, None],
    ),
    multi("object as number", "ident", 400, error("Type: Object is not of expected type: float"), inputs=[{}]),
    multi(
        "b64 as number",
        "ident",
        400,
        error("Type: Object is not of expected type: float"),
        inputs={"x": [{"b64": "aGk="}]},
    ),
    multi("text", "text", expect=outputs(["a", "", 'ü\n"€']), inputs=["a", "", 'ü\n"€']),
    multi("text by b64", "text", expect=outputs([["hi", "x"]]), inputs=[[{"b64": "aGk="}, "x"]]),
    multi(
        "number as text", "text", 400, error("JSON Value: 1 Type: Number is not of expected type: string"), inputs=[1]
    ),
    multi(
        "null as text", "text", 400, error("JSON Value: null Type: Null is not of expected type: string"), inputs=[None]
    ),
    multi("no base64", "text", 400, error("Unable to base64 decode"), inputs=[{"b64": "a*b="}]),
    multi("base64 without its end", "text", expect=outputs(["hi"]), inputs=[{"b64": "aGk"}]),
    multi("too little base64", "text", 400, error("Unable to base64 decode"), inputs=[{"b64": "a"}]),
    multi("empty base64", "text", expect=outputs([""]), inputs=[{"b64": ""}]),
    multi("b64 of a number", "text", 400, error("not formatted correctly for base64 data"), inputs=[{"b64": 1}]),
    multi(
        "b64 and more", "text", 400, error("not formatted correctly for base64 data"), inputs=[{"b64": "aGk=", "x": 1}]
    ),
    multi("no text", "text", expect=outputs([]), inputs=[]),
    multi(
        "bytes are b64",
        "strings",
        expect=outputs({"echo_bytes": [{"b64": "/wA="}], "length": [2]}),
        inputs=[{"b64": "/wA="}],
    ),
]

E = "/v1/models/examples"
EXAMPLES = [
    post(
        "classify",
        f"{E}:classify",
        {"signature_name": "classify", "examples": [{"x": 0.25}, {"x": 1.0}]},
        json_equals={"results": [[["small", 0.75], ["large", 0.25]], [["small", 0.0], ["large", 1.0]]]},
    ),
    post(
        "scores alone",
        f"{E}:classify",
        {"signature_name": "scores", "examples": [{"x": 0.5}]},
        json_equals={"results": [[["", 0.5]]]},
    ),
    post(
        "regress",
        f"{E}:regress",
        {"signature_name": "regress", "examples": [{"x": 0.25}, {"x": [1.5]}]},
        json_equals={"results": [0.5, 3.0]},
    ),
    post(
        "regress in a column",
        f"{E}/versions/1:regress",
        {"signature_name": "columns", "examples": [{"x": 0.25}]},
        json_equals={"results": [0.5]},
    ),
    post(
        "context",
        f"{E}:regress",
        {"signature_name": "regress", "context": {"x": 0.5}, "examples": [{}, {"x": 1.5}]},
        json_equals={"results": [1.0, 3.0]},
    ),
    post(
        "wrong shape",
        f"{E}:regress",
        {"signature_name": "wide", "examples": [{}]},
        400,
        **error("Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [1,2]"),
    ),
    post(
        "wrong type",
        f"{E}:regress",
        {"signature_name": "whole", "examples": [{}]},
        400,
        **error("Expected output Tensor of DT_FLOAT.  Got: DT_INT32"),
    ),
    post(
        "no classification",
        f"{E}:classify",
        {"examples": [{"x": 1.0}]},
        400,
        **error("No classification inputs found in SignatureDef"),
    ),
    post(
        "no regression",
        f"{E}:regress",
        {"examples": [{"x": 1.0}]},
        400,
        **error("No regression inputs found in SignatureDef"),
    ),
    post(
        "two inputs",
        "/v1/models/multi:classify",
        {"examples": [{"x": 1.0}]},
        400,
        **error("Expected one input Tensor."),
    ),
    post(
        "no such signature",
        f"{E}:regress",
        {"signature_name": "x", "examples": [{}]},
        400,
        **error("No signature was found with the name: x"),
    ),
    post("unknown model", "/v1/models/nope:classify", {"examples": [{}]}, 404, **error("Latest(nope)")),
    post("no examples", f"{E}:classify", {}, 400, **error("key 'examples' is expected and was not found")),
    post(
        "examples of what",
        f"{E}:classify",
        {"examples": {}},
        400,
        **error("Expecting 'examples' value to be an list/array"),
    ),
    post("none", f"{E}:regress", {"examples": []}, 400, **error("'examples' value is an empty array")),
    post(
        "a number", f"{E}:regress", {"examples": [1]}, 400, **error("Example must be JSON object but got JSON Number")
    ),
    post(
        "kinds",
        f"{E}:regress",
        {"examples": [{"x": [1.5, 1]}]},
        400,
        **error("Unexpected element type in feature: x expecting type: float"),
    ),
    post(
        "null",
        f"{E}:regress",
        {"examples": [{"x": None}]},
        400,
        **error("Feature: x has element with unexpected JSON type: Null"),
    ),
    post(
        "list in list",
        f"{E}:regress",
        {"examples": [{"x": [[1.0]]}]},
        400,
        **error("Feature: x has element with unexpected JSON type: Array"),
    ),
    post(
        "uint64",
        f"{E}:regress",
        {"examples": [{"x": 2**63}]},
        400,
        **error("Feature: x has uint64_t element. Only int64_t is supported."),
    ),
    post("empty", f"{E}:regress", "", 400, **error("JSON Parse error: The document is empty")),
]

ALL = [*STATUS, *METADATA, *PATHS, *WHERE, *TEXT, *ROWS, *COLUMNS, *TYPES, *EXAMPLES]
