"""Activations and normalisations of adversarial networks."""

import keras
import tensorflow as tf

from ...layers.normalization.batch_normalization import BatchNormalization
from ...layers.normalization.spectral_normalization import SpectralNormalization

SLOPE = 0.2  # of the leaky rectifier, for negative values
OF_GENERATORS = ("none", "batch", "layer")
OF_DISCRIMINATORS = (*OF_GENERATORS, "spectral")


@keras.saving.register_keras_serializable("keraszoo")
def leaky_rectifier(x):
    """max(x, 0.2 x). With TensorFlow's own, its graph optimizer fails at spectrally normalised convolutions."""
    return tf.maximum(x, SLOPE * x)


@keras.saving.register_keras_serializable("keraszoo")
def fused_leaky_rectifier(x):
    """The same by TensorFlow's own, whose gradient is one pass over maps; that of its gradient is slower."""
    return tf.nn.leaky_relu(x, SLOPE)


def normalized(layer, name, dtype):
    """The layers that are a layer, normalised."""
    if name == "spectral":
        return [SpectralNormalization(layer, dtype=dtype)]
    return [layer, *normalization(name, dtype)]


def normalization(name, dtype):
    """The layers that normalise what the layer before them gives; none for "none" and "spectral"."""
    if name == "batch":
        return [BatchNormalization(dtype=dtype)]
    if name == "layer":
        return [keras.layers.LayerNormalization(axis=-1, dtype=dtype)]
    return []
