"""Runs cases of TensorFlow Serving's behaviour, requests and what must be answered, against any server of its API."""

import base64
import http.client
import json

import numpy as np

_TOKENS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def send(address, method, path, body=None, headers=None):
    """The status, headers and body (bytes) with which `host:port` answers."""
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def failure(address, case):
    """Why the answer to a case is not as it should be, None when it is."""
    request, expect = case["request"], case["expect"]
    if "json" in request:
        body = json.dumps(request["json"]).encode()
    elif "base64_body" in request:
        body = base64.b64decode(request["base64_body"])
    else:
        body = request.get("raw_body", "").encode()
    if request["method"] == "GET":
        body = None
    status, headers, raw = send(address, request["method"], request["path"], body, request.get("headers"))
    if status != expect["status"]:
        return f"status {status} instead of {expect['status']}: {raw[:300]!r}"
    if "content_type" in expect and headers["content-type"] != expect["content_type"]:
        return f"content type {headers['content-type']}"
    for name in expect.get("absent_headers", []):
        if name in headers:
            return f"header {name}"
    for text in expect.get("raw_contains", []):
        if text.encode() not in raw:
            return f"{text!r} is not in {raw[:300]!r}"
    try:
        answer = json.loads(raw) if raw else None
    except ValueError:
        return f"no JSON: {raw[:300]!r}"
    for kind, rule in _RULES.items():
        if kind in expect and not rule(answer, expect[kind]):
            return f"{kind} {expect[kind]!r}: {answer!r}"
    unknown = expect.keys() - _RULES.keys() - {"status", "content_type", "absent_headers", "raw_contains"}
    return f"unknown rules {unknown}" if unknown else None


def _value(answer):
    return answer["predictions"] if "predictions" in answer else answer["outputs"]


def _error(answer):
    return answer["error"] if isinstance(answer, dict) and answer.keys() == {"error"} else None


def _same_number(got, want):
    want = _TOKENS.get(want, want)
    return got == want or (got != got and want != want)


def _at(answer, path):
    for key in path.split("."):
        answer = answer[int(key)] if isinstance(answer, list) else answer[key]
    return answer


def _same_float32(answer, want):
    return np.float32(_value(answer)).tobytes() == np.float32(want).tobytes()


_RULES = {
    "json_equals": lambda answer, want: answer == want,
    "error_contains": lambda answer, want: isinstance(_error(answer), str) and want in _error(answer),
    "error_nonempty": lambda answer, want: bool(_error(answer)),
    "json_equals_nonfinite": lambda answer, want: all(map(_same_number, _value(answer), want)),
    "float32_equals": _same_float32,
    "output_shape": lambda answer, want: list(np.shape(_value(answer))) == want,
    "json_paths": lambda answer, want: all(_at(answer, path) == value for path, value in want.items()),
    "json_contains_versions": lambda answer, want: (
        set(map(str, want)) <= {each["version"] for each in answer["model_version_status"]}
    ),
    "json_keys": lambda answer, want: set(answer) == set(want),
}
