"""Merges requests as TensorFlow Serving's batching does, to see what its clients see."""

import numpy as np

from keraszoo.export.contents import batching


class CannotMerge(Exception):
    """FAILED_PRECONDITION, which the server answers to every request of the batch."""


def merged(signature, requests, rows=batching.ROWS):
    """The answers to several requests, in one call of the signature.

    Args:
        signature: function of keyword arguments, `{name: array}`, that returns `{name: tensor}`.
        requests: `[{name: array}]`.
        rows: at most so many together; the server splits what is more.

    Returns:
        `[{name: array}]`.

    Raises:
        CannotMerge: requests of different inner sizes.
    """
    for name in requests[0]:
        if len({request[name].shape[1:] for request in requests}) > 1:
            raise CannotMerge(f"Tensors with name '{name}' from different tasks have different shapes")
    together = {name: np.concatenate([request[name] for request in requests]) for name in requests[0]}
    total = len(next(iter(together.values())))
    parts = [
        signature(**{name: array[first : first + rows] for name, array in together.items()})
        for first in range(0, total, rows)
    ]
    answer = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    ends = np.cumsum([len(next(iter(request.values()))) for request in requests])[:-1]
    split = {name: np.split(array, ends) for name, array in answer.items()}
    return [{name: arrays[index] for name, arrays in split.items()} for index in range(len(requests))]
