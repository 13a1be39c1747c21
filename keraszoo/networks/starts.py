"""Where the output of a decoder starts, before anything is learned."""

import math

import keras
import numpy as np

from .hidden_layers import is_nonlinear


def start_output(decoder, likelihood, codes, x):
    """Sets the last layer of a decoder so that its output starts where likelihood and data want it.

    Its biases become what `likelihood.start` says: one for each channel after a convolution, one for each value after a
    dense layer. Its kernel keeps the share that `likelihood.first_share` says.
    A network that does not end in such a layer stays as it is.

    Args:
        decoder: a Keras model.
        likelihood: what its output means.
        codes: what the decoder takes, [rows, ...].
        x: as many examples, which have nothing to do with the codes, [rows, ..., channels].
    """
    last = _last_linear(decoder)
    if last is None:
        return
    output = np.asarray(decoder(codes, training=False), "float64")
    x = np.asarray(x, "float64")
    if last.bias.shape[0] != math.prod(output.shape[1:]):  # one for each channel
        if last.bias.shape[0] != output.shape[-1]:
            return
        x, output = x.reshape([-1, x.shape[-1]]), output.reshape([-1, output.shape[-1]])
    bias = keras.ops.convert_to_numpy(last.bias).astype("float64").reshape(output.shape[1:])
    share = likelihood.first_share(x, output)
    if share is not None:
        of_kernel = share.reshape([-1, 1] if isinstance(last, keras.layers.Conv2DTranspose) else [-1])
        last.kernel.assign(keras.ops.convert_to_numpy(last.kernel) * of_kernel)
        output = bias + share * (output - bias)
    shift = likelihood.start(x, output)
    if shift is not None:
        last.bias.assign((bias + shift).reshape([-1]))


def _leaves(network):
    """The layers of a network and of the networks in it, in order; `_flatten_layers` turns the inner ones' around."""
    return [leaf for layer in network._layers for leaf in (_leaves(layer) if layer._layers else [layer])]


def _last_linear(decoder):
    """The last layer of a network where it is linear and its kernel and biases are learned, else None."""
    leaves = _leaves(decoder)
    weighted = [place for place, layer in enumerate(leaves) if layer.weights]
    if not weighted or any(map(is_nonlinear, leaves[weighted[-1] :])):
        return None
    last = leaves[weighted[-1]]
    kinds = (keras.layers.Dense, keras.layers.Conv2D, keras.layers.Conv2DTranspose)
    return last if isinstance(last, kinds) and last.use_bias and last.trainable else None
