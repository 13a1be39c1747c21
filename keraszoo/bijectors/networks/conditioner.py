"""Networks that tell a transform its parameters."""

import itertools

import keras

from ...networks.initialization import initializers


def scaled_start(fan_in):
    """The start of a conditioner's last kernel: a hundredth of the usual, so that a flow begins near the identity."""
    limit = 0.01 / max(1, fan_in) ** 0.5
    return keras.initializers.RandomUniform(-limit, limit)


def conditioner_input(shape, dtype):
    """A network's `keras.Input` that leaves float64 as it is where the network computes in it: Keras makes float32."""
    double = keras.dtype_policies.get(dtype).compute_dtype == "float64"
    return keras.Input(shape, dtype="float64" if double else None)


def dense_conditioner(inputs, outputs, hidden, activation="relu", dtype=None):
    """A dense network that starts at 0, nearly: [batch, inputs] -> [batch, outputs]."""
    layers = [conditioner_input((inputs,), dtype)]
    for fan_in, units in itertools.pairwise([inputs, *hidden]):
        layers += [keras.layers.Dense(units, activation, dtype=dtype, **initializers("fan_in", fan_in))]
    last = hidden[-1] if hidden else inputs
    layers += [keras.layers.Dense(outputs, dtype=dtype, kernel_initializer=scaled_start(last))]
    return keras.Sequential(layers, name="conditioner")
