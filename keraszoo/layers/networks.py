"""Encoder and decoder networks by size: plain `keras.Sequential`s, built when they are returned.

Every function takes the shape of its input without the batch and a `dtype` (a Keras dtype policy or its name).
"""

import itertools
import math

import keras

from ..errors import InputError, closest
from .initialization import initializers

KERNEL = 3  # side of every convolution


def dense_encoder(image_shape, outputs, hidden=(256,), *, activation="relu", initialization="glorot", dtype=None):
    """[batch, *image_shape] -> [batch, outputs] through dense layers of `hidden` units."""
    inputs = [math.prod(image_shape), *hidden]
    layers = [keras.Input(image_shape), keras.layers.Flatten(dtype=dtype)]
    layers += [
        keras.layers.Dense(units, activation, dtype=dtype, **initializers(initialization, fan_in))
        for fan_in, units in zip(inputs, hidden, strict=False)
    ]
    layers += [keras.layers.Dense(outputs, dtype=dtype, **initializers(initialization, inputs[-1]))]
    return keras.Sequential(layers, name="encoder")


def dense_decoder(latent_dim, image_shape, hidden=(256,), *, activation="relu", initialization="glorot", dtype=None):
    """[batch, latent_dim] -> [batch, *image_shape]; `hidden` is listed from the latent side."""
    widths = [latent_dim, *hidden, math.prod(image_shape)]
    activations = [activation] * len(hidden) + [None]
    layers = [keras.Input((latent_dim,))]
    for depth, (fan_in, units) in enumerate(itertools.pairwise(widths)):
        start = initializers(initialization, fan_in, latent=depth == 0)
        layers += [keras.layers.Dense(units, activations[depth], dtype=dtype, **start)]
    layers += [keras.layers.Reshape(image_shape, dtype=dtype)]
    return keras.Sequential(layers, name="decoder")


def convolutional_encoder(
    image_shape, outputs, hidden=(32, 64), *, activation="relu", initialization="glorot", dtype=None
):
    """[batch, height, width, channels] -> [batch, outputs]: each entry of `hidden` halves the image."""
    height, width = _halved(image_shape, hidden)
    layers = [keras.Input(image_shape)]
    for channels, filters in itertools.pairwise([image_shape[2], *hidden]):
        start = initializers(initialization, KERNEL**2 * channels)
        layers += [
            keras.layers.Conv2D(filters, KERNEL, strides=2, padding="same", activation=activation, dtype=dtype, **start)
        ]
    start = initializers(initialization, height * width * hidden[-1])
    layers += [keras.layers.Flatten(dtype=dtype), keras.layers.Dense(outputs, dtype=dtype, **start)]
    return keras.Sequential(layers, name="encoder")


def convolutional_decoder(
    latent_dim, image_shape, hidden=(64, 32), *, activation="relu", initialization="glorot", dtype=None
):
    """[batch, latent_dim] -> [batch, height, width, channels]: each entry of `hidden` doubles the image."""
    small = (*_halved(image_shape, hidden), hidden[0])
    start = initializers(initialization, latent_dim, latent=True)
    layers = [
        keras.Input((latent_dim,)),
        keras.layers.Dense(math.prod(small), activation, dtype=dtype, **start),
        keras.layers.Reshape(small, dtype=dtype),
    ]
    for channels, filters in itertools.pairwise([hidden[0], *hidden]):
        start = initializers(initialization, KERNEL**2 * channels)
        layers += [
            keras.layers.Conv2DTranspose(
                filters, KERNEL, strides=2, padding="same", activation=activation, dtype=dtype, **start
            )
        ]
    start = initializers(initialization, KERNEL**2 * hidden[-1])
    layers += [keras.layers.Conv2D(image_shape[2], KERNEL, padding="same", dtype=dtype, **start)]
    return keras.Sequential(layers, name="decoder")


NETWORKS = {
    "dense": (dense_encoder, dense_decoder, (256,)),
    "convolutional": (convolutional_encoder, convolutional_decoder, (32, 64)),
}


def encoder_and_decoder(image_shape, outputs, latent_dim, *, network, hidden, **options):
    """The pair of networks of that name, the decoder mirroring the encoder.

    Args:
        image_shape: shape of one example.
        outputs: width of the encoder's output.
        latent_dim: width of the decoder's input.
        network: "dense" or "convolutional".
        hidden: units or filters of the encoder's hidden layers, from the image side; None for the network's default.
        **options: `activation`, `initialization`, `dtype` of both networks.
    """
    if network not in NETWORKS:
        raise InputError(f"Unknown network. Received: network={network!r}. {closest(str(network), NETWORKS)}")
    encoder, decoder, default = NETWORKS[network]
    hidden = default if hidden is None else hidden
    return (
        encoder(image_shape, outputs, hidden, **options),
        decoder(latent_dim, image_shape, hidden[::-1], **options),
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


def _halved(image_shape, hidden):
    """Height and width after halving the image once per hidden layer."""
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
    return image_shape[0] // factor, image_shape[1] // factor
