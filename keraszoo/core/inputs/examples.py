"""Declarations of examples: what a model learns from, encodes and decodes."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from ..errors import InputError
from .arrays import any_rows, tensor_of
from .declaration import Declaration

SLACK = 1e-5  # of a range's width, for the rounding of whoever scaled the data


@dataclasses.dataclass(frozen=True)
class Input(Declaration):
    """Examples, or codes, of floating-point numbers.

    Attributes:
        shape: of one of them; None for a size that may vary.
        range: (lowest, highest) value, or None for any real number.
        any_size: whether the model learns from images of any height and width.
        name: on the wire; where none is given, "image" of what has three axes and "features" of all else.
        dtype: "float32", or "float64" where the model computes in it.
        advice: what else to do about values outside the range, for the error message.
    """

    shape: tuple
    range: tuple | None = None
    any_size: bool = False
    name: str = ""
    dtype: Any = "float32"
    advice: str = ""

    def __post_init__(self):
        if not self.name:
            object.__setattr__(self, "name", "image" if len(self.shape) == 3 else "features")

    @property
    def meaning(self) -> str:
        return {"image": "the values of an image's pixels", "latent": "a code"}.get(self.name, "numbers")

    @property
    def bounds(self) -> tuple[float, float]:
        if self.range is None:
            return -math.inf, math.inf
        slack = SLACK * (self.range[1] - self.range[0])
        return self.range[0] - slack, self.range[1] + slack

    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec([None, *self.shape], tf.float32, name=self.name)

    def random(self, rows: int, random: np.random.Generator, like: Sequence[int] | None = None) -> np.ndarray:
        shape = (rows, *(16 if size is None else size for size in self.shape))
        if self.range is None:
            return random.standard_normal(shape).astype(self.dtype)
        lowest, highest = self.range
        return (lowest + (highest - lowest) * random.random(shape)).astype(self.dtype)

    def values(self) -> dict[str, float]:
        return {} if self.range is None else {"least": self.range[0], "most": self.range[1]}

    def tensor(self, value: Any, who: str) -> Any:
        x = tensor_of(value, who, "x")
        if not x.shape.rank or not x.shape[1:].is_compatible_with(self.shape):
            hint, received = "", any_rows(x.shape)
            if x.shape.rank and tf.TensorShape((*x.shape[1:], 1)).is_compatible_with(self.shape):
                hint = " Add the channel axis: x[..., None]."
            elif x.shape.is_compatible_with(self.shape):
                hint, received = " Add the batch axis: x[None].", x.shape
            elif x.shape.rank == 4 and tf.TensorShape([*x.shape[2:], x.shape[1]]).is_compatible_with(self.shape):
                hint = " Channels come last: np.moveaxis(x, 1, -1)."
            raise InputError(f"{who} takes batches of shape {(None, *self.shape)}. Received: {received}.{hint}")
        if not x.dtype.is_floating:
            hint = " Divide 0..255 images by 255." if x.dtype == tf.uint8 else f" Nearest: x.astype({self.dtype!r})."
            raise InputError(f"{who} takes floating-point batches. Received: {x.dtype.name}.{hint}")
        return tf.cast(x, self.dtype)

    def outside(self, lowest: float, highest: float, who: str) -> InputError:
        least, most = self.range or self.bounds
        scale = f"Scale the data, or {self.advice}" if self.advice else "Divide by the largest value that there can be"
        return InputError(
            f"{who} as configured takes values from {least:g} to {most:g}. Received: x from {lowest:g} to {highest:g}. "
            f"{scale}."
        )


@dataclasses.dataclass(frozen=True)
class BoundedInput(Input):
    """Examples [batch, features] of which some features have bounds of their own.

    Attributes:
        lowest, highest: of each feature; infinite where there is no bound.
    """

    lowest: tuple = ()
    highest: tuple = ()

    #: of how far the values lie beyond their bounds, which is what is summed up
    bounds = (0.0, 0.0)
    told_by_range = False

    def random(self, rows, random, like=None):
        lowest, highest = np.array(self.lowest), np.array(self.highest)
        finite = np.isfinite(lowest) & np.isfinite(highest)
        away = random.exponential(size=(rows, *self.shape))
        x = np.where(np.isfinite(lowest), lowest + away, random.standard_normal(away.shape))
        x = np.where(np.isfinite(highest), highest - away, x)
        width = np.where(finite, highest - lowest, 0.0)
        return np.where(finite, np.where(finite, lowest, 0.0) + width * random.random(away.shape), x).astype(self.dtype)

    def summary(self, tensor):
        lowest, highest = (tf.constant(ends, tensor.dtype) for ends in (self.lowest, self.highest))
        return super().summary(tensor - tf.clip_by_value(tensor, lowest, highest))

    def counting(self, values):
        return values - np.clip(values, np.array(self.lowest, values.dtype), np.array(self.highest, values.dtype))

    def taken(self, tensor):
        """Any finite number: outside the bounds the density is 0, which is an answer."""
        return tf.reduce_all(tf.math.is_finite(tensor), axis=-1)

    @property
    def neutral(self):
        return np.clip(0.0, self.lowest, self.highest)

    def values(self):
        return {}

    def outside(self, lowest, highest, who):
        beyond = f"{-lowest:g} below" if lowest < 0 else f"{highest:g} above"
        return InputError(
            f"{who} as configured takes values inside bounds=. Received: x up to {beyond} them. Drop those rows, or "
            "move the bounds."
        )


@dataclasses.dataclass(frozen=True)
class Codes(Declaration):
    """Grids of integers from 0 to n - 1, as a VQ-VAE's decoder takes them."""

    shape: tuple
    n: int
    name: str = "codes"
    role = "codes"
    meaning = "numbers of codewords"

    @property
    def bounds(self) -> tuple[float, float]:
        return 0, self.n - 1

    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec([None, *self.shape], tf.int32, name=self.name)

    def random(self, rows: int, random: np.random.Generator, like: Sequence[int] | None = None) -> np.ndarray:
        return random.integers(0, self.n, (rows, *self.shape)).astype("int32")

    def tensor(self, value: Any, who: str) -> Any:
        codes = tensor_of(value, who, "codes")
        if not codes.dtype.is_integer or not codes.shape[1:].is_compatible_with(self.shape):
            raise InputError(
                f"{who} decodes integers of shape {(None, *self.shape)}. Received: {codes.dtype.name}, "
                f"{any_rows(codes.shape)}."
            )
        return tf.cast(codes, tf.int32)

    def outside(self, lowest: float, highest: float, who: str) -> InputError:
        return InputError(
            f"The codes of this {who} are from 0 to {self.n - 1}. Received: {lowest:.0f} to {highest:.0f}."
        )
