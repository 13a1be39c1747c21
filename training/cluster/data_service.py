"""A tf.data service: the whole of `keraszoo data-service`."""

import contextlib
import signal
import socket
import threading

import tensorflow as tf

from keraszoo.core.errors import AddressTaken, InputError
from keraszoo.data.pipeline.service import check_answer
from keraszoo.system.failures import reason


def serve(workers, host="127.0.0.1", port=5050, dispatcher=None, say=print):
    """Runs a dispatcher and its workers until SIGINT or SIGTERM.

    The workers read, decode, shuffle and batch what trainings with `--data-service` ask for; a training asks the
    dispatcher who they are. More machines join with `dispatcher`.

    Args:
        workers: number of workers in this process, at least 0; each uses all of its cores.
        host: name under which other processes reach this machine.
        port: of the dispatcher; 0 takes a free one.
        dispatcher: host:port of a dispatcher that runs already, to which these workers belong.
        say: receives a line when the service is there.

    Raises:
        InputError: arguments that cannot be.
        AddressTaken: another process listens at that port.
    """
    if workers < (1 if dispatcher else 0):
        raise InputError(f"--workers must be at least {1 if dispatcher else 0}. Received: {workers}.")
    if not 0 <= port < 65536:
        raise InputError(f"--port must be from 0 to 65535. Received: {port}.")
    if dispatcher:
        check_answer(dispatcher)
    elif port:
        _check_free(port)
    service = tf.data.experimental.service
    with _signals() as stop:
        own = None
        if dispatcher is None:
            own = service.DispatchServer(service.DispatcherConfig(port=port))
            dispatcher = f"{host}:{own.target.rpartition(':')[2]}"
        configuration = service.WorkerConfig(dispatcher_address=dispatcher, worker_address=f"{host}:%port%")
        started = [service.WorkerServer(configuration) for _ in range(workers)]
        say(f"tf.data service at {dispatcher} with {workers} workers here. Use it with --data-service {dispatcher}")
        while not stop.wait(0.2):  # Python handles signals between the waits
            pass
        del started, own  # this order: workers take leave of the dispatcher


def _check_free(port):
    """TensorFlow would share the port with the other process, and each would get some of the calls."""
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError as error:
            raise AddressTaken(f"The port is taken: {reason(error)}. Received: --port {port}.") from error


@contextlib.contextmanager
def _signals():
    """An event that SIGINT and SIGTERM set instead of ending this process."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
