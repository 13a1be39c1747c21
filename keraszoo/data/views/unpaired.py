"""Two classes of a dataset as pairs of images that have nothing to do with each other."""

from typing import Any

import numpy as np

from ...core.errors import InputError, closest
from ..sources.source import ArraySplit, Source


def unpaired(source: Source, domains: Any = None, seed: int = 0) -> Source:
    """The source whose examples are pairs [2, ...]: one of the first class, one of the second, matched by chance.

    A split has as many pairs as the larger class has examples; those of the smaller are repeated, each equally often
    but for the remainder. The order of each class is drawn on its own. The pairs have no target.

    Args:
        source: a `Source` in memory whose target is a class.
        domains: two classes, by name or number; None: those of a source that has just two.
        seed: integer; who is matched with whom.

    Raises:
        InputError: no classes, data that are not in memory, an unknown class, or a split without one of the two.

    Example:
        >>> from keraszoo.data import load, unpaired
        >>> unpaired(load("photos"), ("china", "flower"))
        Source('photos': train 725, test 65; image uint8 [2, 32, 32, 3])
    """
    if not source.num_classes or not source.in_memory or source.shapes[source.target] != ():
        raise InputError(f"Two domains are two classes of a dataset in memory. Received: {source.name}.")
    names = [str(name) for name in source.class_names or range(source.num_classes)]
    classes = _classes(source.name, names, domains)
    random = np.random.default_rng(seed)
    splits = {}
    for split in source.splits:
        labels, images = source.array(split, source.target), source.array(split)
        rows = [np.flatnonzero(labels == number) for number in classes]
        for number, found in zip(classes, rows, strict=True):
            if not len(found):
                raise InputError(
                    f"Every split needs examples of both domains. Received: {source.name}, split {split!r}, with none "
                    f"of class {names[number]!r}."
                )
        size = max(map(len, rows))
        pairs = np.stack([images[_shuffled(found, size, random)] for found in rows], axis=1)
        splits[split] = ArraySplit({source.input: pairs})
    told = {"account": source.account, "warnings": source.warnings, "scaling": source.scaling}
    return Source(source.name, splits, input=source.input, input_range=source.input_range, **told)


def _shuffled(rows, size, random):
    """`size` of the rows: all of them in one random order after another."""
    passes = -(-size // len(rows))
    return np.concatenate([random.permutation(rows) for _ in range(passes)])[:size]


def _classes(source, names, domains):
    """The numbers of the two classes."""
    if domains is None and len(names) != 2:
        raise InputError(f"{source} has {len(names)} classes, so the domains must be named: two of {', '.join(names)}.")
    domains = (0, 1) if domains is None else tuple(domains)
    numbers = []
    for domain in domains:
        if domain not in range(len(names)) and str(domain) not in names:
            raise InputError(f"{source} has no class {domain!r}. {closest(str(domain), names)}")
        numbers.append(domain if domain in range(len(names)) else names.index(str(domain)))
    if len(set(numbers)) != 2 or len(numbers) != 2:
        raise InputError(f"The domains must be two different classes. Received: domains={domains!r}.")
    return numbers
