"""Restoring one image of any size: less noise, more pixels, or no hole, as the model has learned."""

import math

import keras
import numpy as np
import tensorflow as tf

from ..core.errors import InputError
from ..core.types import Array
from ..models.abilities import Anneals, Reconstructs, Restores
from ..networks.tiles import predict_tiled

TILE, OVERLAP = 512, 128  # pixels of the damaged image; networks halve it a few times only, so they divide these


def restore(
    model: keras.Model, image: Array, mask: Array | None = None, temperature: float | None = None
) -> np.ndarray:
    """The image as the model restores it.

    A model with `restore` takes images of any size: they are continued by their mirror image to a size that
    `model.divisor` divides, and the answer, `model.upscale` times as large, is cut back. Images larger than 512 pixels
    are restored in tiles of that size that overlap by 128, so that the network's memory does not grow with the image.
    Another model reconstructs images of exactly its own size.

    Args:
        model: with `restore(images)`, or `restore(images, mask)` where its `mask` declares one; or with `reconstruct`
            and `image_shape`.
        image: [height, width, channels], values in [0, 1].
        mask: [height, width], 1 where a pixel is known, 0 in the hole; for models that take one.
        temperature: for models that have one, over their own: 1 for the mean of the plausible answers, 0 for the most
            probable one.

    Returns:
        [upscale * height, upscale * width, channels] float32 in [0, 1].

    Raises:
        InputError: a model that cannot, a mask or a temperature that it does not take, or a mask that it needs, another
            size or number of channels.
    """
    name = type(model).__name__
    image = np.asarray(image, "float32")
    height, width, channels = image.shape
    if channels != input_channels(model):
        raise InputError(f"{name} takes images of {input_channels(model)} channels. Received: {channels}.")
    takes_mask = isinstance(model, Restores) and model.mask is not None  # type: ignore[attr-defined]
    if takes_mask and mask is None:
        raise InputError(f"{name} fills a hole, so it needs a mask: 1 where a pixel is known, 0 in the hole.")
    if mask is not None and not takes_mask:
        raise InputError(f"{name} restores whole images; it takes no mask.")
    anneals = isinstance(model, Anneals) and model.temperature is not None
    if temperature is not None and not anneals:
        raise InputError(f"{name} has one answer for each image; it takes no temperature. Received: {temperature!r}.")
    if mask is not None and np.shape(mask) != (height, width):
        raise InputError(
            f"The mask must be as large as the image, {height}x{width}. "
            f"Received: {'x'.join(map(str, np.shape(mask)))} (height x width)."
        )
    if not isinstance(model, Restores):
        if image.shape != tuple(model.image_shape):
            size = "x".join(map(str, model.image_shape[:2]))
            raise InputError(
                f"{name} reconstructs images of its own size only, {size}. Received: {height}x{width} (height x width)."
            )
        return np.clip(model.reconstruct(image[None]), 0.0, 1.0)[0]
    given = image if mask is None else np.concatenate([image, np.asarray(mask, "float32")[..., None]], axis=-1)
    options = {"temperature": temperature} if anneals else {}
    restored = _in_tiles(model, _mirrored(given, model.divisor), channels, options)  # type: ignore[attr-defined]
    return np.clip(restored[: height * model.upscale, : width * model.upscale], 0.0, 1.0)  # type: ignore[attr-defined]


def tiles(model, height, width):
    """In how many parts an image of this size is restored; more than one bound the memory that it takes."""
    if not isinstance(model, Restores) or max(height, width) <= TILE:
        return 1
    step = TILE - OVERLAP
    return math.prod(1 + max(0, -(-(size - TILE) // step)) for size in (height, width))


def _in_tiles(model, given, channels, options):
    """The restored image, not clipped, of an image and its mask [height, width, channels + 1], or of an image alone."""
    scale = model.upscale

    def restored(part):
        parts = [part] if part.shape[-1] == channels else [part[..., :channels], part[..., channels:]]
        return model.restore(*parts, **options)

    if max(given.shape[:2]) <= TILE:
        return np.asarray(restored(given[None]))[0]
    large = tf.constant(given[None].repeat(scale, 1).repeat(scale, 2))  # parts are as large as their answers
    grid = {"tile": scale * TILE, "overlap": scale * OVERLAP, "margin": scale * OVERLAP // 4}
    answer = predict_tiled(lambda part: restored(part[:, ::scale, ::scale]), large, model.image_shape[2], **grid)
    return np.asarray(answer)[0]


def input_channels(model):
    """1 or 3, the channels of the images that the model restores.

    Raises:
        InputError: a model that restores no images.
    """
    if isinstance(model, Restores):
        return model.input_channels
    shape = getattr(model, "image_shape", ())
    if isinstance(model, Reconstructs) and len(shape) == 3 and shape[-1] in (1, 3):
        return shape[-1]
    raise InputError(f"{type(model).__name__} restores no images of 1 or 3 channels.")


def _mirrored(values, divisor):
    """[height, width, channels] continued at the bottom and the right to sizes that `divisor` divides."""
    height, width, _ = values.shape
    return np.pad(values, [(0, -height % divisor), (0, -width % divisor), (0, 0)], mode="reflect")
