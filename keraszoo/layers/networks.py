"""Encoder and decoder networks by size: plain `keras.Sequential`s, built when they are returned.

Every function takes the shape of its input without the batch and a `dtype` (a Keras dtype policy or its name).
"""

import math

import keras

from ..errors import InputError, closest


def dense_encoder(
    image_shape, outputs, hidden=(256,), *, activation="relu", kernel_initializer="glorot_uniform", dtype=None
):
    """[batch, *image_shape] -> [batch, outputs] through dense layers of `hidden` units."""
    layers = [keras.Input(image_shape), keras.layers.Flatten(dtype=dtype)]
    layers += [
        keras.layers.Dense(units, activation, kernel_initializer=kernel_initializer, dtype=dtype) for units in hidden
    ]
    layers += [keras.layers.Dense(outputs, kernel_initializer=kernel_initializer, dtype=dtype)]
    return keras.Sequential(layers, name="encoder")


def dense_decoder(
    latent_dim,
    image_shape,
    hidden=(256,),
    *,
    activation="relu",
    kernel_initializer="glorot_uniform",
    latent_initializer="lecun_uniform",
    dtype=None,
):
    """[batch, latent_dim] -> [batch, *image_shape]; `hidden` is listed from the latent side.

    `latent_initializer` is that of the first layer. Few latent units feeding many hidden ones is where Glorot's rule
    starts too small: it averages fan-in and fan-out, and the decoder begins almost blind to its input.
    """
    initializers = [latent_initializer] + [kernel_initializer] * len(hidden)
    layers = [keras.Input((latent_dim,))]
    layers += [
        keras.layers.Dense(units, activation, kernel_initializer=initializer, dtype=dtype)
        for units, initializer in zip(hidden, initializers, strict=False)
    ]
    layers += [
        keras.layers.Dense(math.prod(image_shape), kernel_initializer=initializers[-1], dtype=dtype),
        keras.layers.Reshape(image_shape, dtype=dtype),
    ]
    return keras.Sequential(layers, name="decoder")


def convolutional_encoder(
    image_shape,
    outputs,
    hidden=(32, 64),
    *,
    activation="relu",
    kernel_initializer="glorot_uniform",
    dtype=None,
):
    """[batch, height, width, channels] -> [batch, outputs]: each entry of `hidden` halves the image."""
    _check_halving(image_shape, hidden)
    convolution = {"strides": 2, "padding": "same", "kernel_initializer": kernel_initializer, "dtype": dtype}
    layers = [keras.Input(image_shape)]
    layers += [keras.layers.Conv2D(filters, 3, activation=activation, **convolution) for filters in hidden]
    layers += [
        keras.layers.Flatten(dtype=dtype),
        keras.layers.Dense(outputs, kernel_initializer=kernel_initializer, dtype=dtype),
    ]
    return keras.Sequential(layers, name="encoder")


def convolutional_decoder(
    latent_dim,
    image_shape,
    hidden=(64, 32),
    *,
    activation="relu",
    kernel_initializer="glorot_uniform",
    latent_initializer="lecun_uniform",
    dtype=None,
):
    """[batch, latent_dim] -> [batch, height, width, channels]: each entry of `hidden` doubles the image."""
    _check_halving(image_shape, hidden)
    height, width, channels = image_shape
    small = (height >> len(hidden), width >> len(hidden), hidden[0])
    convolution = {"padding": "same", "kernel_initializer": kernel_initializer, "dtype": dtype}
    layers = [
        keras.Input((latent_dim,)),
        keras.layers.Dense(math.prod(small), activation, kernel_initializer=latent_initializer, dtype=dtype),
        keras.layers.Reshape(small, dtype=dtype),
    ]
    layers += [
        keras.layers.Conv2DTranspose(filters, 3, strides=2, activation=activation, **convolution) for filters in hidden
    ]
    layers += [keras.layers.Conv2D(channels, 3, **convolution)]
    return keras.Sequential(layers, name="decoder")


NETWORKS = {
    "dense": (dense_encoder, dense_decoder, (256,)),
    "convolutional": (convolutional_encoder, convolutional_decoder, (32, 64)),
}


def encoder_and_decoder(image_shape, outputs, latent_dim, *, network, hidden, latent_initializer, **options):
    """The pair of networks of that name, the decoder mirroring the encoder.

    Args:
        image_shape: shape of one example.
        outputs: width of the encoder's output.
        latent_dim: width of the decoder's input.
        network: "dense" or "convolutional".
        hidden: units or filters of the encoder's hidden layers, from the image side; None for the network's default.
        latent_initializer: kernel initialiser of the decoder's first layer.
        **options: `activation`, `kernel_initializer`, `dtype` of both networks.
    """
    if network not in NETWORKS:
        raise InputError(f"Unknown network. Received: network={network!r}. {closest(str(network), NETWORKS)}")
    encoder, decoder, default = NETWORKS[network]
    hidden = default if hidden is None else hidden
    return (
        encoder(image_shape, outputs, hidden, **options),
        decoder(latent_dim, image_shape, hidden[::-1], latent_initializer=latent_initializer, **options),
    )


def check_network(network, role, input_shape, output_shape):
    """Builds a network that the user passed and raises InputError unless it maps one shape to the other."""
    try:
        output = network(keras.KerasTensor((None, *input_shape)))
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"The {role} cannot take a batch of shape {(None, *input_shape)}: {reason}") from error
    if tuple(output.shape) != (None, *output_shape):
        raise InputError(
            f"The {role} must map {(None, *input_shape)} to {(None, *output_shape)}. Received one that returns "
            f"{tuple(output.shape)}."
        )


def _check_halving(image_shape, hidden):
    if len(image_shape) != 3:
        raise InputError(
            "The convolutional network takes images of shape (height, width, channels); network='dense' takes any "
            f"shape. Received: image_shape={tuple(image_shape)}."
        )
    if not hidden:
        raise InputError("The convolutional network needs at least one number of filters. Received: hidden=().")
    factor = 2 ** len(hidden)
    if any(size % factor for size in image_shape[:2]):
        nearest = tuple(max(factor, round(size / factor) * factor) for size in image_shape[:2])
        raise InputError(
            f"The convolutional network halves the image {len(hidden)} times, so height and width must be divisible "
            f"by {factor}. Received: image_shape={tuple(image_shape)}. Nearest: {(*nearest, *image_shape[2:])}."
        )
