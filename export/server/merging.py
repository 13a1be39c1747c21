"""Requests of several clients in one run, as TensorFlow Serving has it with --enable_batching.

The first request of a batch waits a moment for others of the same signature, dtypes and shapes but for the batch, then
for one of the places in which models run; who comes meanwhile comes along. A batch that fails is run again one request
after another, so that an error is only that of the request that causes it.
"""

import contextlib
import threading

import numpy as np

from ..wire.status import Code, Refused


class Merger:
    """Merges what threads run in one version of a model.

    Args:
        run: function `(signature, {name: array}, names of outputs or None) -> {name: array}`.
        places: a semaphore, of how many may run at once; that of all versions.
        parameters: `batching.Parameters`; None where nothing can be merged, as the sizes vary.
    """

    def __init__(self, run, places, parameters):
        self._run, self._places, self._parameters = run, places, parameters
        self._lock = threading.Lock()  # of the batches that still take requests, and how many wait
        self._open, self._waiting = {}, 0

    def run(self, signature, inputs, outputs=None):
        """What `run` returns for these inputs alone, up to rounding.

        Raises:
            Refused: what `run` raises for these inputs alone, or UNAVAILABLE when too many batches wait.
        """
        rows = _rows(inputs)
        if self._parameters is None or rows is None or rows >= self._parameters.rows:
            with self._places:
                return self._run(signature, inputs, outputs)
        like = tuple((name, array.dtype, array.shape[1:]) for name, array in sorted(inputs.items()))
        key = signature, None if outputs is None else tuple(outputs), like
        with self._lock:
            batch = self._open.get(key)
            first = batch is None or batch.rows + rows > self._parameters.rows
            if first:
                if self._waiting >= self._parameters.batches:
                    raise Refused(
                        Code.UNAVAILABLE, "The batch scheduling queue to which this task was submitted is full"
                    )
                self._waiting += 1
                if batch is not None:
                    batch.full.set()
                batch = self._open[key] = _Batch()
            index = batch.add(inputs, rows)
            if batch.rows == self._parameters.rows:
                batch.full.set()
        if first:
            self._answer(key, batch)
        else:
            batch.answered.wait()
        return batch.answer(index)

    def _answer(self, key, batch):
        """Runs a batch when it is full or has waited, and there is a place."""
        batch.full.wait(self._parameters.seconds)
        with self._places:
            with self._lock:
                self._waiting -= 1
                if self._open.get(key) is batch:
                    del self._open[key]
            signature, outputs, _ = key
            try:
                batch.run(lambda inputs: self._run(signature, inputs, outputs))
            finally:
                batch.answered.set()


class _Batch:
    """Requests that are answered together."""

    def __init__(self):
        self.rows, self._requests, self._answers = 0, [], []
        self.full, self.answered = threading.Event(), threading.Event()

    def add(self, inputs, rows):
        """The number of a request in this batch."""
        self.rows += rows
        self._requests.append(inputs)
        return len(self._requests) - 1

    def run(self, run):
        if len(self._requests) > 1:
            with contextlib.suppress(Exception):
                self._answers = self._split(run(_together(self._requests)))
        if not self._answers:  # a single request, or one of them spoils the others
            self._answers = [_outcome(run, inputs) for inputs in self._requests]

    def answer(self, index):
        answer = self._answers[index]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _split(self, outputs):
        """`[{name: array}]`, each request's rows; nothing where an output has not a row for each row."""
        if any(array.shape[:1] != (self.rows,) for array in outputs.values()):
            return []
        ends = np.cumsum([_rows(inputs) for inputs in self._requests])[:-1]
        parts = {name: np.split(array, ends) for name, array in outputs.items()}
        return [{name: each[index] for name, each in parts.items()} for index in range(len(self._requests))]


def _rows(inputs):
    """The number of rows that all inputs have; None where they have none, or not the same."""
    found = {array.shape[:1] for array in inputs.values()}
    return found.pop()[0] if len(found) == 1 and () not in found else None


def _together(requests):
    return {name: np.concatenate([inputs[name] for inputs in requests]) for name in requests[0]}


def _outcome(run, inputs):
    """What `run` returns or raises."""
    try:
        return run(inputs)
    except Exception as error:
        return error
