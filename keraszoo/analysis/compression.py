"""Lossy compression: the code of an image, uniformly quantised, in place of its pixels.

Uniform quantisation: Gersho and Gray, "Vector Quantization and Signal Compression" (1992), chapter 5.
Of learned codes: Balle, Laparra and Simoncelli, "End-to-end Optimized Image Compression" (ICLR 2017).
"""

import dataclasses
import typing
from collections.abc import Sequence
from typing import Self

import keras
import numpy as np

from ..core.errors import InputError
from ..metrics import psnr
from ..models.abilities import Decodes, Encodes, required
from .codes import each_batch, latent_codes

FLOAT_BITS = 32  # of a unit that is not quantised


@dataclasses.dataclass(frozen=True)
class UniformQuantizer:
    """2^bits intervals of equal length per unit; each is decoded as its middle. Outside the range is the last interval.

    Attributes:
        lowest, highest: [units], the range of each unit; both are equal where a unit never changes.
        bits: 1 to 16, per unit.

    Example:
        >>> quantizer = UniformQuantizer.fit(np.array([[0.0], [1.0]]), bits=1)
        >>> levels = quantizer.levels(np.array([[0.1], [0.9], [7.0]]))
        >>> levels.tolist(), quantizer.codes(levels).tolist()
        ([[0], [1], [1]], [[0.25], [0.75], [0.75]])
    """

    lowest: np.ndarray
    highest: np.ndarray
    bits: int

    def __post_init__(self):
        if not isinstance(self.bits, int) or not 1 <= self.bits <= 16:
            raise InputError(f"bits must be an integer from 1 to 16. Received: {self.bits!r}.")

    @classmethod
    def fit(cls, codes: np.ndarray, bits: int) -> Self:
        """The quantiser for the range of `codes` [n, units]."""
        return cls(np.min(codes, axis=0), np.max(codes, axis=0), bits)

    @property
    def step(self) -> np.ndarray:
        """Length of an interval, [units]."""
        return (self.highest - self.lowest) / 2**self.bits

    def levels(self, codes: np.ndarray) -> np.ndarray:
        """Codes [n, units] -> the index of each unit's interval, integers [n, units] from 0 to 2^bits - 1."""
        step = np.where(self.step > 0, self.step, 1.0)
        return np.clip(np.floor((codes - self.lowest) / step), 0, 2**self.bits - 1).astype("int64")

    def codes(self, levels: np.ndarray) -> np.ndarray:
        """Indices [n, units] -> the middles of their intervals, float32."""
        return (self.lowest + (levels + 0.5) * self.step).astype("float32")


class RateDistortion(typing.NamedTuple):
    """What a number of bits per unit costs and gives.

    Attributes:
        bits: per unit of the code; 32 is the code as it is, not quantised.
        rate: bits per pixel when every unit takes `bits`.
        entropy: bits per pixel of an ideal entropy coder that knows how often each unit has each value and codes the
            units one by one; None where the code is not quantised.
        psnr: of the decoded images in dB, their mean.
    """

    bits: int
    rate: float
    entropy: float | None
    psnr: float


def rate_distortion(
    model: keras.Model, train: np.ndarray, test: np.ndarray, bits: Sequence[int] = (1, 2, 3, 4, 6, 8, FLOAT_BITS)
) -> list:
    """Rate and distortion of images that are stored as quantised codes.

    Args:
        model: any with `encode` and `decode`; of a VAE the posterior's mean is stored.
        train: examples from which each unit's range is taken: array [n, ...], or `tf.data.Dataset` of batches.
        test: examples to compress, the same, with values in [0, 1].
        bits: numbers of bits per unit, 1 to 16, or 32 for the code as it is.

    Returns:
        A list of `RateDistortion`, one for each entry of `bits`. A pixel is a place of the image, whatever its number
        of channels.

    Raises:
        InputError: a model that cannot encode or decode, other numbers of bits, or values outside [0, 1].
    """
    required(model, Encodes, Decodes)
    seen, codes = latent_codes(model, train), latent_codes(model, test)
    shape, seen, flat = codes.shape, seen.reshape(len(seen), -1), codes.reshape(len(codes), -1)
    rows = []
    for number in bits:
        entropy, decoded = None, flat
        if number != FLOAT_BITS:
            quantizer = UniformQuantizer.fit(seen, number)
            levels = quantizer.levels(flat)
            entropy, decoded = code_entropy(levels), quantizer.codes(levels)
        quality, pixels = _quality(model, test, decoded.reshape(shape))
        rate = number * flat.shape[1] / pixels
        rows.append(RateDistortion(number, rate, None if entropy is None else entropy / pixels, quality))
    return rows


def code_entropy(levels):
    """Empirical entropy of integer codes [n, units], in bits per code: the sum of the units' own entropies.

    Example:
        >>> float(code_entropy(np.array([[0, 5], [1, 5], [2, 5], [3, 5]])))
        2.0
    """
    entropy = 0.0
    for unit in np.asarray(levels).T:
        frequencies = np.unique(unit, return_counts=True)[1] / len(unit)
        entropy -= np.sum(frequencies * np.log2(frequencies))
    return entropy


def _quality(model, x, codes):
    """Mean PSNR of the decoded codes, and the pixels of an image."""
    values, start = [], 0
    for batch in each_batch(x):
        batch = np.asarray(batch)
        if batch.min() < 0 or batch.max() > 1:
            raise InputError(
                "PSNR is measured on images with values in [0, 1]. "
                f"Received: values from {batch.min():g} to {batch.max():g}."
            )
        decoded = np.clip(model.decode(codes[start : start + len(batch)]), 0.0, 1.0)
        values.append(psnr(batch, decoded))
        start += len(batch)
    pixels = int(np.prod(batch.shape[1:3] if batch.ndim == 4 else batch.shape[1:]))
    return float(np.mean(np.concatenate(values))), pixels
