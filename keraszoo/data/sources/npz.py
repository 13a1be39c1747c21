"""A numpy archive as a Source."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
import tensorflow as tf

from ...core.errors import InputError
from ...system.archives import check_size
from ..pipeline.transforms import fit
from .masks import classes_of, resized
from .source import from_arrays, numbered_columns

_LAYOUTS = "x_train, y_train, x_test, y_test (y optional), or train, test, or image, label (label optional)"
_RESIZED_TOGETHER = 1024


def load_npz(path, image_size, test_last=None):
    """The Source of an `.npz` file; see `keraszoo.data.load`."""
    path = Path(path)
    arrays = _read(path)
    splits, input, target = _arrange(path, arrays)
    for split, part in splits.items():
        if target in part:
            part[target] = _targets(path, split, part[input], part[target], image_size)
        part[input] = _examples(path, split, part[input], image_size)
    masked = [part for part in splits.values() if target in part and _are_masks(part[target])]
    for part, masks in zip(masked, classes_of(path, [part[target] for part in masked]), strict=True):
        part[target] = masks
    target = target if target in splits["train"] else None
    columns = numbered_columns(splits, input)
    return from_arrays(str(path), splits, input=input, target=target, test_last=test_last, columns=columns)


def _read(path):
    """`{name: array}` of an archive."""
    try:
        if zipfile.is_zipfile(path):
            check_size(path)
        archive = np.load(path, allow_pickle=False)
    except InputError:
        raise
    except (OSError, zipfile.BadZipFile, EOFError, ValueError) as error:
        raise InputError(f"{path} is not a readable .npz archive.") from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise InputError(f"{path} is not a readable .npz archive but a single array.")
    arrays = {}
    with archive:
        for key in archive.files:
            try:
                arrays[key] = archive[key]
            except (OSError, zipfile.BadZipFile, EOFError, zlib.error) as error:
                raise InputError(f"{path}, array {key!r}, is damaged: {error}.") from error
            except ValueError as error:  # numpy refuses to unpickle
                raise InputError(
                    f"{path}, array {key!r}: values must be numbers or booleans. Received: dtype object."
                ) from error
            if arrays[key].ndim == 0:
                raise InputError(
                    f"{path}, array {key!r}: the first dimension must count examples. Received: a single value."
                )
    return arrays


def _arrange(path, arrays):
    """(`{split: {feature: array}}`, input, target) by the names of the arrays."""
    keys = set(arrays)
    if {"x_train", "x_test"} <= keys <= {"x_train", "y_train", "x_test", "y_test"}:
        splits = {
            split: {feature: arrays[f"{feature}_{split}"] for feature in ("x", "y") if f"{feature}_{split}" in arrays}
            for split in ("train", "test")
        }
        return splits, "x", "y"
    if keys == {"train", "test"}:
        return {split: {"x": arrays[split]} for split in ("train", "test")}, "x", None
    if {"image"} <= keys <= {"image", "label"}:
        return {"train": dict(arrays)}, "image", "label"
    raise InputError(f"{path}: the arrays must be named {_LAYOUTS}. Received: {', '.join(sorted(keys)) or 'none'}.")


def _are_masks(labels):
    return labels.ndim >= 3 and labels.dtype.kind in "biu"


def _targets(path, split, inputs, labels, image_size):
    """Labels as [n, ...]; masks, one integer for each pixel of the inputs, as [n, height, width], resized if asked."""
    if labels.ndim == 2 and labels.shape[1] == 1:  # labels as a column
        return labels[:, 0]
    if not _are_masks(labels) or inputs.ndim < 3:
        return labels
    labels = labels[..., 0] if labels.ndim == 4 and labels.shape[3] == 1 else labels
    if labels.shape[1:] != inputs.shape[1:3]:
        raise InputError(
            f"{path}, split {split!r}: a mask has the size of its image, and one number a pixel. "
            f"Received: masks {list(labels.shape)}, images {list(inputs.shape)}."
        )
    return resized(labels, image_size) if image_size else labels


def _examples(path, split, array, image_size):
    """Inputs as [n, features] or [n, height, width, channels], resized if asked."""
    if array.ndim not in (2, 3, 4) or 0 in array.shape[1:]:
        raise InputError(
            f"{path}, split {split!r}: inputs must be [n, features], [n, height, width] or "
            f"[n, height, width, channels]. Received: {list(array.shape)}."
        )
    array = array[..., None] if array.ndim == 3 else array
    if not image_size or array.shape[1:3] == image_size:
        return array
    if array.ndim == 2:
        raise InputError(f"image_size is for images. Received: {path} with inputs of shape {list(array.shape)}.")
    pieces = [array[i : i + _RESIZED_TOGETHER] for i in range(0, len(array), _RESIZED_TOGETHER)]
    return np.concatenate([fit(tf.constant(piece), image_size).numpy() for piece in pieces or [array]])
