"""A sample of all that a `fit` is given, for what a model measures before it learns."""

import functools
import itertools
import math
import types

import keras
import numpy as np
import tensorflow as tf

from ..core.errors import InputError
from ..core.look import check_arrays
from ..core.model import ZooModel
from ..core.seeds import spread

ROWS = 16384  # the error of a mean or deviation is then below a hundredth of the deviation
VALUES = 2**26  # 256 MiB of float32
ENDLESS = 64  # batches that are read of a dataset without an end


def rows_to_measure(shape):
    """How many examples of that shape a model measures: enough for means and deviations, and no more than fit.

    Example:
        >>> rows_to_measure((2,)), rows_to_measure((256, 256, 3))
        (16384, 341)
    """
    return max(256, min(ROWS, VALUES // math.prod(size or 64 for size in shape)))


class MeasuresFirst:
    """What models have in common that measure data before their first `fit`: a part of a class of models.

    The class says with `measures_in_fit` whether something is left to measure: `class Flow(MeasuresFirst, ZooModel)`.
    """

    measures_in_fit = False
    #: whether `adapt` takes the examples' weights, as `sample_weight`
    measures_weighted = False

    @property
    def rows_measured(self):
        """How many examples are measured, where there are as many."""
        return rows_to_measure(self.inputs.shape)

    @functools.wraps(ZooModel.fit)
    def fit(self, x=None, y=None, *args, **kwargs):
        if self.measures_in_fit:
            weights = kwargs.pop("sample_weight", None)
            given = check_arrays(self, {"x": x, "y": y, "sample_weight": weights})
            x, y, kwargs["sample_weight"] = given["x"], given["y"], given["sample_weight"]
            x, sample = _sampled(self, x, y, kwargs["sample_weight"], kwargs.get("steps_per_epoch"))
            *sample, weights = sample
            self.adapt(*sample, **({"sample_weight": weights} if self.measures_weighted else {}))
        return super().fit(x, y, *args, **kwargs)


def _sampled(model, x, y, weights, steps):
    """The x that `fit` goes on with, and (x, y, weights) of a sample of it.

    Of arrays, also those of a dictionary, the rows are drawn evenly spread. A dataset is read once, however few steps
    an epoch has; of one without an end the first batches. Of a generator the first batches are taken, and put before
    the rest.
    """
    count = model.rows_measured
    if isinstance(x, (np.ndarray, tf.Tensor, dict)):
        arrays = model.gate((x, y, weights)) if isinstance(x, dict) else (x, y, weights)
        rows = spread(len(arrays[0]), count)
        return x, [None if part is None else np.asarray(part)[rows] for part in arrays]
    if isinstance(x, tf.data.Dataset):
        size = int(x.cardinality())
        may_not_end = size == tf.data.INFINITE_CARDINALITY or size == tf.data.UNKNOWN_CARDINALITY and steps is not None
        return x, _reservoir(model, itertools.islice(x, max(steps or 0, ENDLESS) if may_not_end else None), count)
    if isinstance(x, keras.utils.PyDataset) and x.num_batches:
        return x, _reservoir(model, (x[place] for place in spread(x.num_batches, count)), count)
    if isinstance(x, types.GeneratorType):
        taken, rows = [], 0
        while rows < count and (steps is None or len(taken) < steps):
            batch = next(x, None)
            if batch is None:
                break
            taken.append(batch)
            rows += len(model.gate(batch)[0])
        rest = (batch for batch in itertools.chain(taken, x))
        return rest, _reservoir(model, taken, count)
    raise InputError(
        f"{type(model).__name__} measures its data before it learns, which cannot be done with a {type(x).__name__}. "
        "Call adapt(x) before fit."
    )


def _reservoir(model, batches, count):
    """(x, y, weights) of `count` examples of all batches, each as likely as another; in order if there are no more."""
    random, seen, kept = np.random.default_rng(0), 0, None
    for batch in batches:
        found = model.gate(batch)
        there = [part is not None for part in found]
        parts = [np.asarray(part) for part in found if part is not None]
        size = len(parts[0])
        if kept is None:
            kept = [np.empty((count, *part.shape[1:]), part.dtype) for part in parts]
        numbers = seen + np.arange(size)
        places = np.where(numbers < count, numbers, random.integers(0, numbers + 1))
        chosen = places < count
        for whole, part in zip(kept, parts, strict=True):
            whole[places[chosen]] = part[chosen]
        seen += size
    if not seen:
        raise InputError(f"{type(model).__name__} learns from examples. Received: none.")
    kept = iter(part[: min(seen, count)] for part in kept)
    return [next(kept) if is_there else None for is_there in there]
