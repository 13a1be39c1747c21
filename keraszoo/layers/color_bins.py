"""Colours as classes: bins of the plane (a, b) of CIE L*a*b*.

Zhang, Isola and Efros, "Colorful Image Colorization", ECCV 2016, https://arxiv.org/abs/1603.08511, section 2.
"""

import functools
import numbers
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..core.errors import InputError
from ..core.types import Array
from .lab import rgb_to_lab

GRID = 10  # distance of the bins' centres, in a and in b
NEIGHBOURS = 5  # bins among which a colour is shared
SIGMA = 5.0  # of the Gaussian by which it is shared
COLDEST = 1e-6  # at a temperature below, the most probable bin is as good as certain
ROWS = 2**16  # colours that are measured at a time


@functools.cache
def gamut_centers():
    """The bins of all colours that a screen shows: [count, 2] float32, multiples of 10.

    A bin is one of them if it is the nearest of some sRGB colour of 8 bits. There are 261; the paper counts 313, and
    does not say how. Only colours on the faces of the cube of red, green and blue are looked at: the others lie between
    them in the plane (a, b).

    Example:
        >>> gamut_centers().shape, (abs(gamut_centers()).max())
        ((261, 2), np.float32(110.0))
    """
    levels = np.arange(256) / 255
    first, second = (axis.ravel() for axis in np.meshgrid(levels, levels))
    faces = [np.insert(np.stack([first, second], -1), at, end, axis=1) for at in range(3) for end in (0.0, 1.0)]
    ab = rgb_to_lab(np.concatenate(faces)).numpy()[:, 1:]
    return (GRID * np.unique(np.rint(ab / GRID), axis=0)).astype("float32")


@keras.saving.register_keras_serializable("keraszoo")
class ColorBins(keras.layers.Layer):
    """Colours (a, b) as distributions over bins, and distributions over bins as colours.

    `encode` shares a colour among its 5 nearest bins by a Gaussian of standard deviation 5. Called with logits and a
    temperature, the layer gives the annealed mean, that of softmax(logits / temperature): at 1 the mean of the
    distribution, towards 0 its most probable colour.

    Most pixels are nearly grey. `weights` rebalance them: a pixel weighs w of its bin,

        w ~ 1 / (rebalancing * p + (1 - rebalancing) / count),    sum of p w = 1,

    where p is how often each bin occurs in the data, as `adapt` has measured it, smoothed by the same Gaussian. Until
    then all bins are alike.

    It computes in float32, and learns nothing.

    Args:
        rebalancing: from 0, none, to below 1; 0.5 as published. It is 1 - lambda of the paper.

    Attributes:
        centers: [count, 2], a and b of each bin.

    Raises:
        InputError: another `rebalancing`.

    Example:
        >>> bins = ColorBins()
        >>> shares = bins.encode([12.0, -33.0])
        >>> shares.shape, bins(tf.math.log(shares)).numpy().round(1)
        (TensorShape([261]), array([ 11.9, -33. ], dtype=float32))
    """

    def __init__(self, rebalancing: float = 0.5, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        if isinstance(rebalancing, bool) or not isinstance(rebalancing, numbers.Real) or not 0 <= rebalancing < 1:
            raise InputError(f"rebalancing is a number in [0, 1), 0 for none. Received: rebalancing={rebalancing!r}.")
        self.rebalancing = float(rebalancing)
        self.centers = gamut_centers()
        options = {"trainable": False, "autocast": False, "dtype": "float32"}
        uniform = keras.initializers.Constant(1 / self.count)
        self.frequencies = self.add_weight(name="frequencies", shape=(self.count,), initializer=uniform, **options)
        self.adapted = self.add_weight(name="adapted", shape=(), initializer="zeros", **options)
        self.built = True

    @property
    def count(self) -> int:
        """Number of bins."""
        return len(self.centers)

    def closeness(self, ab: Array) -> tf.Tensor:
        """Of colours to all bins, larger for nearer ones: [..., 2] -> [..., count] float32.

        It is -|ab - center|^2 / (2 sigma^2) without the part that is the same for all bins.
        """
        products = tf.tensordot(tf.cast(ab, tf.float32), tf.constant(self.centers.T), 1)
        return (products - tf.constant(np.sum(self.centers**2, axis=-1) / 2)) / SIGMA**2

    def encode(self, ab: Array) -> tf.Tensor:
        """The shares of the 5 nearest bins, and of those as near as the fifth: [..., 2] -> [..., count], of sum 1."""
        closeness = self.closeness(ab)
        fifth = tf.math.top_k(closeness, NEIGHBOURS).values[..., -1:]
        return tf.nn.softmax(tf.where(closeness >= fifth, closeness, -np.inf))

    def call(self, logits: Array, temperature: float | tf.Tensor = 1.0) -> tf.Tensor:
        """The annealed mean: [..., count] -> [..., 2] float32.

        Args:
            logits: of the bins.
            temperature: a number, or of the shape of `logits` with 1 for axes along which it is the same.
        """
        logits = tf.cast(logits, tf.float32)
        cold = tf.nn.softmax(logits / tf.maximum(tf.cast(temperature, tf.float32), COLDEST))
        return tf.tensordot(cold, tf.constant(self.centers), 1)

    def class_weights(self) -> tf.Tensor:
        """The weight of each bin, [count] float32; its mean over the smoothed data is 1."""
        frequencies = tf.convert_to_tensor(self.frequencies)
        weights = 1.0 / (self.rebalancing * frequencies + (1.0 - self.rebalancing) / self.count)
        return weights / tf.reduce_sum(frequencies * weights)

    def weights_of(self, shares: Array) -> tf.Tensor:
        """The weight of each colour, that of its nearest bin: what `encode` gave, [..., count] -> [...] float32."""
        return tf.gather(self.class_weights(), tf.argmax(shares, axis=-1))

    def adapt(self, ab: Array) -> None:
        """Measures how often each bin is the nearest, on colours [..., 2], and smooths that."""
        ab, counts = np.reshape(ab, [-1, 2]), np.zeros(self.count)
        for first in range(0, len(ab), ROWS):
            nearest = tf.argmax(self.closeness(ab[first : first + ROWS]), axis=-1)
            counts += np.bincount(nearest, minlength=self.count)
        smoothed = counts @ tf.nn.softmax(self.closeness(self.centers)).numpy()  # each bin's pixels among all bins
        self.frequencies.assign(smoothed / smoothed.sum())
        self.adapted.assign(1.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rebalancing": self.rebalancing}
