"""Ends of processes: signals that ask for one, and children that must not outlive their parent."""

import contextlib
import ctypes
import os
import signal
import sys
import threading

#: what a scheduler, a terminal that closes, and Ctrl-C send
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PARENT = "KERASZOO_PARENT"  # environment variable of a child that is to die with this process
_PR_SET_PDEATHSIG = 1


@contextlib.contextmanager
def stopping_signals(receive):
    """Inside, `receive(number, frame)` is called for each stopping signal of this process that is not ignored.

    Does nothing in other threads than the main one, which receive no signals.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in STOPPING:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, receive)
    try:
        yield before
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave(number, frame):
    """A signal handler: ends the process as `exit` does, so that what is half written is removed on the way."""
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


def environment_of_child():
    """Environment variables of a child that calls `die_with_parent`."""
    return {PARENT: str(os.getpid())}


def die_with_parent():
    """Has Linux kill this process when its parent ends, however that ends, if the parent asked for it."""
    parent = os.environ.pop(PARENT, None)
    if parent is None or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):  # it ended before
        os.kill(os.getpid(), signal.SIGKILL)


class Unfailing:
    """A text stream that goes silent when it can no longer be written: a full disk, or a pipe that nobody reads.

    Args:
        stream: such as `sys.stdout`.
    """

    def __init__(self, stream):
        self._stream = stream

    def write(self, text):
        self._try(self._stream.write, text)
        return len(text)

    def flush(self):
        self._try(self._stream.flush)

    def _try(self, action, *arguments):
        try:
            action(*arguments)
        except OSError:  # what is held back goes nowhere too, and so can be flushed
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name):
        return getattr(self._stream, name)
