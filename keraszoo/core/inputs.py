"""What a model takes: declarations of examples and targets, and the one gate that holds everything given to them.

A declaration checks what is known before any number is: structure, rank, sizes, dtype (`tensor`), inside graphs too.
The numbers themselves are looked at where that is cheap: in arrays, in eager calls and in the first batch of a `fit`,
`evaluate` or `predict`. `summary` reduces them to a few, inside a graph, `accepts` judges these there, and `check`
raises.
"""

import dataclasses
import math
import numbers

import numpy as np
import tensorflow as tf

from ..system.tables import as_array
from .errors import InputError

#: keys under which datasets of dictionaries, such as tensorflow-datasets', keep their examples, and weights of them;
#: those of targets are the declarations', of which the first group counts that is there
INPUT_KEYS = ("image", "features", "x", "input", "inputs")
WEIGHT_KEYS = ("sample_weight", "weight", "weights")
SLACK = 1e-5  # of a range's width, for the rounding of whoever scaled the data


class Declaration:
    """What an array that a model takes is: see `Input`, `Codes`, `Labels`, `Mask` and `Context`.

    Attributes:
        bounds: (lowest, highest) value that it may hold.
    """

    bounds = (-math.inf, math.inf)
    #: what it is to whoever sends it to a server
    meaning = ""
    #: whether the lowest and the highest number of all tell if they are taken
    told_by_range = True

    def spec(self):
        """The `tf.TensorSpec` of a signature that takes it."""
        raise NotImplementedError

    def random(self, rows, random, like=None):
        """An array of `rows` that the model takes, for trying it out.

        Args:
            random: a numpy generator.
            like: shape of one example, where it decides the target's.
        """
        raise NotImplementedError

    def tensor(self, value, who):
        """The value as the model computes with it; InputError where its structure, shape or dtype is another's.

        Args:
            who: the model's name, for the message.
        """
        raise NotImplementedError

    def summary(self, tensor):
        """Lowest value, highest value and number of NaNs of what `tensor` returned: [3] float32."""
        values = tf.cast(tensor, tf.float32)
        missing = tf.math.is_nan(values)
        lowest = tf.reduce_min(tf.where(missing, np.inf, values))
        highest = tf.reduce_max(tf.where(missing, -np.inf, values))
        return tf.stack([lowest, highest, tf.reduce_sum(tf.cast(missing, tf.float32))])

    def accepts(self, summary):
        """Whether all of the numbers are such as the model takes, a boolean or a tensor of one."""
        least, most = self.bounds
        lowest, highest = summary[0], summary[1]
        inside = (lowest >= least) & (highest <= most) & (lowest > -math.inf) & (highest < math.inf)
        return inside & (summary[2] == 0)

    def check(self, summary, who, whole=False):
        """Raises InputError unless the numbers are such as the model takes.

        Args:
            summary: [3] numbers.
            whole: whether they are those of all examples, not of one batch.
        """
        lowest, highest, missing = (float(value) for value in summary)
        if self.accepts((np.float32(lowest), np.float32(highest), missing)):
            return
        if missing:
            raise InputError(
                f"{who} takes numbers. Received: {missing:.0f} NaN among the values of {self.role}. Drop those "
                "examples, or fill the gaps."
            )
        if math.inf in (-lowest, highest):
            raise InputError(f"{who} takes finite numbers. Received: {self.role} from {lowest:g} to {highest:g}.")
        raise self.outside(lowest, highest, who)

    def counting(self, values):
        """An array without what its numbers are not checked for."""
        return values

    def taken(self, tensor):
        """Of each row of what a server is sent, whether the model takes all of its numbers: [batch] bool."""
        least, most = self.bounds
        inside = tf.ones_like(tensor, tf.bool)
        if least > -math.inf:
            inside &= tensor >= tf.constant(least, tensor.dtype)
        if most < math.inf:
            inside &= tensor <= tf.constant(most, tensor.dtype)
        if tensor.dtype.is_floating:
            inside &= tf.math.is_finite(tensor)
        return tf.reduce_all(inside, axis=range(1, tensor.shape.rank))

    @property
    def neutral(self):
        """A number that may stand in the place of one that is not taken; an array of one for each feature."""
        return np.clip(0, *self.bounds)

    def values(self):
        """What its numbers may be, for whoever sends them: `{"least": ..., "most": ...}`, of what there is."""
        least, most = self.bounds
        return {name: end for name, end in (("least", least), ("most", most)) if math.isfinite(end)}

    def check_learnable(self, values, who):
        """Raises InputError where all values that `fit` is given are fine, but teach nothing."""

    #: what it is to the model, for messages
    role = "x"

    def outside(self, lowest, highest, who):
        """The InputError for numbers outside the bounds."""
        return InputError(f"{who} takes other values. Received: from {lowest:g} to {highest:g}.")


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
    dtype: str = "float32"
    advice: str = ""

    def __post_init__(self):
        if not self.name:
            object.__setattr__(self, "name", "image" if len(self.shape) == 3 else "features")

    @property
    def meaning(self):
        return {"image": "the values of an image's pixels", "latent": "a code"}.get(self.name, "numbers")

    @property
    def bounds(self):
        if self.range is None:
            return -math.inf, math.inf
        slack = SLACK * (self.range[1] - self.range[0])
        return self.range[0] - slack, self.range[1] + slack

    def spec(self):
        return tf.TensorSpec([None, *self.shape], tf.float32, name=self.name)

    def random(self, rows, random, like=None):
        shape = (rows, *(16 if size is None else size for size in self.shape))
        if self.range is None:
            return random.standard_normal(shape).astype(self.dtype)
        lowest, highest = self.range
        return (lowest + (highest - lowest) * random.random(shape)).astype(self.dtype)

    def values(self):
        return {} if self.range is None else {"least": self.range[0], "most": self.range[1]}

    def tensor(self, value, who):
        x = _tensor(value, who, "x")
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

    def outside(self, lowest, highest, who):
        least, most = self.range
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
    def bounds(self):
        return 0, self.n - 1

    def spec(self):
        return tf.TensorSpec([None, *self.shape], tf.int32, name=self.name)

    def random(self, rows, random, like=None):
        return random.integers(0, self.n, (rows, *self.shape)).astype("int32")

    def tensor(self, value, who):
        codes = _tensor(value, who, "codes")
        if not codes.dtype.is_integer or not codes.shape[1:].is_compatible_with(self.shape):
            raise InputError(
                f"{who} decodes integers of shape {(None, *self.shape)}. Received: {codes.dtype.name}, "
                f"{any_rows(codes.shape)}."
            )
        return tf.cast(codes, tf.int32)

    def outside(self, lowest, highest, who):
        return InputError(
            f"The codes of this {who} are from 0 to {self.n - 1}. Received: {lowest:.0f} to {highest:.0f}."
        )


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
    def bounds(self):
        return -int(self.missing), self.n - 1

    def spec(self):
        return tf.TensorSpec([None], tf.int64, name=self.name)

    def random(self, rows, random, like=None):
        return random.integers(0, self.n, rows)

    def tensor(self, value, who):
        """[batch] int64."""
        if value is None:
            none = ", -1 where there is none" if self.missing else ""
            raise InputError(
                f"{who} learns from (x, y), y the labels, integers from 0 to {self.n - 1}{none}. Received: no y."
            )
        y = _tensor(value, who, "y")
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

    def check(self, summary, who, whole=False):
        super().check(summary, who, whole)
        if whole and self.missing and summary[1] < 0:
            raise InputError(f"{who} needs at least one labelled row. Received: labels that are all -1.")

    def class_weights(self, given):
        """The weight of each class, `{class: weight}`; 1 for those that are not given.

        Raises:
            InputError: a class that there is not, or a weight that is no number >= 0.
        """
        if not isinstance(given, dict):
            raise InputError(f"class_weight is a dictionary, {{class: weight}}. Received: {type(given).__name__}.")
        unknown = [key for key in given if key not in range(self.n)]
        if unknown:
            raise InputError(f"class_weight is of classes 0 to {self.n - 1}. Received: one of class {unknown[0]!r}.")
        wrong = [weight for weight in given.values() if not (isinstance(weight, numbers.Real) and 0 <= weight < np.inf)]
        if wrong:
            raise InputError(f"class_weight takes finite weights >= 0. Received: {wrong[0]!r} among them.")
        return {label: float(given.get(label, 1.0)) for label in range(self.n)}

    def check_learnable(self, values, who):
        if not self.several or not isinstance(values, np.ndarray):
            return
        classes = np.unique(values[values >= 0])
        if len(classes) == 1:
            raise InputError(
                f"{who} learns to tell classes apart, so it needs examples of at least two. Received: {len(values)} "
                f"labels, all of class {classes[0]}."
            )

    def outside(self, lowest, highest, who):
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
    def bounds(self):
        return 0, self.n - 1

    def spec(self):
        return tf.TensorSpec([None, None, None], tf.int64, name=self.name)

    def random(self, rows, random, like=(16, 16)):
        return random.integers(0, self.n, (rows, *like[:2]))

    def tensor(self, value, who):
        """{"label": [batch, height, width] int32} and, where there is one, the "weight", float32.

        With a value to ignore also "valid", bool: whether a pixel counts. The label of one that does not is 0.
        """
        if value is None:
            raise InputError(f"{who} learns from (x, y), y the class of each pixel. Received: no y.")
        if not isinstance(value, dict):
            value = {"label": value}
        if "label" not in value or set(value) - {"label", "weight", *(() if self.ignore is None else ("valid",))}:
            raise InputError(f"A dictionary of targets has label and perhaps weight. Received: {', '.join(value)}.")
        parts = {name: _pixels(_tensor(part, who, "y")) for name, part in value.items()}
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

    def summary(self, tensor):
        return super().summary(tensor["label"])

    def counting(self, values):
        return values if self.ignore is None else np.where(values == self.ignore, 0, values)

    def outside(self, lowest, highest, who):
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
    dtype: str = "float32"
    role = "the contexts"
    meaning = "what the density depends on"
    keys = (("context",), ("y", "target"))

    @property
    def of_one(self):
        """What belongs to an example, in words."""
        return f"{self.shape[0]} values" if len(self.shape) == 1 else f"a context of shape {self.shape}"

    def spec(self):
        return tf.TensorSpec([None, *self.shape], tf.float32, name=self.name)

    def random(self, rows, random, like=None):
        shape = [16 if size is None else size for size in self.shape]
        return random.standard_normal((rows, *shape)).astype(self.dtype)

    def tensor(self, value, who):
        if value is None:
            raise InputError(f"{who} depends on a context: pass {self.of_one} for each example. Received: None.")
        context = _tensor(value, who, "contexts")
        if not tf.TensorShape([None, *self.shape]).is_compatible_with(context.shape):
            raise InputError(
                f"{who} takes contexts of shape {(None, *self.shape)}. Received: {any_rows(context.shape)}."
            )
        return tf.cast(context, self.dtype)


# ------------------------------------------------------------------ batches


def batch_of(inputs, targets, data, who):
    """A batch as a model takes it, whatever it came as.

    Args:
        inputs, targets: declarations, or None where anything will do.
        data: x, (x,), (x, y) or (x, y, weights); x may be a list of one array, or a dictionary such as
            tensorflow-datasets'.
        who: the model's name, for messages.

    Returns:
        x, y, and the examples' weights [batch] float32, or None.

    Raises:
        InputError: for another structure, rank, size or dtype.
    """
    data = data if isinstance(data, tuple) else (data,)
    if len(data) > 3:
        raise InputError(f"{who} takes batches of x, (x, y) or (x, y, weights). Received: {len(data)} parts.")
    data = [None if isinstance(part, tf.experimental.Optional) else part for part in data]
    x, y, weights = [*data, None, None][:3]
    x, found, beside = unpacked(inputs, targets, x, who)
    y, weights = found if y is None else y, beside if weights is None else weights
    if targets is not None:
        y = targets.tensor(y, who)
    weights = None if weights is None else _weights(weights, y, who)
    if isinstance(weights, dict):  # of each pixel
        y, weights = {**y, **weights}, None
    return x, y, weights


def unpacked(inputs, targets, x, who):
    """x through its declaration, and the target and the weights that lie beside it where it came as a dictionary."""
    if inputs is None:
        return tf.nest.map_structure(_float32, x), None, None
    if not isinstance(x, dict):
        return inputs.tensor(x, who), None, None
    keys = tuple(dict.fromkeys((inputs.name, *INPUT_KEYS)))
    key = _one_key(x, [keys], who) or (next(iter(x)) if len(x) == 1 else None)
    if key is None:
        raise InputError(
            f"{who} looks for its examples under one of {', '.join(keys)}. Received: a dictionary of "
            f"{', '.join(map(str, x))}. Nearest: dataset.map(lambda d: d['...'])."
        )
    target = None if targets is None else x.get(_one_key(x, targets.keys, who))
    return inputs.tensor(x[key], who), target, x.get(_one_key(x, [WEIGHT_KEYS], who))


def _one_key(dictionary, groups, who):
    """The key of the first group that is in a dictionary, or None; two of one group could both be meant."""
    for group in groups:
        found = [key for key in group if key in dictionary]
        if len(found) > 1:
            raise InputError(
                f"{who} takes one of {', '.join(group)} from a dictionary. Received: {' and '.join(found)}. "
                "Nearest: dataset.map(lambda d: {...}) with the one that is meant."
            )
        if found:
            return found[0]
    return None


def _weights(weights, y, who):
    """[batch] float32 of weights [batch] or [batch, 1]; `{"weight": ...}` of weights of each pixel."""
    weights = _tensor(weights, who, "weights")
    if weights.shape.rank == 2 and weights.shape[1] == 1:
        weights = weights[:, 0]
    if weights.shape.rank == 1:
        return tf.cast(weights, tf.float32)
    pixels = _pixels(weights)
    if isinstance(y, dict) and pixels.shape.rank == 3:
        return {"weight": tf.cast(pixels, tf.float32)}
    of_pixels = " or, of each pixel, [batch, height, width]" if isinstance(y, dict) else ""
    raise InputError(
        f"{who} takes weights of shape [batch] or [batch, 1]{of_pixels}. Received: {any_rows(weights.shape)}."
    )


def check_rows(tensor, who):
    """Raises InputError for a batch of no examples: convolutions crash on it."""
    if tensor.shape.rank and tensor.shape[0] == 0:
        raise InputError(f"{who} takes at least one example. Received: x of shape {tuple(tensor.shape)}.")


def any_rows(shape):
    """A shape with None for the size of the batch, which is another in every form of the same data."""
    return (None, *shape[1:]) if shape.rank else tuple(shape)


def _float32(values):
    """An array of real numbers in float32, any other as it is."""
    return tf.cast(values, tf.float32) if tf.as_dtype(values.dtype).is_floating else values


def _pixels(values):
    """Without a last axis of one channel."""
    return values[..., 0] if values.shape.rank == 4 and values.shape[-1] == 1 else values


def _tensor(value, who, what):
    """One array, perhaps in a list of its own, as a tensor."""
    if isinstance(value, (list, tuple)) and value and hasattr(value[0], "shape") and len(value[0].shape):
        if len(value) > 1:
            raise InputError(f"{who} takes one array as {what}. Received: {len(value)} of them.")
        value = value[0]
    if isinstance(value, tf.Tensor):
        return value
    value = as_array(value, who, what)
    try:
        array = value if isinstance(value, tf.Variable) else np.asarray(value)
        if isinstance(array, np.ndarray) and array.dtype.kind not in "biuf":
            raise TypeError(array.dtype)
        return tf.convert_to_tensor(array)
    except (ValueError, TypeError) as error:
        raise InputError(f"{who} takes an array of numbers as {what}. Received: {type(value).__name__}.") from error
