"""A dataset of which only a few training examples have a label."""

import numpy as np

from ...core.errors import InputError
from ...data.sources.source import Source
from ..sources.source import ArraySplit


def few_labels(source: Source, split: str, count: int, seed: int = 0) -> Source:
    """The source with `count` labels in `split`, equally many of each class; every other target there is -1.

    The labelled examples are repeated until they are half of the split, so that every batch has some: a batch of 128
    out of 60,000 would see one of 100 labelled examples in five steps.

    Args:
        source: a `Source` in memory whose target is a class.
        split: name of the split; the others keep their labels.
        count: how many labels stay, a multiple of the number of classes.
        seed: integer; which examples keep their label.

    Raises:
        InputError: no classes, data that are not in memory, or a number of labels that cannot be.

    Example:
        >>> from keraszoo.data import few_labels, load
        >>> few_labels(load("digits"), "train", 20).sizes
        {'train': 2817, 'test': 360}
    """
    part = source.split(split)
    if not source.num_classes or source.target not in part.shapes or not source.in_memory:
        raise InputError(f"Few labels are kept of a dataset of classes in memory. Received: {source.name}.")
    labels = source.array(split, source.target)
    classes, sizes = np.unique(labels, return_counts=True)
    each = count // len(classes)
    if count < 1 or count % len(classes) or each > sizes.min():
        raise InputError(
            f"The number of labels must be a multiple of the {len(classes)} classes, up to "
            f"{sizes.min() * len(classes)}. Received: {count}."
        )
    random = np.random.default_rng(seed)
    kept = np.sort(np.concatenate([random.choice(np.flatnonzero(labels == c), each, replace=False) for c in classes]))
    others = np.setdiff1d(np.arange(part.size), kept)
    rows = np.concatenate([others, np.resize(kept, max(len(kept), len(others) // len(kept) * len(kept)))])
    arrays = {feature: source.array(split, feature)[rows] for feature in part.shapes}
    targets = arrays[source.target].astype("int64")
    targets[: len(others)] = -1
    arrays[source.target] = targets
    return source.with_splits({split: ArraySplit(arrays)})
