"""Several workers on one machine: the whole of `keraszoo launch`. Imports no TensorFlow."""

import contextlib
import errno
import json
import math
import os
import pathlib
import selectors
import signal
import socket
import subprocess
import sys
import time

from keraszoo import recipes
from keraszoo.core.errors import AddressTaken, InputError, Preempted
from keraszoo.system.processes import environment_of_child, stopping_signals

POLL_SECONDS = 0.05
LAST_WORDS_SECONDS = 0.5  # from the first failure to SIGKILL: time for the others to say what they know
GRACE_SECONDS = 60  # from a forwarded signal to SIGKILL: time to leave
PORT_ATTEMPTS = 5


def launch(arguments, workers, max_restarts=0):
    """Runs `keraszoo train ARGUMENTS` in that many processes that train together; returns the exit code.

    When one worker dies the others, which would wait for it, are killed and the whole job ends with its exit code
    (128 + n for signal n), or starts again, from the run's newest checkpoint if there is one. Mistakes of the user
    (exit code 2) and trainings that were asked to stop (75) are not tried again. SIGINT, SIGTERM and SIGHUP are passed
    on to the workers, which have 60 s to leave; a second one kills them. They die with this process.

    Args:
        arguments: of the verb train, a list of strings; `--strategy multi_worker` is added.
        workers: number of processes.
        max_restarts: how often the whole job is started again.

    Raises:
        InputError: arguments that cannot be launched.
    """
    arguments = _checked(arguments, workers, max_restarts)
    restarts = attempts = 0
    with _signals() as received:
        while True:
            job = Job(_command(arguments), _environments(workers))
            code, worker = job.run(received)
            if code == 0 or received:
                return code
            if code == AddressTaken.exit_code and attempts < PORT_ATTEMPTS:
                attempts += 1
                _say(f"worker {worker} found its port taken; trying other ports")
                continue
            _say(f"worker {worker} ended with exit code {code}; the job is stopped")
            if code in (InputError.exit_code, Preempted.exit_code) or restarts == max_restarts:
                return code
            restarts += 1
            if _run_exists(arguments) and "--resume" not in arguments:
                arguments = [*arguments, "--resume"]
            _say(f"restart {restarts} of {max_restarts}")


class Job:
    """The processes of one attempt, each the leader of a session of its own.

    Args:
        command: list of strings, the same for all.
        environments: the environment variables of each.
    """

    def __init__(self, command, environments):
        self.output = selectors.DefaultSelector()
        self.processes = []
        try:
            for rank, environment in enumerate(environments):
                process = subprocess.Popen(
                    command,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
                self.processes.append(process)
                for pipe, stream in ((process.stdout, sys.stdout), (process.stderr, sys.stderr)):
                    os.set_blocking(pipe.fileno(), False)
                    self.output.register(pipe, selectors.EVENT_READ, Lines(f"[worker {rank}] ", stream))
        except BaseException:
            self.kill()
            raise

    def run(self, received):
        """Waits for the end; returns (exit code, worker): those of the first worker that failed, or (0, None).

        Args:
            received: list to which signals are appended while this runs; they are passed on.
        """
        failure, deadline, passed_on = None, math.inf, False
        try:
            while any(process.poll() is None for process in self.processes) and time.monotonic() < deadline:
                self._forward_output(POLL_SECONDS)
                if received and not passed_on:
                    passed_on, deadline = True, time.monotonic() + GRACE_SECONDS
                    self._send(received[0])
                elif len(received) > 1:
                    break
                elif not received and failure is None:
                    failure = self._failure()
                    deadline = time.monotonic() + LAST_WORDS_SECONDS if failure else math.inf
            self.kill()
            return failure or self._failure() or (0, None)
        finally:
            self.kill()
            self._forward_output(0)
            for key in list(self.output.get_map().values()):
                self._close(key)
            self.output.close()

    def kill(self):
        """Ends every process of every session, and waits until they are gone."""
        self._send(signal.SIGKILL)
        for process in self.processes:
            process.wait()

    def _send(self, number):
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):  # the session of a process that has ended may go on
                os.killpg(process.pid, number)

    def _failure(self):
        """(exit code, worker) of the first worker that has failed, None when none has."""
        for rank, process in enumerate(self.processes):
            code = process.poll()
            if code:
                return (code if code > 0 else 128 - code), rank
        return None

    def _forward_output(self, seconds):
        if not self.output.get_map():
            time.sleep(seconds)
        for key, _ in self.output.select(seconds):
            while content := _read(key.fileobj):
                key.data.write(content)
            if content == b"":
                self._close(key)

    def _close(self, key):
        key.data.close()
        self.output.unregister(key.fileobj)
        key.fileobj.close()


class Lines:
    """Passes whole lines on, each behind a prefix."""

    def __init__(self, prefix, stream):
        self.prefix, self.stream, self.rest = prefix, stream, b""

    def write(self, content):
        *lines, self.rest = (self.rest + content).split(b"\n")
        for line in lines:
            self.stream.write(f"{self.prefix}{line.decode(errors='replace')}\n")
        self.stream.flush()

    def close(self):
        if self.rest:
            self.write(b"\n")


def free_ports(count):
    """Ports of 127.0.0.1 at which nobody listens, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _environments(workers):
    """The environment of each worker: TF_CONFIG, and its share of CUDA_VISIBLE_DEVICES."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(workers)]
    devices = [device for device in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if device]
    if len(devices) % workers:
        raise InputError(
            f"CUDA_VISIBLE_DEVICES is dealt out evenly, so the number of devices must be a multiple of {workers}. "
            f"Received: {','.join(devices)}."
        )
    share = len(devices) // workers
    environments = []
    for rank in range(workers):
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(config), "PYTHONUNBUFFERED": "1"}
        environment |= environment_of_child()
        if devices:
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(devices[rank * share : (rank + 1) * share])
        environments.append(environment)
    return environments


def _command(arguments):
    return [sys.executable, "-m", "keraszoo", "train", *arguments]


def _checked(arguments, workers, max_restarts):
    """`arguments` with the strategy."""
    if workers < 1:
        raise InputError(f"--workers must be at least 1. Received: {workers}.")
    if max_restarts < 0:
        raise InputError(f"--max-restarts must be at least 0. Received: {max_restarts}.")
    arguments = list(arguments)
    strategy = _option(arguments, "--strategy")
    if strategy is None:
        return [*arguments, "--strategy", "multi_worker"]
    if strategy != "multi_worker":
        raise InputError(f"keraszoo launch is for --strategy multi_worker. Received: {strategy!r}.")
    return arguments


def _run_exists(arguments):
    """Whether there is a run to resume in the directory that `keraszoo train ARGUMENTS` fills."""
    path = _option(arguments, "--run")
    if path is None:
        path = pathlib.Path("runs", recipes.get(arguments[0]).name)
    return pathlib.Path(path, "recipe.json").exists()


def _option(arguments, name):
    """The value of an option, written `--name value` or `--name=value`; None when it is not there."""
    for i, argument in enumerate(arguments):
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
        if argument == name and i + 1 < len(arguments):
            return arguments[i + 1]
    return None


@contextlib.contextmanager
def _signals():
    """A list that receives the signals that ask this process to stop."""
    received = []
    with stopping_signals(lambda number, frame: received.append(number)):
        yield received


def _read(pipe):
    """What is there to read: b"" at the end, None when there is nothing yet."""
    try:
        return os.read(pipe.fileno(), 65536)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EWOULDBLOCK):
            return None
        raise


def _say(text):
    print(f"[launch] {text}", file=sys.stderr, flush=True)
