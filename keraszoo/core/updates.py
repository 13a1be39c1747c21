"""What a model learns in a step: by an optimizer's gradient, or in closed form from sums over the examples."""

import dataclasses
import typing
from typing import Any

import tensorflow as tf

from ..core.types import Array


@dataclasses.dataclass(frozen=True)
class Gradient:
    """An optimizer lowers the sum of some terms in some variables.

    Attributes:
        terms: function (x, y, training) -> {name: [batch]}, like `ZooModel.loss_terms`.
        variables: what it learns, a list of Keras variables. Where all are frozen, the terms are shown all the same.
        every: n: it acts in each n-th step only, on that step's batch; 1: in all of them.
        after: None, or a function (x, y) of what follows the optimizer, such as clipping the weights. It runs on every
            replica, and must do the same to the weights on each.
    """

    terms: typing.Callable
    variables: list
    every: int = 1
    after: typing.Callable | None = None


@dataclasses.dataclass(frozen=True)
class ClosedForm:
    """Parameters that follow from sums over examples, such as means, covariances or the M step of EM. No optimizer.

    The sums are added up over all replicas, so that two replicas learn what one learns.

    Attributes:
        statistics: function (x, y, weights) -> {name: sum over the examples}; weights [batch] float32 are those of the
            examples, 0 for one that only stands in for an empty part of a batch.
        apply: function ({name: sum}) that assigns the parameters; it runs on every replica.
        every: "step", from the sums of each batch, or "epoch", from those of all batches of an epoch.
        shapes: {name: shape} of the sums, which "epoch" needs to keep them between steps.
        dtype: in which they are kept.
    """

    statistics: typing.Callable
    apply: typing.Callable
    every: str = "step"
    shapes: dict | None = None
    dtype: Any = "float32"


def call_unchanged(network: Any, x: Array) -> Any:
    """`network(x, training=True)` which leaves the network's state, such as moving statistics, as it is.

    For a network that another update learns. Setting `trainable = False` instead would turn batch normalisation to
    inference. Seeds do go on.

    Args:
        network: a built Keras layer or model.
        x: its input.
    """
    states = network.non_trainable_variables
    outputs, following = network.stateless_call(network.trainable_variables, states, x, training=True)
    for state, value in zip(states, following, strict=True):
        if state.name == "seed_generator_state":
            state.assign(tf.convert_to_tensor(value))
    return outputs


def infer(network, x):
    """`network(x, training=False)`."""
    return network(x, training=False)
