"""Generators and discriminators by name: plain `keras.Sequential`s, built when they are returned.

"dense" is for anything. Its layers start with biases that are not zero ("fan_in"): with zero biases every unit bends at
the origin, and of points in the plane a discriminator learns no detail for thousands of steps.

"convolutional" is the network of Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep
Convolutional Generative Adversarial Networks" (2016), https://arxiv.org/abs/1511.06434, with kernels of 4 instead of 5,
which strides of 2 divide.
"""

import itertools
import math

import keras
import tensorflow as tf

from ..core.checks import halved
from ..core.errors import InputError, closest
from ..layers.batch_normalization import BatchNormalization
from ..layers.spectral_normalization import SpectralNormalization
from .convolutional import check_options
from .initialization import initializers

KERNEL = 4
SLOPE = 0.2  # of the leaky rectifier, for negative values
NORMALIZATIONS = ("none", "batch", "layer", "spectral")


@keras.saving.register_keras_serializable("keraszoo")
def leaky_rectifier(x):
    """max(x, 0.2 x). With TensorFlow's own, its graph optimizer fails at spectrally normalised convolutions."""
    return tf.maximum(x, SLOPE * x)


def dense_generator(inputs, image_shape, hidden=(256, 256), *, normalization="none", value_range=(0, 1), dtype=None):
    """[batch, inputs] -> [batch, *image_shape] in `value_range`; None: any real number."""
    layers = [keras.Input((inputs,))]
    for fan_in, units in itertools.pairwise([inputs, *hidden]):
        layers += _normalized(_dense(units, fan_in, dtype), normalization, dtype)
        layers += [keras.layers.ReLU(dtype=dtype)]
    layers += [_dense(math.prod(image_shape), hidden[-1] if hidden else inputs, dtype)]
    layers += [keras.layers.Reshape(image_shape, dtype=dtype)]
    return keras.Sequential([*layers, *_to_range(value_range, dtype)], name="generator")


def dense_discriminator(
    image_shape, outputs=1, hidden=(256, 256), *, normalization="none", value_range=(0, 1), use_bias=True, dtype=None
):
    """[batch, *image_shape] -> [batch, outputs]."""
    layers = [keras.Input(image_shape), *_from_range(value_range, dtype), keras.layers.Flatten(dtype=dtype)]
    widths = [math.prod(image_shape), *hidden]
    for fan_in, units in itertools.pairwise(widths):
        layers += _normalized(_dense(units, fan_in, dtype), normalization, dtype)
        layers += [keras.layers.Activation(leaky_rectifier, dtype=dtype)]
    layers += _last(_dense(outputs, widths[-1], dtype, use_bias=use_bias), normalization, dtype)
    return keras.Sequential(layers, name="discriminator")


def convolutional_generator(
    inputs, image_shape, hidden=(128, 64), *, normalization="batch", value_range=(0, 1), dtype=None
):
    """[batch, inputs] -> [batch, *image_shape] in `value_range`: each entry of `hidden` doubles the image."""
    small = (*halved(image_shape, hidden), hidden[0])
    options = {"padding": "same", "dtype": dtype, **_start(normalization)}
    layers = [keras.Input((inputs,)), keras.layers.Dense(math.prod(small), dtype=dtype, **_start(normalization))]
    layers += [keras.layers.Reshape(small, dtype=dtype)]
    layers += [*_normalization(normalization, dtype), keras.layers.ReLU(dtype=dtype)]
    for filters in hidden[1:]:
        layers += _normalized(keras.layers.Conv2DTranspose(filters, KERNEL, 2, **options), normalization, dtype)
        layers += [keras.layers.ReLU(dtype=dtype)]
    layers += [keras.layers.Conv2DTranspose(image_shape[2], KERNEL, 2, **options)]
    return keras.Sequential([*layers, *_to_range(value_range, dtype)], name="generator")


def convolutional_discriminator(
    image_shape, outputs=1, hidden=(64, 128), *, normalization="batch", value_range=(0, 1), use_bias=True, dtype=None
):
    """[batch, *image_shape] -> [batch, outputs]: each entry of `hidden` halves the image."""
    halved(image_shape, hidden)
    options = {"padding": "same", "dtype": dtype, **_start(normalization)}
    layers = [keras.Input(image_shape), *_from_range(value_range, dtype)]
    for depth, filters in enumerate(hidden):
        convolution = keras.layers.Conv2D(filters, KERNEL, 2, **options)
        # The paper leaves batch normalisation out of the first layer.
        first = "none" if depth == 0 and normalization != "spectral" else normalization
        layers += [*_normalized(convolution, first, dtype), keras.layers.Activation(leaky_rectifier, dtype=dtype)]
    layers += [keras.layers.Flatten(dtype=dtype)]
    layers += _last(
        keras.layers.Dense(outputs, use_bias=use_bias, dtype=dtype, **_start(normalization)), normalization, dtype
    )
    return keras.Sequential(layers, name="discriminator")


NETWORKS = {
    "dense": (dense_generator, dense_discriminator, (256, 256)),
    "convolutional": (convolutional_generator, convolutional_discriminator, (64, 128)),
}


def generator_by_name(network, inputs, image_shape, hidden=None, normalization=None, value_range=(0, 1), dtype=None):
    """The generator of a network's name; `hidden` is listed from the latent side, None: the network's own.

    Args:
        normalization: "none", "batch" or "layer"; None: batch for convolutions, none for dense layers.
    """
    function, _, hidden = _known(network, hidden, reverse=hidden is None)
    normalization = _checked(network, normalization, NORMALIZATIONS[:3])
    options = {"normalization": normalization, "value_range": value_range, "dtype": dtype}
    return function(inputs, image_shape, hidden, **options)


def discriminator_by_name(
    network, image_shape, outputs=1, hidden=None, normalization=None, value_range=(0, 1), use_bias=True, dtype=None
):
    """The discriminator of a network's name; `hidden` is listed from the image side, None: the network's own.

    Args:
        normalization: "none", "batch", "layer" or "spectral"; None: batch for convolutions, none for dense layers.
        use_bias: of the last layer.
    """
    _, function, hidden = _known(network, hidden)
    normalization = _checked(network, normalization, NORMALIZATIONS)
    options = {"normalization": normalization, "value_range": value_range, "use_bias": use_bias, "dtype": dtype}
    return function(image_shape, outputs, hidden, **options)


def _known(network, hidden, reverse=False):
    if network not in NETWORKS:
        raise InputError(f"Unknown network. Received: network={network!r}. {closest(str(network), NETWORKS)}")
    generator, discriminator, default = NETWORKS[network]
    hidden = default if hidden is None else hidden
    return generator, discriminator, hidden[::-1] if reverse else hidden


def _checked(network, normalization, known):
    if normalization is None:
        return "batch" if network == "convolutional" else "none"
    check_options(normalization=(normalization, known))
    return normalization


def _dense(units, fan_in, dtype, **options):
    return keras.layers.Dense(units, dtype=dtype, **initializers("fan_in", fan_in), **options)


def _normalized(layer, normalization, dtype):
    """The layer, normalised."""
    if normalization == "spectral":
        return [SpectralNormalization(layer, dtype=dtype)]
    return [layer, *_normalization(normalization, dtype)]


def _normalization(normalization, dtype):
    if normalization == "batch":
        return [BatchNormalization(dtype=dtype)]
    if normalization == "layer":
        return [keras.layers.LayerNormalization(axis=-1, dtype=dtype)]
    return []


def _last(layer, normalization, dtype):
    return [SpectralNormalization(layer, dtype=dtype)] if normalization == "spectral" else [layer]


def _start(normalization):
    """With batch normalisation weights start as in the paper."""
    return {"kernel_initializer": keras.initializers.RandomNormal(stddev=0.02)} if normalization == "batch" else {}


def _from_range(value_range, dtype):
    """The layers from values in the range to [-1, 1]."""
    if value_range is None:
        return []
    lowest, highest = value_range
    scale = 2.0 / (highest - lowest)
    return [keras.layers.Rescaling(scale, -1.0 - scale * lowest, dtype=dtype)]


def _to_range(value_range, dtype):
    """The layers from real numbers to values in the range."""
    if value_range is None:
        return []
    lowest, highest = value_range
    half = (highest - lowest) / 2.0
    return [
        keras.layers.Activation("tanh", dtype=dtype),
        keras.layers.Rescaling(half, lowest + half, dtype=dtype),
    ]
