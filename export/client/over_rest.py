"""Requests over HTTP, in TensorFlow Serving's JSON."""

import http.client
import urllib.parse

import orjson

from ..wire import json_tensors, json_text
from ..wire.status import HTTP, Refused
from .errors import ServingError, Unavailable

_CODES = {status: code.name for code, status in reversed(HTTP.items())} | {400: "INVALID_ARGUMENT"}


class Channel:
    """A model at the end of HTTP connections, as many as there are requests at once.

    Args:
        place: `HOST:PORT`.
        model, version, label: of what is asked.
        timeout: seconds.
        encrypted: whether it is HTTPS.
    """

    def __init__(self, place, model, version, label, timeout, encrypted=False):
        self._make = lambda: (http.client.HTTPSConnection if encrypted else http.client.HTTPConnection)(
            place, timeout=timeout
        )
        self._place, self._timeout = place, timeout
        self._model_path = f"/v1/models/{urllib.parse.quote(model, safe='')}"
        chosen = f"/versions/{version}" if version is not None else ""
        chosen = f"/labels/{urllib.parse.quote(label, safe='')}" if label is not None else chosen
        self._path = self._model_path + chosen
        self._idle = []  # connections

    def predict(self, signature, arrays, sides):
        request = {
            "signature_name": signature,
            "inputs": {name: json_tensors.writable(array, as_bytes=True) for name, array in arrays.items()},
        }
        body = orjson.dumps(request, option=orjson.OPT_SERIALIZE_NUMPY)
        value = self._ask("POST", f"{self._path}:predict", body)["outputs"]
        infos = sides["outputs"]
        values = value if len(infos) > 1 else dict.fromkeys(infos, value)
        return {name: _array(values[name], info) for name, info in infos.items()}

    def metadata(self):
        return self._ask("GET", f"{self._path}/metadata")["metadata"]["signature_def"]["signature_def"]

    def versions(self):
        told = self._ask("GET", self._model_path)["model_version_status"]
        return {int(each["version"]): each["state"] for each in told}

    def close(self):
        while self._idle:
            self._idle.pop().close()

    def _ask(self, method, path, body=None):
        """The answer, a dictionary."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._make()
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        except TimeoutError:
            connection.close()
            raise ServingError("DEADLINE_EXCEEDED", f"{self._place} did not answer in {self._timeout:g} s.") from None
        except (OSError, http.client.HTTPException) as error:
            connection.close()  # also a connection that the server has closed since the last request
            why = getattr(error, "strerror", None) or type(error).__name__
            raise Unavailable(f"{self._place} cannot be reached: {why}.") from None
        self._idle.append(connection)
        if response.status == 200:
            try:
                return json_text.parse(answer)
            except Refused:
                raise ServingError("UNKNOWN", f"{self._place} answers, but not as TensorFlow Serving does.") from None
        message = _message(answer) or response.reason
        if response.status == 503:
            after = response.headers.get("Retry-After", "0")
            raise Unavailable(f"{self._place}: {message}", float(after) if after.isdecimal() else 0.0)
        raise ServingError(_CODES.get(response.status, "UNKNOWN"), f"{self._place} refused: {message}")


def _array(value, info):
    try:
        return json_tensors.tensor(value, info["dtype"])
    except Refused as refused:
        raise ServingError("UNKNOWN", f"The answer is not of dtype {info['dtype']}: {refused.message}") from None


def _message(answer):
    try:
        return str(orjson.loads(answer)["error"])
    except (ValueError, TypeError, KeyError):
        return answer[:200].decode(errors="replace")
