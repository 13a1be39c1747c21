"""A dataset of images and masks with a weight for every pixel."""

import functools
import itertools
from typing import Any

import numpy as np
import tensorflow as tf

from ...core.errors import InputError
from ...data.sources.source import Source
from ..sources.source import ArraySplit
from ..sources.tfds import RecordSplit
from .border_weights import balanced_class_weights, border_weights, check_border, check_class_weights

WEIGHT = "weight"
INSTANCES = "instances"
CACHE_LIMIT = 2**30  # bytes of weight maps that are kept for data that are not in memory
COUNTED = 1000  # examples of such data whose classes are counted


def weighted(
    source: Source, w0: float = 10.0, sigma: float = 5.0, class_weights: Any = "balanced", midline: Any = None
) -> Source:
    """The source with the border weight map of each mask as one more feature, `weight`, float32 [height, width].

    Batches with labels then have {"label": mask, "weight": weight map} as y. Where the source has a feature
    `instances`, the number of each pixel's cell, cells are told apart by it.

    Each map is made once. For data in memory that is now; for others when it is first read, and the maps that were used
    last are kept, up to 1 GiB of them.

    Args:
        source: a `Source` whose target is a mask.
        w0, sigma, midline: see `border_weights`.
        class_weights: weight of each class; "balanced": so that all classes count alike in the training split (the
            first one where none is called train), by their numbers of pixels in it, or in its first 1000 examples
            where it is not in memory; None: 1.

    Raises:
        InputError: no masks, or arguments that make no weights.

    Example:
        >>> from keraszoo.data import load
        >>> weighted(load("cells")).shapes["weight"]
        (128, 128)
    """
    if not source.has_masks:
        whole = "which has no target" if source.target is None else f"whose {source.target} is no mask"
        raise InputError(f"A weight map is made for masks. Received: {source.name}, {whole}.")
    check_border(w0, sigma, midline)
    if class_weights == "balanced":
        class_weights = balanced_class_weights(_class_counts(source))
    elif class_weights is not None:
        class_weights = check_class_weights(class_weights, source.num_classes or 1)
    make = functools.partial(border_weights, class_weights=class_weights, w0=w0, sigma=sigma, midline=midline)
    parts = {split: _with_maps(part, source, make) for split, part in source.splits.items()}
    return source.with_splits(parts, weight=WEIGHT)


class WeightedRecords(RecordSplit):
    """A RecordSplit whose examples get their weight map when they are read.

    Args:
        part: the RecordSplit.
        maps: the `_Maps`.
    """

    def __init__(self, part, maps):
        vars(self).update(vars(part))
        self.shapes, self.dtypes = maps.described(part)
        self._maps = maps

    def share(self, share):
        part = super().share(share)
        return part if part is self else WeightedRecords(part, self._maps)

    def repeated(self, seed):
        raise InputError("A weight map is made on the machine that trains; a tf.data service does not make it.")

    def _checked(self, examples):
        add = tf.autograph.experimental.do_not_convert(self._maps.add)
        return super()._checked(examples).map(add, num_parallel_calls=tf.data.AUTOTUNE)


class WeightedFiles:
    """Examples in files, which get their weight maps when they are read.

    Args:
        part: the FileSplit.
        maps: the `_Maps`.
    """

    def __init__(self, part, maps):
        self.part, self.size, self.parallel_calls = part, part.size, part.parallel_calls
        self.shapes, self.dtypes = maps.described(part)
        self._maps = maps

    def gather(self, indices):
        return self._maps.add(self.part.gather(indices))

    def checksum(self):
        return self.part.checksum()


class _Maps:
    """Weight maps of masks, the last ones kept.

    Args:
        target: name of the masks.
        rank: number of their dimensions, 3 with one of size 1 at the end.
        shape: (height, width).
        make: function of (mask, instances=mask or None) -> [height, width] float32.
    """

    def __init__(self, target, rank, shape, make):
        self.target, self.rank, self.shape = target, rank, shape

        @functools.lru_cache(maxsize=max(1, CACHE_LIMIT // (4 * shape[0] * shape[1])))
        def made(label, cells):
            label, cells = (None if m is None else np.frombuffer(*m).reshape(shape) for m in (label, cells))
            return make(label, instances=cells)

        self._made = made

    def described(self, part):
        """(shapes, dtypes) of a split with weight maps."""
        return part.shapes | {WEIGHT: self.shape}, part.dtypes | {WEIGHT: tf.float32}

    def add(self, features):
        """The features of an example or of a batch, and the weight maps."""
        masks = [features[name] for name in (self.target, INSTANCES) if name in features]
        weight = tf.numpy_function(self._maps_of, masks, tf.float32, stateful=False)
        batch = features[self.target].shape[: -self.rank]
        return {**features, WEIGHT: tf.ensure_shape(weight, [*batch, *self.shape])}

    def _maps_of(self, labels, cells=None):
        def rows(masks):
            return [(mask.tobytes(), mask.dtype.str) for mask in masks.reshape(-1, *self.shape)]

        pairs = zip(rows(labels), itertools.repeat(None) if cells is None else rows(cells), strict=False)
        maps = np.reshape([self._made(*pair) for pair in pairs], [-1, *self.shape]).astype("float32")
        return maps.reshape([*labels.shape[: -self.rank], *self.shape])


def _with_maps(part, source, make):
    """The split with weight maps; without labels (which are kept secret) as it is."""
    shape = source.shapes[source.input][:2]
    if source.target not in part.shapes:
        return part
    if not isinstance(part, ArraySplit):
        maps = _Maps(source.target, len(source.shapes[source.target]), shape, make)
        return WeightedRecords(part, maps) if isinstance(part, RecordSplit) else WeightedFiles(part, maps)
    arrays = {feature: part.array(feature) for feature in part.shapes}
    labels = arrays[source.target].reshape(-1, *shape)
    cells = arrays[INSTANCES].reshape(-1, *shape) if INSTANCES in arrays else [None] * len(labels)
    pairs = zip(labels, cells, strict=True)
    return ArraySplit(arrays | {WEIGHT: np.stack([make(label, instances=own) for label, own in pairs])})


def _class_counts(source):
    """Numbers of pixels of each class in the training split."""
    part = source.splits.get("train", next(iter(source.splits.values())))
    if isinstance(part, ArraySplit):
        labels = [part.array(source.target)]
    elif isinstance(part, RecordSplit):
        labels = (example[source.target] for example in part.in_order().take(COUNTED).as_numpy_iterator())
    else:
        labels = (part.gather(tf.range(row, row + 1))[source.target].numpy() for row in range(min(COUNTED, part.size)))
    least = source.num_classes or 0
    counts = [np.bincount(label[label >= 0], minlength=least) for label in labels]
    return sum(np.pad(count, (0, max(map(len, counts)) - len(count))) for count in counts)
