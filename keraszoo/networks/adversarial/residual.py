"""Residual blocks, for colour images.

Miyato, Kataoka, Koyama and Yoshida, "Spectral Normalization for Generative Adversarial Networks" (2018),
https://arxiv.org/abs/1802.05957, table 4, after Gulrajani et al., "Improved Training of Wasserstein GANs" (2017),
https://arxiv.org/abs/1704.00028. On CIFAR-10 the paper's hidden layers are (256, 256, 256) and (128, 128, 128, 128).

With codes of classes batch normalisation can be conditional, as in Miyato and Koyama, "cGANs with Projection
Discriminator" (2018), https://arxiv.org/abs/1802.05637: the noise alone enters below, and the class gives the gain and
the bias of each normalisation.
"""

import math

import keras

from ...core.checks import halved
from ...core.errors import InputError
from ...layers.normalization.conditional_batch_normalization import ConditionalBatchNormalization
from ...layers.self_attention import SelfAttention
from .ends import check_attention, from_range, to_range, with_outputs
from .normalization import normalization as normalizing
from .normalization import normalized

SMALLEST = 8  # side, down to which blocks of the discriminator halve the image


def residual_generator(
    inputs,
    image_shape,
    hidden=(64, 64, 32),
    *,
    codes=0,
    normalization="batch",
    attention=None,
    value_range=(0, 1),
    dtype=None,
):
    """[batch, inputs] -> [batch, *image_shape] in `value_range`: each entry of `hidden` is a block that doubles.

    Args:
        inputs: length of the latent vector, the codes included.
        codes: how many of its last entries are the one-hot code of a class.
        normalization: "none", "batch", "layer", or "conditional" on the codes.
        attention: height of the block's result at which self-attention stands, or None.
    """
    small = (*halved(image_shape, hidden), hidden[0])
    check_attention(attention, [small[0] * 2**depth for depth in range(1, len(hidden) + 1)])
    latent = keras.Input((inputs,))
    noise, code = latent, None
    if normalization == "conditional":
        noise, code = keras.ops.split(latent, [inputs - codes], axis=1)

    def activated(x):
        if normalization == "conditional":
            x = ConditionalBatchNormalization(dtype=dtype)([x, code])
        for layer in normalizing(normalization, dtype):
            x = layer(x)
        return keras.layers.ReLU(dtype=dtype)(x)

    def doubled(x):
        return keras.layers.UpSampling2D(2, interpolation="nearest", dtype=dtype)(x)

    def convolution(x, filters, kernel=3):
        return keras.layers.Conv2D(filters, kernel, padding="same", dtype=dtype)(x)

    x = keras.layers.Dense(math.prod(small), dtype=dtype)(noise)
    x = keras.layers.Reshape(small, dtype=dtype)(x)
    for filters in hidden:
        change = convolution(doubled(activated(x)), filters)
        change = convolution(activated(change), filters)
        # A convolution of single pixels may as well come before each is repeated.
        x = keras.layers.Add(dtype=dtype)([doubled(convolution(x, filters, 1)), change])
        if x.shape[1] == attention:
            x = SelfAttention(dtype=dtype)(x)
    x = convolution(activated(x), image_shape[2])
    for layer in to_range(value_range, dtype):
        x = layer(x)
    return keras.Model(latent, x, name="generator")


def residual_discriminator(
    image_shape,
    outputs=1,
    hidden=(32, 64, 64, 64),
    *,
    projections=0,
    normalization="none",
    attention=None,
    value_range=(0, 1),
    use_bias=True,
    dtype=None,
):
    """[batch, *image_shape] -> [batch, outputs + projections]: linear functions of the last block's rectified sums.

    Each entry of `hidden` is a block, which halves the image as long as both its sides are even and above 8.

    Args:
        attention: height of the block's result at which self-attention stands, or None.
    """
    if len(image_shape) != 3 or not hidden:
        raise InputError(
            "The residual network takes images (height, width, channels) and at least one number of filters. "
            f"Received: image_shape={tuple(image_shape)}, hidden={tuple(hidden)}."
        )

    def convolution(x, filters, kernel=3):
        layer = keras.layers.Conv2D(filters, kernel, padding="same", dtype=dtype)
        (layer,) = normalized(layer, "spectral" if normalization == "spectral" else "none", dtype)
        return layer(x)

    def activated(x):
        for layer in normalizing(normalization, dtype):
            x = layer(x)
        return keras.layers.ReLU(dtype=dtype)(x)

    def halved_once(x):
        return keras.layers.AveragePooling2D(2, dtype=dtype)(x)

    x = image = keras.Input(image_shape)
    for layer in from_range(value_range, dtype):
        x = layer(x)
    heights = []
    for depth, filters in enumerate(hidden):
        halves = min(x.shape[1:3]) > SMALLEST and not any(side % 2 for side in x.shape[1:3])
        change = convolution(x if depth == 0 else activated(x), filters)  # pixels are not rectified
        change = convolution(activated(change), filters)
        change = halved_once(change) if halves else change
        shortcut = halved_once(x) if halves else x
        if halves or filters != x.shape[3]:
            shortcut = convolution(shortcut, filters, 1)  # which commutes with the mean of four pixels
        x = keras.layers.Add(dtype=dtype)([shortcut, change])
        if x.shape[1] == attention and attention not in heights:  # once
            x = SelfAttention(normalization == "spectral", dtype=dtype)(x)
        heights += [x.shape[1]]
    check_attention(attention, heights)
    x = keras.layers.ReLU(dtype=dtype)(x)
    features = keras.Model(image, keras.ops.sum(x, axis=(1, 2)))

    def last(units, use_bias):
        return keras.layers.Dense(units, use_bias=use_bias, dtype=dtype)

    return with_outputs(features, last, outputs, projections, normalization, use_bias, dtype)
