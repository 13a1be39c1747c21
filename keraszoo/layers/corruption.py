"""Layers that corrupt images whenever they are called, differently for each example.

They have no `training` argument: a model calls them where it wants corrupted images. Each draws from a seed generator
of its own, so that every call, and every replica of a distributed model, sees new noise.

Vincent et al., "Extracting and Composing Robust Features with Denoising Autoencoders" (2008) and "Stacked Denoising
Autoencoders", https://jmlr.org/papers/v11/vincent10a.html (2010).
"""

import math
import numbers
from typing import Any

import keras
import tensorflow as tf

from ..core.checks import sizes
from ..core.errors import InputError
from ..core.types import Array


class _Corruption(keras.layers.Layer):
    """Base class: keeps the dtype of its images whatever the policy, and its seed generator."""

    def __init__(self, seed=None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.seed, self.noise = seed, keras.random.SeedGenerator(seed)

    def uniform(self, shape):
        """Draws from [0, 1), float32."""
        return keras.random.uniform(shape, dtype="float32", seed=self.noise)

    def uniform_per_pixel(self, x):
        """One draw from [0, 1) for each pixel: [batch, height, width, 1] float32."""
        return self.uniform(tf.concat([tf.shape(x)[:-1], [1]], 0))

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable("keraszoo")
class GaussianCorruption(_Corruption):
    """Adds N(0, stddev^2) to every value.

    Args:
        stddev: standard deviation of the noise, >= 0.
        clip: whether the sum is clipped to [0, 1].
        seed: integer or None, of the first draw.

    Shapes:
        [batch, height, width, channels] -> the same, of the same dtype.

    Example:
        >>> noisy = GaussianCorruption(0.5, seed=0)(tf.fill([2, 4, 4, 1], 0.5))
        >>> bool(tf.reduce_all((noisy >= 0) & (noisy <= 1)))
        True
    """

    def __init__(self, stddev: float, clip: bool = True, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        if not (isinstance(stddev, numbers.Real) and 0 <= stddev < math.inf):
            raise InputError(f"stddev is a standard deviation and must be >= 0. Received: stddev={stddev!r}.")
        self.stddev, self.clip = float(stddev), bool(clip)

    def call(self, x: Array) -> tf.Tensor:
        noisy = tf.cast(x, tf.float32) + self.stddev * keras.random.normal(
            tf.shape(x), dtype="float32", seed=self.noise
        )
        return tf.cast(tf.clip_by_value(noisy, 0.0, 1.0) if self.clip else noisy, x.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stddev": self.stddev, "clip": self.clip}


@keras.saving.register_keras_serializable("keraszoo")
class SaltAndPepper(_Corruption):
    """Sets a pixel, all its channels together, to 0 or to 1, with probability rate / 2 each.

    Args:
        rate: probability that a pixel is lost, in [0, 1].
        seed: integer or None, of the first draw.

    Shapes:
        [batch, height, width, channels] -> the same, of the same dtype.

    Example:
        >>> import numpy as np
        >>> np.unique(SaltAndPepper(1.0, seed=0)(tf.fill([2, 4, 4, 3], 0.5))).tolist()
        [0.0, 1.0]
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = _probability(rate)

    def call(self, x: Array) -> tf.Tensor:
        draw = self.uniform_per_pixel(x)
        peppered = tf.where(draw < self.rate / 2, tf.zeros_like(x), x)
        return tf.where((draw >= self.rate / 2) & (draw < self.rate), tf.ones_like(x), peppered)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}


@keras.saving.register_keras_serializable("keraszoo")
class Masking(_Corruption):
    """Sets a pixel, all its channels together, to 0 with probability `rate` (Vincent et al., 2008).

    Args:
        rate: probability that a pixel is lost, in [0, 1].
        seed: integer or None, of the first draw.

    Shapes:
        [batch, height, width, channels] -> the same, of the same dtype.

    Example:
        >>> import numpy as np
        >>> np.unique(Masking(0.5, seed=0)(tf.fill([2, 4, 4, 3], 0.5))).tolist()
        [0.0, 0.5]
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = _probability(rate)

    def call(self, x: Array) -> tf.Tensor:
        return tf.where(self.uniform_per_pixel(x) < self.rate, tf.zeros_like(x), x)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}


@keras.saving.register_keras_serializable("keraszoo")
class RandomHole(_Corruption):
    """A mask for each image: 1 where it is known, 0 in a rectangle, every place within the image equally likely.

    Pathak et al., "Context Encoders: Feature Learning by Inpainting" (2016), https://arxiv.org/abs/1604.07379.

    Args:
        height, width: of the hole, integers >= 1.
        seed: integer or None, of the first draw.

    Shapes:
        [batch, height, width, channels] -> [batch, height, width, 1], of the same dtype. Multiply the images by it.

    Raises:
        InputError: when the hole is larger than the image. Where a graph learns the size when it runs, running it
            fails.

    Example:
        >>> RandomHole(2, 3, seed=0)(tf.ones([5, 4, 4, 3])).numpy().sum(axis=(1, 2, 3)).tolist()
        [10.0, 10.0, 10.0, 10.0, 10.0]
    """

    def __init__(self, height: int, width: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        for name, size in {"height": height, "width": width}.items():
            if not isinstance(size, numbers.Integral) or size < 1:
                raise InputError(f"The {name} of the hole must be an integer >= 1. Received: {name}={size!r}.")
        self.height, self.width = int(height), int(width)

    def call(self, x: Array) -> tf.Tensor:
        if None not in x.shape[1:3] and (self.height > x.shape[1] or self.width > x.shape[2]):
            nearest = min(self.height, x.shape[1]), min(self.width, x.shape[2])
            raise InputError(
                f"The hole must fit into the image. Received: a hole of {self.height} x {self.width} for images of "
                f"{x.shape[1]} x {x.shape[2]}. Nearest: {nearest[0]} x {nearest[1]}."
            )
        batch, height, width, _ = sizes(x)
        place = self.uniform([batch, 2])
        rows = _known(height, self.height, place[:, :1])[:, :, None, None]
        columns = _known(width, self.width, place[:, 1:])[:, None, :, None]
        return tf.cast(rows | columns, x.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "height": self.height, "width": self.width}


def _known(size, hole, place):
    """Which of `size` pixels in a row lie outside a hole whose `place` is in [0, 1): [batch, 1] -> [batch, size]."""
    start = tf.cast(place * tf.cast(size - hole + 1, tf.float32), tf.int32)
    at_the_start = tf.concat([tf.zeros([hole], tf.bool), tf.ones([size - hole], tf.bool)], 0)  # fails where hole > size
    return tf.gather(at_the_start, (tf.range(size) - start) % size)


def _probability(rate):
    if not (isinstance(rate, numbers.Real) and 0 <= rate <= 1):
        raise InputError(f"rate is a probability and must lie in [0, 1]. Received: rate={rate!r}.")
    return float(rate)
