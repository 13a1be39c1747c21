"""Declarations of what belongs to an example: its class, the classes of its pixels, or what its density depends on."""

import dataclasses
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from ...core.types import Array
from ..errors import InputError
from .arrays import any_rows, pixels, tensor_of
from .declaration import Declaration


@dataclasses.dataclass(frozen=True)
class Labels(Declaration):
    """The class of each example: integers [batch], or [batch, 1], from 0 to n - 1.

    Attributes:
        n: number of classes, >= 2.
        missing: whether -1 stands for an example without a label.
        several: whether there is nothing to learn from examples of one class.
    """

    n: int
    missing: bool = False
    several: bool = False
    name: str = "label"
    role = "the labels"
    meaning = "the number of a class"
    keys = (("label", "labels"), ("y", "target"))

    @property
    def bounds(self) -> tuple[float, float]:
        return -int(self.missing), self.n - 1

    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec([None], tf.int64, name=self.name)

    def random(self, rows: int, random: np.random.Generator, like: Sequence[int] | None = None) -> np.ndarray:
        return random.integers(0, self.n, rows)

    def tensor(self, value: Any, who: str) -> Any:
        """[batch] int64."""
        if value is None:
            none = ", -1 where there is none" if self.missing else ""
            raise InputError(
                f"{who} learns from (x, y), y the labels, integers from 0 to {self.n - 1}{none}. Received: no y."
            )
        y = tensor_of(value, who, "y")
        if y.shape.rank == 2 and y.shape[1] == 1:
            y = y[:, 0]
        if y.shape.rank != 1 or not y.dtype.is_integer:
            hint = ""
            if y.dtype == tf.string:
                hint = " Nearest: numbers, such as those of keras.layers.StringLookup(num_oov_indices=0)."
            elif y.shape.rank == 1:
                hint = " Nearest: y.astype('int64'), if they are whole numbers."
            elif y.shape.rank == 2:
                like = "They look one-hot. Nearest" if y.shape[1] == self.n else "If they are one-hot"
                hint = f" {like}: y.argmax(axis=-1)."
            raise InputError(
                f"{who} takes labels as integers of shape [batch]. Received: {y.dtype.name} of shape "
                f"{any_rows(y.shape)}.{hint}"
            )
        return tf.cast(y, tf.int64)

    def check(self, summary: Any, who: str, whole: bool = False) -> None:
        super().check(summary, who, whole)
        if whole and self.missing and summary[1] < 0:
            raise InputError(f"{who} needs at least one labelled row. Received: labels that are all -1.")

    def class_weights(self, given: dict[int, Any]) -> dict[int, float]:
        """The weight of each class, `{class: weight}`; 1 for those that are not given.

        Raises:
            InputError: a class that there is not, or a weight that is no number >= 0.
        """
        if not isinstance(given, dict):
            raise InputError(f"class_weight is a dictionary, {{class: weight}}. Received: {type(given).__name__}.")
        unknown = [key for key in given if key not in range(self.n)]
        if unknown:
            raise InputError(f"class_weight is of classes 0 to {self.n - 1}. Received: one of class {unknown[0]!r}.")
        wrong = [weight for weight in given.values() if not (isinstance(weight, numbers.Real) and 0 <= weight < np.inf)]  # type: ignore[operator]
        if wrong:
            raise InputError(f"class_weight takes finite weights >= 0. Received: {wrong[0]!r} among them.")
        return {label: float(given.get(label, 1.0)) for label in range(self.n)}

    def check_learnable(self, values: np.ndarray | None, who: str) -> None:
        if not self.several or not isinstance(values, np.ndarray):
            return
        classes = np.unique(values[values >= 0])
        if len(classes) == 1:
            raise InputError(
                f"{who} learns to tell classes apart, so it needs examples of at least two. Received: {len(values)} "
                f"labels, all of class {classes[0]}."
            )

    def outside(self, lowest: float, highest: float, who: str) -> InputError:
        none = ", or -1 for none" if self.missing else ""
        return InputError(f"Labels are from 0 to {self.n - 1}{none}. Received: from {lowest:.0f} to {highest:.0f}.")


@dataclasses.dataclass(frozen=True)
class Mask(Declaration):
    """The class of each pixel: integers [batch, height, width], or [..., 1], from 0 to n - 1.

    A target is such a mask, or {"label": the mask, "weight": [batch, height, width] float}.

    Attributes:
        n: number of classes.
        ignore: the value of pixels that do not count, or None.
    """

    n: int
    name: str = "mask"
    ignore: int | None = None
    role = "the masks"
    keys = (("mask", "masks", "segmentation_mask"), ("label", "labels"), ("y", "target"))

    @property
    def bounds(self) -> tuple[float, float]:
        return 0, self.n - 1

    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec([None, None, None], tf.int64, name=self.name)

    def random(self, rows: int, random: np.random.Generator, like: Sequence[int] = (16, 16)) -> np.ndarray:
        return random.integers(0, self.n, (rows, *like[:2]))

    def tensor(self, value: Any, who: str) -> Any:
        """{"label": [batch, height, width] int32} and, where there is one, the "weight", float32.

        With a value to ignore also "valid", bool: whether a pixel counts. The label of one that does not is 0.
        """
        if value is None:
            raise InputError(f"{who} learns from (x, y), y the class of each pixel. Received: no y.")
        if not isinstance(value, dict):
            value = {"label": value}
        if "label" not in value or set(value) - {"label", "weight", *(() if self.ignore is None else ("valid",))}:
            raise InputError(f"A dictionary of targets has label and perhaps weight. Received: {', '.join(value)}.")
        parts = {name: pixels(tensor_of(part, who, "y")) for name, part in value.items()}
        label = parts["label"]
        if label.shape.rank != 3 or not label.dtype.is_integer:
            hint = " They look one-hot. Nearest: y.argmax(axis=-1)." if label.shape.rank == 4 else ""
            raise InputError(
                f"{who} takes masks as integers of shape [batch, height, width]. Received: {label.dtype.name} of shape "
                f"{any_rows(label.shape)}.{hint}"
            )
        parts["label"] = tf.cast(label, tf.int32)
        if "weight" in parts:
            parts["weight"] = tf.cast(parts["weight"], tf.float32)
        if self.ignore is not None and "valid" not in parts:  # what went through here before has it
            parts["valid"] = parts["label"] != self.ignore
            parts["label"] = tf.where(parts["valid"], parts["label"], 0)
        return parts

    def summary(self, tensor: dict[str, Array]) -> Any:
        return super().summary(tensor["label"])

    def counting(self, values: np.ndarray) -> np.ndarray:
        return values if self.ignore is None else np.where(values == self.ignore, 0, values)

    def outside(self, lowest: float, highest: float, who: str) -> InputError:
        hint = f" Nearest: num_classes={highest + 1:.0f}."
        if lowest < 0 or highest >= 255:
            void = lowest if lowest < 0 else highest
            hint = f" If pixels of {void:.0f} do not count: ignore={void:.0f}."
        return InputError(f"Classes are from 0 to {self.n - 1}. Received: from {lowest:.0f} to {highest:.0f}.{hint}")


@dataclasses.dataclass(frozen=True)
class Context(Declaration):
    """Numbers on which a density depends: floating-point, [batch, *shape]; None for a size that may vary."""

    shape: tuple
    name: str = "context"
    dtype: Any = "float32"
    role = "the contexts"
    meaning = "what the density depends on"
    keys = (("context",), ("y", "target"))

    @property
    def of_one(self) -> str:
        """What belongs to an example, in words."""
        return f"{self.shape[0]} values" if len(self.shape) == 1 else f"a context of shape {self.shape}"

    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec([None, *self.shape], tf.float32, name=self.name)

    def random(self, rows: int, random: np.random.Generator, like: Sequence[int] | None = None) -> np.ndarray:
        shape = [16 if size is None else size for size in self.shape]
        return random.standard_normal((rows, *shape)).astype(self.dtype)

    def tensor(self, value: Any, who: str) -> Any:
        if value is None:
            raise InputError(f"{who} depends on a context: pass {self.of_one} for each example. Received: None.")
        context = tensor_of(value, who, "contexts")
        if not tf.TensorShape([None, *self.shape]).is_compatible_with(context.shape):
            raise InputError(
                f"{who} takes contexts of shape {(None, *self.shape)}. Received: {any_rows(context.shape)}."
            )
        return tf.cast(context, self.dtype)
