"""Checks of arguments: numbers, kinds and names, and heights and widths that can be halved or cut into windows."""

import math
import numbers

import keras
import numpy as np
import tensorflow as tf

from .errors import InputError, closest

NOT_ONE = ("get", "serialize", "deserialize")  # of what keras.activations has, no activations


def positive_integers(name, values):
    """`values`, a number or several, as a tuple of integers >= 1; else InputError."""
    if not np.iterable(values):
        values = (values,)
    values = tuple(values)
    sizes_of_examples = values[1:]
    if values and values[0] is None and sizes_of_examples and all(map(_positive_integer, sizes_of_examples)):
        raise InputError(
            f"{name} is that of one example, without the batch. Received: {values}. Nearest: {sizes_of_examples}."
        )
    for value in values:
        if not _positive_integer(value):
            raise InputError(f"{name} must be made of integers >= 1. Received: {value!r}.")
    return tuple(map(int, values))


def _integer(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _positive_integer(value):
    return isinstance(value, numbers.Integral) and value >= 1


def checked_count(count, name="count"):
    """How many are asked for, an integer >= 0 or a tensor of one; else InputError."""
    if not (tf.is_tensor(count) or _integer(count) and count >= 0):
        raise InputError(f"{name} must be an integer >= 0. Received: {count!r}.")
    return count


def real_numbers(name, values):
    """`values`, a number, several or a table of them, as a float64 array; InputError for text and tables with holes.

    Example:
        >>> real_numbers("range", (0, 1))
        array([0., 1.])
    """
    try:
        return np.asarray(values, "float64")
    except (TypeError, ValueError):
        raise InputError(f"{name} must be made of numbers. Received: {values!r}.") from None


def share(name, value):
    """`value` as a float in [0, 1); else InputError."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= value < 1:
        raise InputError(f"{name} is a share in [0, 1). Received: {name}={value!r}.")
    return float(value)


def checked_weight(name, value):
    """`value`, by which a term is multiplied, as a float >= 0; else InputError."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= value < math.inf:
        raise InputError(f"{name} weighs a term and must be >= 0. Received: {name}={value!r}.")
    return float(value)


def check_kinds(arguments, defaults):
    """Raises InputError for a text or a number where True or False is meant, and for NaN where a number is.

    Args:
        arguments: {name: value}.
        defaults: {name: default}, which tell what is meant.

    Example:
        >>> check_kinds({"skips": True, "beta": 2}, {"skips": False, "beta": 1.0})
        >>> check_kinds({"skips": "no"}, {"skips": False})
        Traceback (most recent call last):
        keraszoo.core.errors.InputError: skips is True or False. Received: skips='no'.
    """
    for name, value in arguments.items():
        default = defaults.get(name)
        if isinstance(default, bool):
            if isinstance(value, (str, numbers.Real)) and not isinstance(value, bool):
                raise InputError(f"{name} is True or False. Received: {name}={value!r}.")
        elif isinstance(default, numbers.Real) and isinstance(value, float) and math.isnan(value):
            raise InputError(f"{name} is a number. Received: {name}={value!r}.")


def check_names(arguments, defaults):
    """Raises InputError for a text where a number is meant, and for an activation that there is not.

    For arguments on which a constructor failed without saying so: some take a text in the place of a number, or have
    activations of their own.
    """
    for name, value in arguments.items():
        default = defaults.get(name)
        if isinstance(value, str) and isinstance(default, numbers.Real):
            raise InputError(f"{name} is a number. Received: {name}={value!r}.")
        if isinstance(value, str) and name == "activation":
            check_activation(value)


def check_activation(name):
    """Raises InputError where Keras has no activation of that name."""
    try:
        keras.activations.get(name)
    except ValueError:
        known = [each for each, made in vars(keras.activations).items() if callable(made) and each not in NOT_ONE]
        raise InputError(f"Unknown activation. Received: activation={name!r}. {closest(name, known)}") from None


def check_divisible(height, width, factor, what):
    """Raises InputError unless `factor` divides height and width.

    Args:
        height, width, factor: integers >= 1.
        what: who asks for it and why, the beginning of the message.

    Example:
        >>> check_divisible(28, 28, 4, "The network halves the image twice")
        >>> check_divisible(28, 30, 8, "The network halves the image 3 times")
        Traceback (most recent call last):
        keraszoo.core.errors.InputError: The network halves the image 3 times, so height and width must be divisible by
        8. Received: (28, 30). Nearest: (32, 32).
    """
    if height % factor or width % factor:
        nearest = tuple(max(factor, round(size / factor) * factor) for size in (height, width))
        raise InputError(
            f"{what}, so height and width must be divisible by {factor}. Received: {(height, width)}. "
            f"Nearest: {nearest}."
        )


def halved(image_shape, hidden):
    """Height and width after halving the image once per hidden layer."""
    if len(image_shape) != 3:
        raise InputError(
            "The convolutional network takes images of shape (height, width, channels); network='dense' takes any "
            f"shape. Received: image_shape={tuple(image_shape)}."
        )
    if not hidden:
        raise InputError("The convolutional network needs at least one number of filters. Received: hidden=().")
    factor = 2 ** len(hidden)
    times = "once" if len(hidden) == 1 else f"{len(hidden)} times"
    check_divisible(*image_shape[:2], factor, f"The convolutional network halves the image {times}")
    return image_shape[0] // factor, image_shape[1] // factor


def sizes(x):
    """The sizes of a tensor's axes: integers where they are known, scalar tensors elsewhere."""
    known = x.shape.as_list()
    return [
        dynamic if static is None else static for static, dynamic in zip(known, tf.unstack(tf.shape(x)), strict=True)
    ]
