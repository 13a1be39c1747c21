"""How the weights of a network start."""

import math

import keras

from ..core.errors import InputError, closest

INITIALIZATIONS = ("glorot", "he", "fan_in")


def initializers(initialization, fan_in, latent=False):
    """Keyword arguments `kernel_initializer` and `bias_initializer` of a layer whose units have `fan_in` inputs.

    Args:
        initialization: "glorot", Keras' default: Glorot and Bengio's uniform kernels (2010) and zero biases; "he": He
            et al.'s normal kernels for rectifiers (2015, https://arxiv.org/abs/1502.01852), of variance 2/fan_in, and
            zero biases; or "fan_in": kernels and biases uniform within +-1/sqrt(fan_in), PyTorch's default.
        fan_in: number of inputs of a unit.
        latent: whether the layer is the first after the code. Few latent units feeding many hidden ones is where
            Glorot's rule, which averages fan-in and fan-out, starts too small: the decoder begins almost blind to its
            input. Its kernel then follows LeCun's rule (1998), which looks at the fan-in alone.
    """
    if initialization not in INITIALIZATIONS:
        raise InputError(
            f"Unknown initialization. Received: {initialization!r}. {closest(str(initialization), INITIALIZATIONS)}"
        )
    if initialization == "glorot":
        return {"kernel_initializer": "lecun_uniform" if latent else "glorot_uniform", "bias_initializer": "zeros"}
    if initialization == "he":
        return {"kernel_initializer": "he_normal", "bias_initializer": "zeros"}
    limit = 1 / math.sqrt(fan_in)
    return {
        "kernel_initializer": keras.initializers.RandomUniform(-limit, limit),
        "bias_initializer": keras.initializers.RandomUniform(-limit, limit),
    }
