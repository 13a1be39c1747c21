"""A numpy archive as a Source."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
import tensorflow as tf

from ...core.errors import InputError
from ...system.archives import check_size
from ..pipeline.transforms import fit
from .account import counted, held, how_divided
from .masks import Classes, MaskOptions, mask_arrays, resized
from .source import from_arrays, numbered_columns

_LAYOUTS = "x_train, y_train, x_test, y_test (y optional), or train, test, or image, label (label optional)"
_RESIZED_TOGETHER = 1024
MOST_CHANNELS = 16  # with more, the last axis may be a width
MOST_SLICES = 32  # with more, the first axis of an example is rather a height


def load_npz(path, image_size, test_last=None, options=None):
    """The Source of an `.npz` file; see `keraszoo.data.load`. `options` are `MaskOptions`."""
    path, options = Path(path), options or MaskOptions()
    arrays = _read(path)
    splits, input, target = _arrange(path, arrays)
    masked = {}
    for split, part in splits.items():
        check_axes(f"{path}, split {split!r}", part[input].shape)
        if target in part and _are_masks(part[input], part[target]):
            _check_slices(path, split, part[input], part[target])
            masked[split] = mask_arrays(f"{path}, split {split!r}", part[target], options.rule)
            _check_size(path, split, part[input], masked[split])
        elif target in part and part[target].ndim == 2 and part[target].shape[1] == 1:  # labels as a column
            part[target] = part[target][:, 0]
        part[input] = _examples(path, split, part[input], image_size)
    about = {"class_names": options.class_names}
    if options.class_names is not None and all(
        part[target].dtype.kind in "biu" for part in splits.values() if target in part
    ):
        about["num_classes"] = len(options.class_names)
    more = ""
    if masked:
        classes = Classes(path, options.rule, options.class_names)
        for split, masks in masked.items():
            classes.look(masks, f"{path}, split {split!r}")
        classes.choose()
        for split, masks in masked.items():
            found = classes.of(masks, path)
            splits[split][target] = resized(found, image_size) if image_size else found
        about |= {
            "class_names": classes.class_names,
            "num_classes": classes.num_classes,
            "has_void": classes.rule.has_void,
            "warnings": tuple(classes.warnings()),
        }
        more = f"{classes.words}; {classes.told()}"
    target = target if target in splits["train"] else None
    about["columns"] = numbered_columns(splits, input)
    source = from_arrays(str(path), splits, input=input, target=target, test_last=test_last, **about)
    divided = how_divided(test_last) if len(splits) == 1 else ""
    if target is not None and not masked:
        more = _labels_told(source, [part[target] for part in splits.values() if target in part])
    source.account = held(path, source.shapes[input], source.dtypes[input].name, source.sizes, divided, more)
    return source


def _labels_told(source, labels):
    """What the labels of a source are: classes and how many examples each has, or that they are none."""
    labels = np.concatenate(labels)
    if source.num_classes is None or labels.ndim > 1:
        kind = f"{labels.dtype} [{', '.join(map(str, ('n', *labels.shape[1:])))}]"
        return f"{source.target} {kind} holds no classes, which are integers [n]"
    return counted(np.bincount(labels, minlength=source.num_classes), source.class_names)


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


def check_axes(where, shape):
    """Raises InputError for arrays that look like volumes, or like images whose channels come first.

    Args:
        where: for the message.
        shape: of the array, [n, ...].
    """
    slices = "a slice each: x.reshape(-1, *x.shape[2:]), the last ones for testing by --test-last"
    if len(shape) == 5:
        raise InputError(
            f"{where}: examples are images, and volumes [n, depth, height, width, channels] are none. Make them "
            f"images, {slices}. Received: {list(shape)}."
        )
    if len(shape) != 4:
        return
    height, width, channels = shape[1:]
    if width in (1, 3) and min(shape[:2]) > 3 and (channels > MOST_CHANNELS or (shape[0] == height and channels > 4)):
        raise InputError(
            f"{where}: images are [n, height, width, channels]. Received: {list(shape)}, which would be {shape[0]} "
            f"examples of {height}x{width} in {channels} channels. If the last axis counts the examples: "
            "np.moveaxis(x, -1, 0)."
        )
    like_a_square = 4 < channels == width
    like_slices = channels > MOST_CHANNELS and height < min(width, channels) and height <= MOST_SLICES
    if like_a_square or like_slices:
        raise InputError(
            f"{where}: images are [n, height, width, channels]. Received: {list(shape)}, which would be {channels} "
            f"channels. If the channels come first: np.moveaxis(x, 1, -1). If they are volumes, {slices}."
        )


def _are_masks(inputs, labels):
    """Whether labels are of pixels: they go on where the inputs' height and width are."""
    return inputs.ndim >= 3 and labels.ndim >= 3 and labels.dtype.kind in "biuf"


def _check_slices(path, split, inputs, masks):
    """Raises InputError for volumes."""
    if inputs.ndim == 5 or (inputs.shape == masks.shape and inputs.ndim == 4 and not _is_colour(masks)):
        raise InputError(
            f"{path}, split {split!r}: volumes are not segmented, but their slices are. Received: masks "
            f"{list(masks.shape)}. Nearest: image.reshape(-1, height, width, 1), label.reshape(-1, height, width)."
        )


def _is_colour(masks):
    """Whether the last axis may be of colours, or of one channel: each image's pixels then lie along the others."""
    return masks.shape[-1] in (1, 3, 4) and masks.shape[-1] < min(masks.shape[1:-1])


def _check_size(path, split, inputs, masks):
    """Raises InputError for masks of another size than their images'."""
    if masks.shape[1:] != inputs.shape[1:3]:
        raise InputError(
            f"{path}, split {split!r}: a mask has the size of its image, and one number a pixel. "
            f"Received: masks {list(masks.shape)}, images {list(inputs.shape)}."
        )


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
