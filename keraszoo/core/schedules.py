"""Weights of a loss that follow the training step: a warm-up, cycles, a growing capacity.

Bowman et al., "Generating Sentences from a Continuous Space" (2016), https://arxiv.org/abs/1511.06349 (warm-up);
Fu et al., "Cyclical Annealing Schedule: A Simple Approach to Mitigating KL Vanishing" (2019),
https://arxiv.org/abs/1903.10145; Burgess et al., "Understanding disentangling in beta-VAE" (2018),
https://arxiv.org/abs/1804.03599 (capacity).
"""

import inspect
import numbers
from typing import Any

import tensorflow as tf

from .errors import InputError, closest


def linear(step, *, end, steps, start=0.0):
    """From `start` to `end` in so many training steps, and `end` ever after."""
    return start + (end - start) * tf.minimum(step / steps, 1.0)


def cyclic(step, *, end, period, start=0.0, rising=0.5):
    """In each `period` of training steps from `start` to `end` in the first part, `rising`, and `end` in the rest."""
    return start + (end - start) * tf.minimum((step % period) / (rising * period), 1.0)


SCHEDULES = {"linear": linear, "cyclic": cyclic}


class Schedule:
    """A number >= 0 that is constant or a function of the training steps done.

    The steps are the model's own count, `ZooModel.iterations`, which checkpoints and `.keras` files hold: a resumed
    training goes on exactly, and it does not matter how many steps one call from Python takes.

    Args:
        name: what the number is called.
        value: the number; or `{"schedule": "linear", "start": 0.0, "end": 4.0, "steps": 1000}`; or
            `{"schedule": "cyclic", "start": 0.0, "end": 1.0, "period": 1000, "rising": 0.5}`, where start and rising
            need not be given.

    Raises:
        InputError: unknown schedule, or values that it does not take.

    Example:
        >>> beta = Schedule("beta", {"schedule": "linear", "end": 4.0, "steps": 2})
        >>> [float(beta(step)) for step in range(4)]
        [0.0, 2.0, 4.0, 4.0]
    """

    def __init__(self, name: str, value: Any) -> None:
        self.varies = isinstance(value, dict)
        self.number = None if self.varies else _number(name, value)
        if self.varies:
            self.schedule, self.arguments = _checked(name, value)

    def __call__(self, step: Any) -> Any:
        """The number in the training step after `step` of them: a float, or a float32 scalar where it varies."""
        if not self.varies:
            return self.number
        return self.schedule(tf.cast(tf.convert_to_tensor(step), tf.float32), **self.arguments)


def _number(name, value):
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= value < float("inf"):
        raise InputError(f"{name} must be a number >= 0, or a schedule. Received: {name}={value!r}.")
    return float(value)


def _checked(name, given):
    """The function of a schedule and its arguments."""
    arguments = dict(given)
    chosen = arguments.pop("schedule", None)
    if chosen not in SCHEDULES:
        raise InputError(f"Unknown schedule of {name}. Received: {chosen!r}. {closest(str(chosen), SCHEDULES)}")
    parameters = dict(list(inspect.signature(SCHEDULES[chosen]).parameters.items())[1:])
    needed = {key for key, parameter in parameters.items() if parameter.default is parameter.empty}
    if not needed <= set(arguments) <= set(parameters):
        raise InputError(f"A {chosen} schedule of {name} takes {', '.join(parameters)}. Received: {given}.")
    for key in ("start", "end"):
        if key in arguments:
            arguments[key] = _number(key, arguments[key])
    for key in ("steps", "period"):
        if key in arguments and (not isinstance(arguments[key], int) or arguments[key] < 1):
            raise InputError(f"{key} counts training steps and must be an integer >= 1. Received: {arguments[key]!r}.")
    rising = arguments.get("rising", 0.5)
    if not isinstance(rising, numbers.Real) or not 0 < rising <= 1:
        raise InputError(f"rising is a part of the period: 0 < rising <= 1. Received: {rising!r}.")
    return SCHEDULES[chosen], arguments
