"""Encoder and decoder networks by name, and the dense ones: plain `keras.Sequential`s, built when they are returned.

Every function takes the shape of its input without the batch and a `dtype` (a Keras dtype policy or its name).
"""

import functools
import inspect
import itertools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import keras

from ..core.checks import check_activation, check_divisible
from ..core.errors import InputError, closest
from .classic import CLASSIC, Encoder
from .convolutional import convolutional_decoder, convolutional_encoder
from .hidden_layers import check_ends_linear, output_in
from .initialization import initializers
from .pretrained import application_encoder, applications, named_encoder
from .residual import planes_decoder, planes_encoder

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")  # with which Keras makes its messages bold


def dense_encoder(
    image_shape: Sequence[int],
    outputs: int,
    hidden: Sequence[int] = (256,),
    *,
    activation: str | Callable = "relu",
    initialization: str = "glorot",
    dtype: Any = None,
) -> keras.Model:
    """[batch, *image_shape] -> [batch, outputs] through dense layers of `hidden` units."""
    inputs = [math.prod(image_shape), *hidden]
    layers = [keras.Input(image_shape), keras.layers.Flatten(dtype=dtype)]
    layers += [
        keras.layers.Dense(units, activation, dtype=dtype, **initializers(initialization, fan_in))
        for fan_in, units in zip(inputs, hidden, strict=False)
    ]
    layers += [keras.layers.Dense(outputs, dtype=dtype, **initializers(initialization, inputs[-1]))]
    return keras.Sequential(layers, name="encoder")


def dense_decoder(
    latent_dim: int,
    image_shape: Sequence[int],
    hidden: Sequence[int] = (256,),
    *,
    activation: str | Callable = "relu",
    initialization: str = "glorot",
    dtype: Any = None,
) -> keras.Model:
    """[batch, latent_dim] -> [batch, *image_shape]; `hidden` is listed from the latent side."""
    widths = [latent_dim, *hidden, math.prod(image_shape)]
    activations = [activation] * len(hidden) + [None]
    layers = [keras.Input((latent_dim,))]
    for depth, (fan_in, units) in enumerate(itertools.pairwise(widths)):
        start = initializers(initialization, fan_in, latent=depth == 0)
        layers += [keras.layers.Dense(units, activations[depth], dtype=dtype, **start)]
    layers += [keras.layers.Reshape(image_shape, dtype=dtype)]
    return keras.Sequential(layers, name="decoder")


NETWORKS = {
    "dense": (dense_encoder, dense_decoder, (256,)),
    "convolutional": (convolutional_encoder, convolutional_decoder, (32, 64)),
    "residual": (planes_encoder, planes_decoder, (64, 128)),
}
#: encoders of any number of outputs; the classic networks have no decoder
ENCODERS = {
    "dense": Encoder(dense_encoder, (256,), 64),
    "convolutional": Encoder(convolutional_encoder, (32, 64), 64),
    **CLASSIC,
}


def encoder_alone(image_shape, outputs=None, *, network, hidden=None, **options):
    """The encoder of that name, for models that do not decode.

    Args:
        image_shape: shape of one example.
        outputs: width of the encoder's output; None for the network's own.
        network: "dense", "convolutional", the name of a classic network (`keraszoo.networks.classic.CLASSIC`), such as
            "resnet18", or of one of `keras.applications`, such as "mobilenetv2"; or a dictionary of its name and
            further arguments, such as `{"name": "vgg16", "normalization": "batch"}`.
        hidden: units or filters of the hidden layers, from the image side; None for the network's default.
        **options: `dtype`; `activation` and `initialization`, None for the network's own.

    Raises:
        InputError: an unknown network or argument, or what the network refuses.

    Example:
        >>> encoder_alone((28, 28, 1), 16, network={"name": "lenet5", "normalization": "batch"}).output_shape
        (None, 16)
    """
    name, arguments = named(network)
    encoder = ENCODERS.get(name)
    if encoder is None:
        make = functools.partial(application_encoder, name)
    else:
        make, outputs = encoder.make, encoder.outputs if outputs is None else outputs
        arguments["hidden"] = encoder.hidden if hidden is None else hidden
    arguments |= {option: value for option, value in options.items() if value is not None}
    known = {*inspect.signature(make).parameters} - {"image_shape", "outputs", "kernels", "blocks", "bottleneck"}
    for argument in arguments:
        if argument not in known:
            raise InputError(
                f"The network has no such argument. Received: {argument!r} of {name!r}. {closest(argument, known)}"
            )
    if isinstance(arguments.get("activation"), str):
        check_activation(arguments["activation"])
    try:
        return make(image_shape, outputs, **arguments)
    except InputError as error:
        shape = "" if "image_shape=" in str(error) else f", of image_shape={tuple(image_shape)}"
        raise InputError(f"{error} The network is {name!r}{shape}.") from None


def code_encoder(image_shape, outputs, *, network, dtype=None, **options):
    """An `encoder_alone` for models that decode: what it returns are numbers of any size.

    The classic networks end in activated features; a dense layer follows those.

    Args:
        image_shape: shape of one example.
        outputs: width of the encoder's output.
        network: as for `encoder_alone`.
        **options: `activation`, `initialization`, `dtype`.

    Example:
        >>> code_encoder((32, 32, 3), 16, network="resnet8").output_shape
        (None, 16)
    """
    if named(network)[0] in NETWORKS:
        return encoder_alone(image_shape, outputs, network=network, dtype=dtype, **options)
    features = encoder_alone(image_shape, network=network, dtype=dtype, **options)
    code = keras.layers.Dense(outputs, dtype=dtype, name="code")(features.output)
    return keras.Model(features.input, code, name="encoder")


def grid_encoder(image_shape, dim, halvings, *, network, dtype=None):
    """[batch, height, width, channels] -> [batch, height / 2^n, width / 2^n, dim], of a network's maps.

    A 1x1 convolution of the last maps that the network has at that resolution.

    Args:
        image_shape: (height, width, channels).
        dim: length of the vectors.
        halvings: n, how often the image is halved.
        network: as for `encoder_alone`.
        dtype: a Keras dtype policy or its name.

    Raises:
        InputError: a network without maps of that resolution.

    Example:
        >>> grid_encoder((32, 32, 3), 16, 2, network="resnet18").output_shape
        (None, 8, 8, 16)
    """
    name, arguments = named(network)
    check_divisible(*image_shape[:2], 2**halvings, f"The image is halved {halvings} times")
    if name in ENCODERS:
        encoder = encoder_alone(image_shape, network=network, dtype=dtype)
        outputs = [output_in(encoder, layer) for layer in encoder.layers]
        image, outputs = encoder.inputs[0], [output for output in outputs if len(output.shape) == 4]
    else:
        image = keras.Input(image_shape)
        found = named_encoder(name, image, halvings, dtype=dtype, **arguments)
        outputs = [output for output in found if output is not None]
    grids = {tuple(output.shape[1:3]): output for output in outputs}
    asked = tuple(side >> halvings for side in image_shape[:2])
    if asked not in grids:
        known = sorted({grid for grid in grids if grid[0] <= image_shape[0]}, reverse=True)
        raise InputError(
            f"The network {name!r} has no maps of {_sides(asked)} pixels, of {halvings} halvings. It has those of "
            f"{', '.join(map(_sides, known)) or 'no size'}."
        )
    return keras.Model(image, keras.layers.Conv2D(dim, 1, dtype=dtype, name="vectors")(grids[asked]), name="encoder")


def _sides(grid):
    return "x".join(map(str, grid))


def named(network):
    """(name, further arguments) of a network given by its name or by a dictionary; InputError for an unknown name."""
    arguments = dict(network) if isinstance(network, dict) else {"name": network}
    name = arguments.pop("name", None)
    if name not in ENCODERS and str(name).lower().replace("_", "") not in applications():
        raise InputError(f"Unknown network. Received: network={network!r}. {closest(str(name), ENCODERS)}")
    return name, arguments


def encoder_and_decoder(
    image_shape,
    outputs,
    latent_dim,
    *,
    network,
    hidden,
    decoded_shape=None,
    downsampling="stride",
    upsampling="transposed",
    padding="zero",
    residual_blocks=2,
    **options,
):
    """The pair of networks of that name, the decoder mirroring the encoder.

    Args:
        image_shape: shape of one example.
        outputs: width of the encoder's output.
        latent_dim: width of the decoder's input.
        network: "dense", "convolutional" or "residual".
        hidden: units or filters of the encoder's hidden layers, from the image side; None for the network's default.
        decoded_shape: shape of the decoder's output; None for `image_shape`.
        downsampling: "stride", "max" or "average": how a convolutional encoder halves the image.
        upsampling: "transposed", "nearest" or "bilinear": how a convolutional decoder doubles it.
        padding: "zero", "mirrored" or "periodic": what convolutions see beyond the border; transposed ones only zeros.
        residual_blocks: of a residual encoder and decoder each, on the smallest grid.
        **options: `activation`, `initialization`, `dtype` of both networks.
    """
    encoder, decoder, default = NETWORKS[_known(network, NETWORKS)]
    hidden = default if hidden is None else hidden
    down, up = {"downsampling": downsampling, "padding": padding}, {"upsampling": upsampling, "padding": padding}
    if network == "dense":
        _check_untouched(
            downsampling=(downsampling, "stride"), upsampling=(upsampling, "transposed"), padding=(padding, "zero")
        )
        down, up = {}, {}
    if network == "residual":
        down, up = ({**each, "residual_blocks": residual_blocks} for each in (down, up))
    elif residual_blocks != 2:
        raise InputError(
            f"Only residual networks have residual blocks. Received: network={network!r}, "
            f"residual_blocks={residual_blocks!r}. Nearest: network='residual'."
        )
    return (
        encoder(image_shape, outputs, hidden, **down, **options),
        decoder(latent_dim, image_shape if decoded_shape is None else decoded_shape, hidden[::-1], **up, **options),
    )


def output_shape_of(network, role, input_shape):
    """The shape that a network makes of a batch, batch included: it is built by the way.

    Raises:
        InputError: for what is no network, cannot take the batch, or returns several tensors.
    """
    if isinstance(network, (list, tuple)):
        raise InputError(
            f"The {role} is one Keras layer or model. Received: a {type(network).__name__} of {len(network)}. Nearest: "
            "keras.Sequential([...])."
        )
    if not callable(network):
        by_name = " Names are for encoder= of the models that have one." if isinstance(network, (str, dict)) else ""
        raise InputError(f"The {role} is a Keras layer or model. Received: {network!r}.{by_name}")
    try:
        output = network(keras.KerasTensor((None, *input_shape)))
    except ValueError as error:
        raise InputError(
            f"The {role} cannot take a batch of shape {(None, *input_shape)}: {_whole_reason(error)}"
        ) from error
    if isinstance(output, (list, tuple, dict)):
        merge = f"keras.Model({role}.input, keras.layers.Concatenate()({role}.outputs))"
        raise InputError(
            f"The {role} must return one tensor. Received: {len(output)} of them. Nearest: join them, such as means "
            f"and log-variances, by {merge}."
        )
    return tuple(output.shape)


def _whole_reason(error):
    """What Keras says of a failed call in one line, without the list of its arguments."""
    lines = [line.strip() for line in str(error).split("Arguments received by")[0].splitlines()]
    return ESCAPES.sub("", " ".join(line for line in lines if line and not line.startswith("Exception encountered")))


def check_network(network, role, input_shape, output_shape, logits=False):
    """Builds a network that the user passed and raises InputError unless it maps one shape to the other.

    Args:
        network: a Keras layer or model.
        role: what it is in the model, for the message.
        input_shape: without the batch.
        output_shape: without the batch; None stands for any size.
        logits: whether what it returns are logits, so that it may not end in a sigmoid.
    """
    _, *got = output_shape_of(network, role, input_shape)
    if len(got) != len(output_shape) or any(
        want not in (None, size) for want, size in zip(output_shape, got, strict=True)
    ):
        raise InputError(
            f"The {role} must map {(None, *input_shape)} to {(None, *output_shape)}. Received one that returns "
            f"{(None, *got)}."
        )
    if logits:
        check_ends_linear(network, role)


def _known(network, networks):
    if network not in networks:
        raise InputError(f"Unknown network. Received: network={network!r}. {closest(str(network), networks)}")
    return network


def _check_untouched(**options):
    """Raises InputError unless each option of convolutions, passed as name=(value, default), has its default."""
    for name, (value, default) in options.items():
        if value != default:
            raise InputError(
                f"Dense networks have no convolutions, so {name} must stay {default!r}. Received: {name}={value!r}. "
                "Nearest: network='convolutional'."
            )
