"""Calling a network that somebody else's turn must not change."""

import tensorflow as tf


def call_unchanged(network, x):
    """`network(x, training=True)` which leaves the network's state, such as moving statistics, as it is.

    Setting `trainable = False` instead would turn batch normalisation to inference. Seeds do go on.

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
