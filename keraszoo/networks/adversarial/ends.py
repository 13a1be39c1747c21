"""What adversarial networks begin and end with: the range of the values, and the discriminator's outputs."""

import keras

from ...core.errors import InputError
from .normalization import normalized


def from_range(value_range, dtype):
    """The layers from values in the range to [-1, 1]."""
    if value_range is None:
        return []
    lowest, highest = value_range
    scale = 2.0 / (highest - lowest)
    return [keras.layers.Rescaling(scale, -1.0 - scale * lowest, dtype=dtype)]


def to_range(value_range, dtype):
    """The layers from real numbers to values in the range."""
    if value_range is None:
        return []
    lowest, highest = value_range
    half = (highest - lowest) / 2.0
    return [
        keras.layers.Activation("tanh", dtype=dtype),
        keras.layers.Rescaling(half, lowest + half, dtype=dtype),
    ]


def check_attention(attention, heights):
    """Raises InputError unless self-attention, where it is wanted, stands at one of the heights of a network."""
    if attention is not None and attention not in heights:
        known = ", ".join(map(str, sorted(set(heights)))) or "none"
        raise InputError(
            "Self-attention stands behind a hidden layer whose result has that height. "
            f"Received: attention={attention!r}. Known here: {known}."
        )


def with_outputs(features, dense, outputs, projections, normalization, use_bias, dtype):
    """The discriminator of a network that finds features [batch, d].

    Args:
        features: a `keras.Sequential` without its last layer, or a functional model.
        dense: function (units, use_bias) -> a dense layer.
        outputs: linear functions of the features, with biases where `use_bias`.
        projections: further ones, without: <v, features> of a vector v each, which are normalised by themselves.
        normalization: "spectral" normalises these layers too.

    Returns:
        A model [batch, *image_shape] -> [batch, outputs + projections].
    """
    spectral = "spectral" if normalization == "spectral" else "none"
    (last,) = normalized(dense(outputs, use_bias=use_bias), spectral, dtype)
    if not projections and isinstance(features, keras.Sequential):
        return keras.Sequential([keras.Input(features.input_shape[1:]), *features.layers, last], name="discriminator")
    (image,), found = features.inputs, features.outputs[0]
    answers = last(found)
    if projections:
        (project,) = normalized(dense(projections, use_bias=False), spectral, dtype)
        answers = keras.layers.Concatenate(dtype=dtype)([answers, project(found)])
    return keras.Model(image, answers, name="discriminator")
