"""Asking a training to stop: SIGTERM, as schedulers send it, or Ctrl-C."""

import signal
import threading

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequest:
    """While it is entered, the first signal only sets `requested` to its name; a second one ends the process at once.

    Signals that are ignored (those of a background job) stay so. In other threads than the main one, which receive no
    signals, it does nothing.
    """

    requested = None

    def __enter__(self):
        self._before = {}
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *exception):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number, frame):
        self.requested = signal.Signals(number).name
        for number in self._before:
            signal.signal(number, signal.SIG_DFL)
