"""Thousands of requests that are wrong in some way: the server refuses them in one line and goes on."""

import collections
import http.client
import json
import re

import grpc
import pytest
from hostile import Grpc, Hostile, Http

from keraszoo.export import Client

# 5xx that TensorFlow Serving answers too: 501, and INTERNAL to bytes that are no message
HTTP = {200, 400, 404, 405, 413, 501}
GRPC = {
    "OK", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "UNIMPLEMENTED", "RESOURCE_EXHAUSTED",
    "INTERNAL: The message cannot be parsed",
}  # fmt: skip
#: what tells of the server's machine or of its program
INSIDE = re.compile(r'Traceback|site-packages|File "|\.py\b|Exception|<class|/tmp/|/home/|/usr/|/root/')


class Asker:
    """Sends requests over one connection of each kind, and judges the answers."""

    def __init__(self, server):
        self._inside = re.compile(f"{INSIDE.pattern}|{re.escape(str(server.root))}")
        self._http = http.client.HTTPConnection(server.rest, timeout=60)
        self._grpc = grpc.insecure_channel(server.grpc, options=[("grpc.max_receive_message_length", -1)])

    def ask(self, request):
        """(status, what is wrong with the answer or None)."""
        if isinstance(request, Http):
            status, kind, body = self._over_http(request)
            allowed = status in HTTP
            if kind == "application/json" and request.method != "HEAD":
                answer = json.loads(body.decode(errors="replace"))
                allowed &= status == 200 or bool(answer["error"])
            elif kind:  # the explorer's page, whose program may say what it likes
                return status, None if allowed else body
        else:
            status, body = self._over_grpc(request)
            allowed = status in GRPC or f"{status}: {body.decode()}" in GRPC
        told = self._inside.search(body.decode(errors="replace"))
        return status, None if allowed and not told else body[:500]

    def _over_http(self, request):
        try:
            self._http.request(request.method, request.path, request.body, request.headers or {})
        except OSError:  # it was idle for too long
            self._http.close()
            self._http.request(request.method, request.path, request.body, request.headers or {})
        response = self._http.getresponse()
        return response.status, response.headers.get("content-type", ""), response.read()

    def _over_grpc(self, request):
        try:
            return "OK", self._grpc.unary_unary(request.method)(request.message, timeout=60)
        except grpc.RpcError as error:
            return error.code().name, (error.details() or "").encode()

    def close(self):
        self._http.close()
        self._grpc.close()


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("ConditionalVAE", 200),
        *(pytest.param(name, 10_000, marks=pytest.mark.slow) for name in
          ("VAE", "ConvolutionalVAE", "Classifier", "Points", "UNet")),
    ],
)  # fmt: skip
def test_nothing_that_is_sent_brings_the_server_down_or_makes_it_talk(zoo_server, name, count):
    hostile, asker = Hostile(name, zoo_server.serve(name)), Asker(zoo_server)
    seen, begun = collections.Counter(), len(zoo_server.said)
    try:
        for number in range(count):
            kind, request = hostile.request(number)
            status, wrong = asker.ask(request)
            seen[type(request), status] += 1
            assert wrong is None, (kind, number, status, wrong)
    finally:
        asker.close()
    assert seen[Http, 200] and seen[Http, 400] and seen[Http, 404] and seen[Grpc, "OK"] and seen[Grpc, "NOT_FOUND"]
    assert not [line for line in zoo_server.said[begun:] if "Traceback" in line], zoo_server.said[begun:]
    for address in (f"http://{zoo_server.rest}", f"grpc://{zoo_server.grpc}"):
        with Client(address, name) as client:
            for signature, (inputs, outputs) in hostile.examples.items():
                answer = client.predict(inputs, signature)
                assert all(answer[key].tobytes() == want.tobytes() for key, want in outputs.items()), signature
    print(f"{name}: {count} requests,", ", ".join(f"{key[1]}: {times}" for key, times in sorted(seen.items(), key=str)))
