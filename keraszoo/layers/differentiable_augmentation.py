"""Augmentation through which gradients flow, for discriminators that see few images.

Zhao, Liu, Lin, Zhu and Han, "Differentiable Augmentation for Data-Efficient GAN Training" (2020),
https://arxiv.org/abs/2006.10738.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ..core.errors import InputError, closest
from ..core.types import Array


@keras.saving.register_keras_serializable("keraszoo")
class DifferentiableAugmentation(keras.layers.Layer):
    """Changes each image at random, in a way that gradients pass. It has no `training` argument.

    Args:
        policy: what to do, in order: "color" (brightness by up to 0.5, saturation by a factor from 0 to 2, contrast by
            one from 0.5 to 1.5, for values that span a unit), "translation" (by up to an eighth of each side; what
            comes in is `fill`), "cutout" (a square of half of each side, anywhere, becomes `fill`).
        value_range: (lowest, highest) of the images: the colour changes scale with it.
        fill: value of what is not there; by default the lowest.
        seed: integer or None, of the first draw.

    Shapes:
        [batch, height, width, channels] -> the same, float32.

    Example:
        >>> layer = DifferentiableAugmentation(("translation",), seed=0)
        >>> layer(tf.ones([2, 8, 8, 1])).shape
        TensorShape([2, 8, 8, 1])
    """

    def __init__(
        self,
        policy: Sequence[str] = ("color", "translation", "cutout"),
        value_range: Sequence[float] = (0.0, 1.0),
        fill: float | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        for name in policy:
            if name not in POLICIES:
                raise InputError(f"Unknown augmentation. Received: {name!r}. {closest(str(name), POLICIES)}")
        self.policy = tuple(policy)
        self.value_range = tuple(float(value) for value in value_range)
        self.fill = self.value_range[0] if fill is None else float(fill)
        self.seed, self.noise = seed, keras.random.SeedGenerator(seed)

    def call(self, x: Array) -> tf.Tensor:
        x = tf.cast(x, tf.float32)
        for name in self.policy:
            x = POLICIES[name](self, x)
        return x

    def uniform(self, x: Array, lowest: float, highest: float, size: int = 1) -> tf.Tensor:
        """A draw from [lowest, highest) for each image: [batch, size]."""
        return keras.random.uniform([tf.shape(x)[0], size], lowest, highest, dtype="float32", seed=self.noise)

    def get_config(self) -> dict[str, Any]:
        options = {"policy": self.policy, "value_range": self.value_range, "fill": self.fill, "seed": self.seed}
        return {**super().get_config(), **options}


def _color(layer, x):
    span = layer.value_range[1] - layer.value_range[0]
    brightness, saturation, contrast = tf.split(layer.uniform(x, 0.0, 1.0, 3)[:, :, None, None], 3, axis=1)
    x = x + span * (brightness - 0.5)
    grey = tf.reduce_mean(x, axis=3, keepdims=True)
    x = grey + 2.0 * saturation * (x - grey)
    mean = tf.reduce_mean(x, axis=[1, 2, 3], keepdims=True)
    return mean + (0.5 + contrast) * (x - mean)


def _translation(layer, x):
    height, width = x.shape[1:3]
    rows, columns = _shifts(layer, x, height), _shifts(layer, x, width)
    x = _shifted(x - layer.fill, rows, height)
    x = tf.transpose(_shifted(tf.transpose(x, [0, 2, 1, 3]), columns, width), [0, 2, 1, 3])
    return x + layer.fill


def _shifts(layer, x, side):
    most = side // 8
    return tf.cast(tf.floor(layer.uniform(x, -most, most + 1.0)[:, 0]), tf.int32)


def _shifted(x, shifts, side):
    """Each image moved down by its shift; zeros come in."""
    source = tf.range(side)[None] - shifts[:, None]
    inside = tf.cast((source >= 0) & (source < side), x.dtype)
    return tf.gather(x, tf.clip_by_value(source, 0, side - 1), batch_dims=1) * inside[:, :, None, None]


def _cutout(layer, x):
    height, width = x.shape[1:3]
    rows, columns = _window(layer, x, height), _window(layer, x, width)
    inside = rows[:, :, None, None] * columns[:, None, :, None]
    return x + inside * (layer.fill - x)


def _window(layer, x, side):
    """1 in a window of half a side whose middle is anywhere, else 0: [batch, side]."""
    middle = tf.floor(layer.uniform(x, 0.0, side))
    distance = tf.range(side, dtype=tf.float32)[None] - middle
    half = side // 4
    return tf.cast((distance >= -half) & (distance < side // 2 - half), tf.float32)


POLICIES = {"color": _color, "translation": _translation, "cutout": _cutout}
