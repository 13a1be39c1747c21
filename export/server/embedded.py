"""The embedded server: loads what is there, listens, and stops when it is asked to, with no request lost."""

import asyncio
import contextlib
import functools
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
import uvloop

from keraszoo.core.errors import AddressTaken, InputError

from ..outside.session import disable_xla
from ..wire.status import Refused
from . import grpc_services, metrics, rest
from .examples import ExampleServices
from .models import Models, check_root
from .predict import Predictor
from .selection import Policy
from .servable import Servable
from .work import Limits, Work

_STOPPING = (signal.SIGTERM, signal.SIGINT)


def serve(
    root: str | os.PathLike,
    *,
    host: str = "127.0.0.1",
    rest_port: int = 8501,
    grpc_port: int = 8500,
    policy: Policy | None = None,
    labels: Mapping[str, Mapping[str, int]] | None = None,
    allow_unverified: bool = False,
    batching: bool = False,
    limits: Limits | None = None,
    poll_seconds: float = 1.0,
    say: Callable[[str], Any] = print,
) -> None:
    """Serves the models in a directory over REST and gRPC until the process is asked to stop.

    Args:
        root: directory with a folder for each model, as `keraszoo.export.export` writes them.
        host: address to listen on; others than this machine reach the server only where it is told so.
        rest_port, grpc_port: 0 for any free one.
        policy: `selection.Policy`; the newest version of each model by default.
        labels: `{model: {label: version}}`.
        allow_unverified: whether SavedModels without a manifest are served. A SavedModel is a program.
        batching: whether requests of several clients are merged, where a version has batching_params.pbtxt.
        limits: `Limits`.
        poll_seconds: between two looks at the directory.
        say: function that takes a line about what happens.

    Raises:
        InputError: when nothing can be served, or a port is taken.
    """
    check_root(root)
    disable_xla()
    limits = limits or Limits()
    work = Work(limits, meeting=batching)
    places = threading.BoundedSemaphore(limits.running) if batching else None
    load = functools.partial(Servable, places=places)
    models = Models(root, policy or Policy(latest=1), allow_unverified=allow_unverified, say=say, load=load)
    with contextlib.closing(_listener(host, rest_port)) as listener:  # a taken port is told before anything is loaded
        models.poll()
        try:
            if not models.available():
                raise InputError(f"There is nothing in {root} that can be served.")
            models.set_labels(labels or {})
            uvloop.run(_serve(models, limits, work, listener, host, grpc_port, poll_seconds, say))
        except Refused as refused:
            known = "; ".join(f"{name}: {', '.join(map(str, found))}" for name, found in models.available().items())
            raise InputError(f"{refused.message}. Served are {known}; --versions all serves every one.") from None
        finally:
            models.close()


async def _serve(models, limits, work, listener, host, grpc_port, poll_seconds, say):
    counters = metrics.Metrics()
    predictor = Predictor(models, limits, counters)
    examples = ExampleServices(models, limits, predictor)
    application = rest.application(
        models,
        work,
        counters,
        {
            "predict": predictor.from_json,
            "classify": examples.classify_json,
            "regress": examples.regress_json,
        },
    )
    prediction = grpc_services.Prediction(
        models,
        work,
        counters,
        {"Predict": predictor.from_proto, "Classify": examples.classify, "Regress": examples.regress},
    )
    grpc_server = grpc_services.server(limits, prediction, grpc_services.Model(models, work, counters))
    grpc_port = _bind(grpc_server, host, grpc_port)
    http_server = _Http(
        uvicorn.Config(
            application,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=limits.stopping,
        )
    )
    # The lists of a request in JSON are no garbage to look for: the search was seen to take two thirds of reading them.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    await grpc_server.start()
    models.watch(poll_seconds)
    _stop_on_signals(http_server)
    _announce(models, say, host, listener.getsockname()[1], grpc_port)
    try:
        await http_server.serve([listener])
    finally:
        say("Stopping: requests that have begun are answered")
        await grpc_server.stop(limits.stopping)
        work.close()


class _Http(uvicorn.Server):
    """uvicorn's server; the signals are ours, as they stop two servers."""

    @contextlib.contextmanager
    def capture_signals(self):
        yield


def _stop_on_signals(http_server):
    def stop():
        http_server.force_exit = http_server.should_exit  # the second signal does not wait
        http_server.should_exit = True

    for number in _STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stop)


def _listener(host, port):
    """A listening socket."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise InputError(f"--host is an address of this machine, such as 127.0.0.1. Received: {host!r}.") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise AddressTaken(f"Cannot listen on {host}:{port}: {error.strerror}; 0 takes any free port.") from None
    return listener


def _bind(grpc_server, host, port):
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        bound = grpc_server.add_insecure_port(address)
    except RuntimeError:
        bound = 0
    if not bound:
        raise AddressTaken(f"Cannot listen on {address}: it is taken; 0 takes any free port.")
    return bound


def _announce(models, say, host, rest_port, grpc_port):
    say(f"REST: http://{host}:{rest_port}")
    say(f"gRPC: {host}:{grpc_port}")
    say(f"Explore: http://{host}:{rest_port}/explore")
    for name, numbers in models.available().items():
        labels = "".join(f", {label} is {number}" for label, number in models.labels().get(name, {}).items())
        say(f"Serving {name}: version {', '.join(map(str, numbers))}{labels}")
    say("Ready. Ctrl-C stops.")
