"""The pairs of networks, chosen by name."""

from ...core.errors import InputError, closest
from ..convolutional import check_options
from .convolutional import convolutional_discriminator, convolutional_generator
from .dense import dense_discriminator, dense_generator
from .normalization import OF_DISCRIMINATORS, OF_GENERATORS
from .residual import residual_discriminator, residual_generator

#: name: (generator, its hidden layers, discriminator, its hidden layers)
NETWORKS = {
    "dense": (dense_generator, (256, 256), dense_discriminator, (256, 256)),
    "convolutional": (convolutional_generator, (128, 64), convolutional_discriminator, (64, 128)),
    "residual": (residual_generator, (64, 64, 32), residual_discriminator, (32, 64, 64, 64)),
}


def generator_by_name(
    network,
    inputs,
    image_shape,
    hidden=None,
    normalization=None,
    value_range=(0, 1),
    dtype=None,
    *,
    codes=0,
    attention=None,
):
    """The generator of a network's name; `hidden` is listed from the latent side, None: the network's own.

    Args:
        normalization: "none", "batch" or "layer", and in residual networks "conditional", on the class. None: none for
            dense layers; batch for others, but conditional where a residual network is told the class.
        codes: how many of the inputs, the last ones, are the one-hot code of a class.
        attention: the height at which self-attention stands; None: nowhere. Not for dense layers.

    Raises:
        InputError: for unknown names, and for what a network does not have.
    """
    make, default, _, _ = _known(network)
    options = {"value_range": value_range, "dtype": dtype, **_attention(network, attention)}
    if network == "residual":
        options["codes"] = codes
    if normalization is None:
        normalization = "conditional" if network == "residual" and codes else _default(network)
    if normalization == "conditional":
        _check_conditional(network, codes)
    else:
        check_options(normalization=(normalization, OF_GENERATORS))
    return make(inputs, image_shape, default if hidden is None else hidden, normalization=normalization, **options)


def discriminator_by_name(
    network,
    image_shape,
    outputs=1,
    hidden=None,
    normalization=None,
    value_range=(0, 1),
    use_bias=True,
    dtype=None,
    *,
    projections=0,
    attention=None,
):
    """The discriminator of a network's name; `hidden` is listed from the image side, None: the network's own.

    Args:
        normalization: "none", "batch", "layer" or "spectral"; None: batch for convolutions, none for others.
        use_bias: of the outputs.
        projections: number of outputs besides, which are linear in the last features, without biases.
        attention: the height at which self-attention stands; None: nowhere. Not for dense layers.

    Raises:
        InputError: for unknown names, and for what a network does not have.
    """
    _, _, make, default = _known(network)
    if normalization is None:
        normalization = "none" if network == "residual" else _default(network)
    check_options(normalization=(normalization, OF_DISCRIMINATORS))
    options = {"value_range": value_range, "use_bias": use_bias, "dtype": dtype, **_attention(network, attention)}
    options |= {"normalization": normalization, "projections": projections}
    return make(image_shape, outputs, default if hidden is None else hidden, **options)


def _known(network):
    if network not in NETWORKS:
        raise InputError(f"Unknown network. Received: network={network!r}. {closest(str(network), NETWORKS)}")
    return NETWORKS[network]


def _default(network):
    return "none" if network == "dense" else "batch"


def _attention(network, attention):
    """The argument of networks that can have it."""
    if network != "dense":
        return {"attention": attention}
    if attention is not None:
        raise InputError(
            "Attention is between the places of an image, which dense layers do not keep. "
            f"Received: attention={attention!r}, network='dense'. Nearest: network='residual'."
        )
    return {}


def _check_conditional(network, codes):
    if network != "residual":
        raise InputError(
            "Conditional normalisation stands in residual generators. Received: "
            f"generator_normalization='conditional', network={network!r}. Nearest: network='residual'."
        )
    if not codes:
        raise InputError(
            "Conditional normalisation depends on the class, of which this generator is not told. Received: "
            "generator_normalization='conditional'. Nearest: generator_normalization='batch'."
        )
