"""Source: a dataset with its splits, however it is stored."""

import math
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from ...core.errors import InputError, closest
from .account import some


class Source:
    """A dataset: named splits of examples, each example a set of features. `keraszoo.data.load` makes them.

    Attributes:
        name: what it was loaded as.
        sizes: `{split: number of examples}`.
        input: name of the feature that models learn from.
        target: name of the feature that goes with it (class label, mask, value), or None.
        has_masks: whether the target is a mask: the class of each pixel of the input, [h, w] or [h, w, 1].
        weight: name of the feature that says how much each pixel of the mask counts, or None when all count alike.
        shapes: `{feature: shape of one example}`, the input first.
        dtypes: `{feature: tf.DType as stored}`.
        class_names: names of the target's classes, or None when they have none.
        num_classes: number of the target's classes, or None when it has none.
        input_range: (lowest, highest) input value once it is scaled, or None when not known.
        scaling: `keraszoo.scaling.Scaling`, which stored values become 0 and 1; None: uint8 and uint16 are scaled to
            [0, 1] by what their types hold, other numbers are taken as they are.
        in_memory: whether `array` works; if not, the examples are read from files in every epoch.
        has_void: whether masks mark pixels that do not count, by the class -1.
        columns: names of the input's features where they are a user's table, else None.
        account: a line that says what was found and what became of it, or None.
        warnings: lines about what is odd but possible.
    """

    def __init__(
        self,
        name: str,
        splits: Any,
        *,
        input: str,
        target: str | None = None,
        class_names: Sequence[str] | None = None,
        num_classes: int | None = None,
        input_range: Any = None,
        weight: str | None = None,
        has_void: bool = False,
        account: Any = None,
        warnings: Any = (),
        scaling: Any = None,
        columns: Any = None,
    ) -> None:
        """
        Args:
            splits: `{split: ArraySplit, FileSplit or RecordSplit}`. A feature has the same shape and dtype in
                every split; a split may lack the target (test images whose labels are secret).
        """
        empty = [split for split, part in splits.items() if part.size == 0]
        if empty or not splits:
            raise InputError(f"{name}: every split needs examples. Empty: {', '.join(empty) or 'all'}.")
        self.name = name
        self.splits = splits
        self.sizes = {split: part.size for split, part in splits.items()}
        self.input = input
        self.target = target
        self.shapes: dict[Any, Any] = {input: None}
        self.dtypes: dict[Any, Any] = {input: None}
        for part in splits.values():
            self.shapes |= part.shapes
            self.dtypes |= part.dtypes
        self.has_masks = _is_mask(name, self.shapes, self.dtypes, input, target)
        self.weight = weight
        self.class_names = class_names
        self.num_classes = num_classes
        self.input_range: Any = input_range if scaling is None else (0.0, 1.0)
        self.scaling, self.columns = scaling, columns
        self.in_memory = all(isinstance(part, ArraySplit) for part in splits.values())
        self.has_void, self.account, self.warnings = has_void, account, warnings

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, the input first."""
        return tuple(self.shapes)

    def split(self, split: str) -> Any:
        """The stored examples of `split`. Raises InputError when there is no such split."""
        if split not in self.splits:
            raise InputError(f"{self.name} has no split {split!r}. {closest(str(split), self.splits)}")
        return self.splits[split]

    def with_splits(self, splits: Any, weight: str | None = None) -> "Source":
        """This source with other examples in some of its splits.

        Args:
            splits: `{split: ArraySplit, FileSplit or RecordSplit}`; the splits that are not named stay.
            weight: name of the feature that says how much each pixel of the mask counts; by default this source's.
        """
        return Source(
            self.name,
            {**self.splits, **splits},
            input=self.input,
            target=self.target,
            class_names=self.class_names,
            num_classes=self.num_classes,
            input_range=self.input_range,
            weight=self.weight if weight is None else weight,
            has_void=self.has_void,
            account=self.account,
            warnings=self.warnings,
            scaling=self.scaling,
            columns=self.columns,
        )

    def with_scaling(self, scaling: Any) -> "Source":
        """This source, of which other stored values become 0 and 1."""
        scaled_source = self.with_splits({})
        scaled_source.scaling, scaled_source.input_range = scaling, (0.0, 1.0)
        return scaled_source

    def scaled(self, values: Any) -> Any:
        """Inputs as they are stored -> as models see them, float32."""
        return self.scaling(values) if self.scaling else scaled(values, self.dtypes[self.input])

    def array(self, split: str, feature: str | None = None) -> np.ndarray:
        """All values of one feature, in order and as stored: a read-only numpy array [size, ...], not a copy.

        Args:
            split: name of a split.
            feature: name of a feature; by default the input.

        Raises:
            InputError: unknown split or feature, or a dataset that is not held in memory.
        """
        part = self.split(split)
        feature = self.input if feature is None else feature
        if feature not in part.shapes:
            raise InputError(
                f"{self.name}, split {split!r}, has no feature {feature!r}. {closest(str(feature), part.shapes)}"
            )
        if not self.in_memory:
            raise InputError(
                f"{self.name} is larger than memory_limit, so it is only read in batches. Raise the limit."
            )
        return part.array(feature)

    def fingerprint(self) -> dict[str, str]:
        """`{split: text}` that changes when the examples do; cheap enough for the start of every training."""
        return {split: f"{part.size} examples, checksum {part.checksum():08x}" for split, part in self.splits.items()}

    def __repr__(self):
        sizes = ", ".join(f"{split} {size}" for split, size in self.sizes.items())
        features = ", ".join(f"{f} {self.dtypes[f].name} {list(shape)}" for f, shape in self.shapes.items())
        return f"Source({self.name!r}: {sizes}; {features})"


class ArraySplit:
    """Examples held in memory, once, however many pipelines read them.

    Args:
        arrays: `{feature: array [size, ...]}`.

    Attributes:
        size: number of examples.
        stored: number of those that memory holds; example i lies in its row `rows(i)`.
    """

    parallel_calls = None  # a gather takes microseconds

    def __init__(self, arrays):
        with tf.device("CPU:0"):
            # tf.data copies a constant into the graph of each pipeline, but not a variable. And tf.identity copies an
            # array once, where tf.constant does so twice.
            self._values = {f: tf.Variable(tf.identity(array), trainable=False) for f, array in arrays.items()}
        self.size = self.stored = len(next(iter(arrays.values())))
        self.shapes = {feature: tuple(values.shape[1:]) for feature, values in self._values.items()}
        self.dtypes = {feature: values.dtype for feature, values in self._values.items()}

    def rows(self, indices):
        """The rows of `values` in which the examples at `indices` lie."""
        return indices

    def gather(self, indices):
        """`{feature: [batch, ...]}` of the examples at `indices` [batch]."""
        return {feature: tf.gather(values, indices) for feature, values in self._values.items()}

    def values(self):
        """`{feature: [stored, ...]}`, all values, as tensors that share this split's memory."""
        return {feature: values.value() for feature, values in self._values.items()}

    def array(self, feature):
        """All values of one feature, not copied: a read-only array [size, ...]."""
        return np.asarray(self._values[feature].value())

    def checksum(self):
        """A CRC-32 of every value."""
        checksum = 0
        for feature in sorted(self._values):
            array = np.ascontiguousarray(self.array(feature))
            checksum = zlib.crc32(f"{feature} {array.dtype} {array.shape}".encode(), checksum)
            checksum = zlib.crc32(array.reshape(-1).view("uint8"), checksum)
        return checksum


def from_arrays(name, splits, *, input, target=None, num_classes=None, test_last=None, has_void=False, **about):
    """A Source of arrays in memory, checked.

    Args:
        splits: `{split: {feature: array [size, ...]}}` of real numbers, integers or booleans. A single split is
            divided into train and test.
        test_last: how a single split is divided, see `divide`.
        num_classes: number of classes, when known; else the largest integer target plus one.
        has_void: whether masks may hold the class -1.
        **about: `class_names`, `columns`, `account` and `warnings` of the `Source`.

    Raises:
        InputError: object, text or complex arrays; features of differing length, splits of differing shape or
            dtype; NaN or infinity; labels out of range; an empty split.
    """
    names = {split: f"{name}, split {split!r}" if len(splits) > 1 else name for split in splits}
    splits = {
        split: {f: _checked(f"{names[split]}, feature {f!r}", a) for f, a in part.items()}
        for split, part in splits.items()
    }
    _check_alike(name, names, splits)
    targets = {split: part[target] for split, part in splits.items() if target in part and part[target].size}
    if all(labels.dtype.kind in "biu" for labels in targets.values()):
        given, about["warnings"] = num_classes, tuple(about.get("warnings", ()))
        num_classes = _check_classes(names, target, targets, num_classes, has_void) if targets else num_classes
        if targets and given is None and all(labels.ndim == 1 for labels in targets.values()):
            about["warnings"] += _classes_without_examples(name, target, targets, num_classes)
    check_test_last(name, splits, test_last)
    if len(splits) == 1:
        part = next(iter(splits.values()))
        rows = divide(name, len(part[input]), test_last)
        splits = {split: {f: array[rows[split]] for f, array in part.items()} for split in rows}
    ranges = [value_range(part[input]) for part in splits.values() if len(part[input])]
    return Source(
        name,
        {split: ArraySplit(part) for split, part in splits.items()},
        input=input,
        target=target,
        num_classes=num_classes,
        input_range=(min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None,
        has_void=has_void,
        **about,
    )


def divide(name, size, test_last=None):
    """`{"train": rows, "test": rows}`: `size` examples divided 90 : 10, the same every time, in order.

    Args:
        test_last: the last so many are for testing instead: neighbours in a stack of slices look alike, so that random
            ones would be known from training.
    """
    if size < 2:
        raise InputError(f"{name}: at least two examples are needed, for train and test. Received: {size}.")
    if test_last is not None:
        if isinstance(test_last, bool) or not isinstance(test_last, int) or not 1 <= test_last < size:
            raise InputError(
                f"test_last must leave examples for training: from 1 to {size - 1} of the {size} of {name}. "
                f"Received: {test_last!r}."
            )
        return {"train": np.arange(size - test_last), "test": np.arange(size - test_last, size)}
    order = np.random.default_rng(0).permutation(size)
    tests = max(1, size // 10)
    return {"train": np.sort(order[tests:]), "test": np.sort(order[:tests])}


def check_test_last(name, splits, test_last):
    """Raises InputError when a dataset that has its own test split is to be divided."""
    if test_last is not None and len(splits) > 1:
        raise InputError(
            f"test_last divides a dataset that is one split. Received: {name}, which has {', '.join(splits)}."
        )


def scale_of(dtype):
    """What `dtype` is divided by to become an input: 255 for uint8, 65535 for uint16, else 1."""
    dtype = tf.as_dtype(dtype)
    return float(dtype.max) if dtype in (tf.uint8, tf.uint16) else 1.0


def scaled(values, dtype):
    """Inputs that are stored as `dtype` as models see them, float32: uint8 and uint16 in [0, 1], others as they are.

    A product, which TensorFlow would make of the quotient in some graphs and not in others.
    """
    return tf.cast(values, tf.float32) * (1.0 / scale_of(dtype))


def value_range(array):
    """(lowest, highest) value of a non-empty array once it is scaled."""
    if array.dtype.kind == "u" and array.dtype.itemsize <= 2 or array.dtype.kind == "b":
        return 0.0, 1.0
    return float(array.min()), float(array.max())


def numbered_columns(splits, input):
    """Names for the features of arrays without any: "0", "1", ...; None where the input is not vectors."""
    shape = next(iter(splits.values()))[input].shape
    return tuple(map(str, range(shape[1]))) if len(shape) == 2 else None


def byte_size(shapes, dtypes, size):
    """Bytes that `size` examples take in memory."""
    return size * sum(math.prod(shape) * dtypes[feature].size for feature, shape in shapes.items())


def _is_mask(name, shapes, dtypes, input, target):
    """Whether the target is an integer for each pixel of the input. Raises InputError for one of another size."""
    image, mask = shapes[input], shapes.get(target)
    if mask is None or len(image) != 3 or dtypes[target].is_floating:
        return False
    if not (len(mask) == 2 or (len(mask) == 3 and mask[2] == 1)):
        return False
    if mask[:2] != image[:2]:
        raise InputError(
            f"{name}: a mask has a class for each pixel of its image, so {target} must be "
            f"{image[0]}x{image[1]} as {input} is. Received: {mask[0]}x{mask[1]}."
        )
    return True


def _checked(where, array):
    """`array` in the machine's byte order, once it is known to hold finite numbers."""
    array = np.asarray(array)
    try:
        numeric = array.dtype.kind in "biuf" and tf.as_dtype(array.dtype.newbyteorder("="))
    except TypeError:
        numeric = False
    if not numeric:
        raise InputError(f"{where}: values must be real numbers, integers or booleans. Received: dtype {array.dtype}.")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            finite = np.isfinite(array.astype(np.float32, copy=False))
        if not finite.all():
            row = int(np.argmin(finite.reshape(len(array), -1).all(axis=1)))
            raise InputError(
                f"{where}: every value must be finite in float32. Received: "
                f"{finite.size - np.count_nonzero(finite)} NaN or infinite values, the first in row {row}."
            )
    return array


def _check_alike(name, names, splits):
    seen = {}
    for split, part in splits.items():
        lengths = {feature: len(array) for feature, array in part.items()}
        if len(set(lengths.values())) > 1:
            raise InputError(f"{names[split]}: features must have equally many examples. Received: {lengths}.")
        for feature, array in part.items():
            first_split, first = seen.setdefault(feature, (split, array))
            if (array.shape[1:], array.dtype) != (first.shape[1:], first.dtype):
                raise InputError(
                    f"{name}, feature {feature!r}: the splits must agree in shape and dtype. "
                    f"Received: {first_split} {list(first.shape[1:])} {first.dtype}, "
                    f"{split} {list(array.shape[1:])} {array.dtype}."
                )


def _classes_without_examples(name, target, targets, num_classes):
    """A line, or none, that says which classes no example has: labels need not be without gaps."""
    there = np.unique(np.concatenate([labels.astype("int64") for labels in targets.values()]))
    lacking = np.setdiff1d(np.arange(num_classes), there)
    if not len(lacking):
        return ()
    return (
        f"{name}: warning: no example is of class {some(lacking)}: {num_classes:,} classes are learned, 0 to the "
        f"highest {target}, of which {len(there):,} are there. Without gaps: np.unique({target}, "
        "return_inverse=True)[1]",
    )


def _check_classes(names, target, targets, num_classes, has_void):
    """The number of classes, once every label is known to be one of them."""
    highest = max(int(a.max()) for a in targets.values())
    if num_classes is None:
        num_classes = highest + 1
    for split, labels in targets.items():
        bad = (labels < -int(has_void)) | (labels >= num_classes)
        if bad.any():
            row = int(np.argmax(bad.reshape(len(labels), -1).any(axis=1)))
            value = labels[row][bad[row]].flat[0] if labels.ndim > 1 else labels[row]
            raise InputError(
                f"{names[split]}: {target} must be from 0 to {max(num_classes - 1, 0)}. "
                f"Received: {np.count_nonzero(bad)} others, the first in row {row}: {value}."
            )
    return num_classes
