"""The REST side: TensorFlow Serving's paths and answers, its metrics, and a page that tells whether it is well."""

import asyncio
import re
import time
import urllib.parse
import zlib

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ..wire.status import Code, Refused, invalid
from . import explorer, information, metrics

_PREDICTION = re.compile(
    r"/v1/models/([^/:]+)(?:(?:/versions/(\d+))|(?:/labels/([^/:]+)))?:(classify|regress|predict)",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_STATUS = re.compile(
    r"/v1/models(?:/([^/:]+))?(?:(?:/versions/(\d+))|(?:/labels/([^/:]+)))?(?:/(metadata))?",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_RETRY_AFTER = "1"  # seconds
_DRAINED = 256 * 2**20  # bytes of a body that is too long which are read, so that the client comes to see the answer


class Rest:
    """TensorFlow Serving's REST API, an ASGI application.

    Args:
        models, work, counters: `Models`, `Work`, `Metrics`.
        methods: `{"predict" | "classify" | "regress": function (model, number, label, body) -> body}`.
    """

    def __init__(self, models, work, counters, methods):
        self._models, self._work, self._metrics, self._methods = models, work, counters, methods

    async def __call__(self, scope, receive, send):
        await (await self._respond(Request(scope, receive)))(scope, receive, send)

    async def _respond(self, request):
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1").partition("?")[0]
        if not path.lower().startswith("/v1/"):
            return Response(status_code=404)
        if request.method == "OPTIONS":
            return _preflight(request)
        start, counted, api = time.perf_counter(), "", ""
        code, headers = Code.OK, {}
        try:
            name, number, label, api, what = _parsed(request.method, path)
            counted = name if self._models.answers(name) else ""
            body, status = await what(self, request, name, number, label, api), 200
        except Refused as refused:
            body, status, code = orjson.dumps({"error": _readable(refused.message)}), refused.http, refused.code
            headers = {"Retry-After": _RETRY_AFTER} if code is Code.UNAVAILABLE else {}
        except ClientDisconnect:
            return Response(status_code=499)
        self._metrics.request(counted, api, "REST", code, time.perf_counter() - start)
        return Response(body, status, headers, media_type="application/json")

    async def _predict(self, request, name, number, label, api):
        try:
            async with asyncio.timeout(self._work.limits.seconds):
                body = await _body(request, self._work.limits.body)
        except TimeoutError:
            raise Refused(Code.DEADLINE_EXCEEDED, "The request's body did not arrive in time", 408) from None
        return await self._work.run(self._methods[api], name, number, label, body)

    async def _status(self, request, name, number, label, api):
        return orjson.dumps(information.status_json(self._models, name, number), option=orjson.OPT_INDENT_2)

    async def _metadata(self, request, name, number, label, api):
        return orjson.dumps(information.metadata_json(self._models, name, number, label), option=orjson.OPT_INDENT_2)


def _parsed(method, path):
    """The model, version number, label, name of the method and the function that answers.

    Raises:
        Refused: when a path or a method is not of the API.
    """
    pattern = {"POST": _PREDICTION, "GET": _STATUS}.get(method)
    match = pattern.fullmatch(path) if pattern else None
    if not match:
        raise invalid(f"Malformed request: {method} {path}")
    name, number, label, last = match.groups()
    number = None if number is None else _version(number)
    label = None if label is None else _decoded(label)
    name = _decoded(name or "")
    if method == "POST":
        return name, number, label, last.lower(), Rest._predict
    if not name:
        raise invalid("Missing model name in request.")
    return name, number, label, "", Rest._metadata if last else Rest._status


def _version(digits):
    significant = digits.lstrip("0") or "0"
    if len(significant) > 19 or int(significant) >= 2**63:
        raise invalid(f"Failed to convert version: {digits[:40]} to numeric.")
    return int(significant)


def _decoded(text):
    return urllib.parse.unquote_to_bytes(text.encode("latin-1")).decode("utf-8", "replace")


def _readable(message):
    """`message` without what cannot be encoded, such as half of a surrogate pair that a client sent."""
    return message.encode("utf-8", "replace").decode()


def _preflight(request):
    """The answer to a browser that asks whether it may: no page of another origin may, unless a server says so."""
    asked = re.search("https?://", request.headers.get("origin", ""))
    return Response(status_code=200 if asked else 400)


async def _body(request, most):
    """The body of a request.

    Raises:
        Refused: when it is longer than `most` bytes; what comes after them is not kept.
    """
    pieces, size = [], 0
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > _DRAINED:
        raise _too_long(most)
    async for piece in request.stream():
        size += len(piece)
        if size > _DRAINED:
            break
        if size <= most:
            pieces.append(piece)
        else:
            pieces.clear()
    if size > most:
        raise _too_long(most)
    body = b"".join(pieces)
    return _unpacked(body, most) if "gzip" in request.headers.get("content-encoding", "") else body


def _unpacked(body, most):
    """A body that was compressed with gzip; nothing where it was not, as TensorFlow Serving has it."""
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        unpacked = unpacking.decompress(body, most + 1)
    except zlib.error:
        return b""
    if len(unpacked) > most:
        raise _too_long(most)
    return unpacked


def _too_long(most):
    return Refused(Code.RESOURCE_EXHAUSTED, f"A request may have at most {most} bytes", 413)


def application(models, work, counters, methods):
    """The whole REST side, an ASGI application."""

    async def prometheus(request):
        return Response(counters.page(), media_type="text/plain; version=0.0.4")

    async def health(request):
        answering = models.available()
        body = orjson.dumps({"status": "ok" if answering else "no model answers", "models": answering})
        return Response(body, 200 if answering else 503, media_type="application/json")

    rest = Rest(models, work, counters, methods)
    pages = Starlette(routes=[Route(metrics.PATH, prometheus), Route("/health", health), *explorer.routes()])
    pages.router.redirect_slashes = False
    pages.router.default = rest  # of any path: a route's pattern ends at a newline

    async def chosen(scope, receive, send):  # without the detour over all routes
        predicts = scope["type"] == "http" and scope["path"].startswith("/v1/")
        await (rest if predicts else pages)(scope, receive, send)

    return chosen
