"""How much a server does at once, and for how long: a bounded queue before a few threads."""

import asyncio
import concurrent.futures
import dataclasses
import logging
import os

from ..wire.status import Code, Refused, invalid


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a server takes.

    Args:
        body: bytes of a request.
        rows: in a request.
        elements: of all tensors of a request together.
        seconds: until a request is answered with a time-out.
        running: requests at once.
        waiting: requests that wait for their turn; more are refused, to be tried again.
        stopping: seconds that a request has to end when the server stops.
    """

    body: int = 32 * 2**20
    rows: int = 1024
    elements: int = 16 * 10**6
    seconds: float = 30.0
    running: int = dataclasses.field(default_factory=lambda: max(2, os.cpu_count() or 2))
    waiting: int = 128
    stopping: float = 30.0

    def check(self, shapes):
        """Raises Refused unless tensors of these shapes are few and small enough."""
        elements = 0
        for name, shape in shapes.items():
            size = 1
            for each in shape:
                size *= max(each, 0)
            elements += size
            if shape and shape[0] > self.rows:
                raise invalid(f"{name} has {shape[0]} rows; a request may have at most {self.rows}")
        if elements > self.elements:
            raise invalid(f"the tensors have {elements} elements; those of a request may have at most {self.elements}")


class Work:
    """Runs functions in a few threads; refuses them when too many wait.

    TensorFlow cannot be stopped in the middle of a run: who waits too long is told so, but a place is only free when
    the work has ended.

    Args:
        limits: `Limits`.
        meeting: whether those that wait have threads too, as they must where the requests of several are merged.
    """

    def __init__(self, limits, meeting=False):
        self.limits = limits
        self._places = limits.running + limits.waiting
        self._threads = concurrent.futures.ThreadPoolExecutor(self._places if meeting else limits.running, "request")
        self._taken = 0

    async def run(self, function, *arguments, seconds=None):
        """What `function(*arguments)` returns or raises.

        Args:
            seconds: a time limit below that of the server.

        Raises:
            Refused: when the queue is full, the time is over, or the function fails in a way that it should not.
        """
        if self._taken >= self._places:
            raise Refused(Code.UNAVAILABLE, "The server has too many requests; try again later")
        seconds = self.limits.seconds if seconds is None else min(seconds, self.limits.seconds)
        loop = asyncio.get_running_loop()
        outcome = loop.create_future()
        self._taken += 1
        begun = self._threads.submit(self._work, loop, outcome, function, arguments)
        try:
            async with asyncio.timeout(seconds):
                result, error = await outcome
        except TimeoutError:
            if begun.cancel():  # of effect only where it has not begun
                self._taken -= 1
            raise Refused(Code.DEADLINE_EXCEEDED, f"Not answered within {seconds:g} s") from None
        if error is None:
            return result
        if isinstance(error, Refused):
            raise error
        logging.getLogger(__name__).error("A request could not be answered", exc_info=error)
        raise Refused(Code.INTERNAL, "The server failed; its log says why")

    def _work(self, loop, outcome, function, arguments):
        """In a thread: one call of the loop tells the result and frees the place."""
        try:
            ended = function(*arguments), None
        except Exception as error:
            ended = None, error
        loop.call_soon_threadsafe(self._leave, outcome, ended)

    def _leave(self, outcome, ended):
        self._taken -= 1
        if not outcome.done():  # somebody still waits for it
            outcome.set_result(ended)

    def close(self):
        self._threads.shutdown(wait=False, cancel_futures=True)
