"""A dataset of images and masks with a weight for every pixel."""

import numpy as np

from ..errors import InputError
from .border_weights import balanced_class_weights, border_weights, check_border, check_class_weights
from .source import ArraySplit, Source

WEIGHT = "weight"
INSTANCES = "instances"


def weighted(source, w0=10.0, sigma=5.0, class_weights="balanced"):
    """The source with the border weight map of each mask as one more feature, `weight`, float32 [height, width].

    Each map is made once. Batches with labels then have {"label": mask, "weight": weight map} as y. Where the source
    has a feature `instances`, the number of each pixel's cell, cells are told apart by it.

    Args:
        source: a `Source` in memory whose target is a mask.
        w0, sigma: see `border_weights`.
        class_weights: weight of each class; "balanced": so that all classes count alike in the training split, by
            their numbers of pixels in it (in the first split where none is called train); None: 1.

    Raises:
        InputError: no masks, or arguments that make no weights.

    Example:
        >>> from keraszoo.data import load
        >>> weighted(load("cells")).shapes["weight"]
        (128, 128)
    """
    if not source.has_masks:
        whole = "which has no target" if source.target is None else f"whose {source.target} is one for the whole image"
        raise InputError(f"A weight map is made for masks. Received: {source.name}, {whole}.")
    check_border(w0, sigma)
    first = "train" if "train" in source.splits else next(iter(source.splits))
    if class_weights == "balanced":
        counts = np.bincount(source.array(first, source.target).reshape(-1), minlength=source.num_classes)
        class_weights = balanced_class_weights(counts)
    elif class_weights is not None:
        class_weights = check_class_weights(class_weights, source.num_classes)
    splits = {}
    for split, part in source.splits.items():
        arrays = {feature: source.array(split, feature) for feature in part.shapes}
        if source.target in arrays:
            labels = arrays[source.target].reshape(-1, *source.shapes[source.input][:2])
            cells = arrays[INSTANCES].reshape(labels.shape) if INSTANCES in arrays else [None] * len(labels)
            arrays[WEIGHT] = np.stack(
                [border_weights(*pair, w0=w0, sigma=sigma) for pair in _pairs(labels, class_weights, cells)]
            )
        splits[split] = ArraySplit(arrays)
    return Source(
        source.name,
        splits,
        input=source.input,
        target=source.target,
        class_names=source.class_names,
        num_classes=source.num_classes,
        input_range=source.input_range,
        weight=WEIGHT,
    )


def _pairs(labels, class_weights, cells):
    return ((label, class_weights, own) for label, own in zip(labels, cells, strict=True))
