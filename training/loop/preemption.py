"""Asking a training to stop: SIGTERM, as schedulers send it, SIGHUP of a terminal that closes, or Ctrl-C."""

import contextlib
import signal

from keraszoo.core.replicas import sum_over_workers
from keraszoo.system.processes import stopping_signals


class StopRequest:
    """While it is entered, the first signal is only remembered for `agreed`; a second one ends the process at once.

    Signals that are ignored (those of a background job) stay so. In other threads than the main one, which receive no
    signals, it does nothing.
    """

    def __init__(self, strategy):
        self.strategy, self.received = strategy, None

    def agreed(self):
        """Whether to stop: the signal's name once any worker has received one; all must ask, after the same step."""
        if not sum_over_workers(self.strategy, int(self.received is not None)):
            return None
        return self.received or "a signal to another worker"

    def left_together(self):
        """Returns when every worker has called it: who leaves earlier takes the others down."""
        sum_over_workers(self.strategy, 0)

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        self._handled = self._stack.enter_context(stopping_signals(self._receive))
        return self

    def __exit__(self, *exception):
        self._stack.close()

    def _receive(self, number, frame):
        self.received = signal.Signals(number).name
        for number in self._handled:
            signal.signal(number, signal.SIG_DFL)
