"""Asking a training to stop: SIGTERM, as schedulers send it, or Ctrl-C."""

import signal
import threading

from keraszoo.core.replicas import sum_over_workers

SIGNALS = (signal.SIGTERM, signal.SIGINT)


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
        self.received = signal.Signals(number).name
        for number in self._before:
            signal.signal(number, signal.SIG_DFL)
