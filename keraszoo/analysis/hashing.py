"""Semantic hashing: a code of bits, such that similar examples have codes that differ in few of them.

Salakhutdinov and Hinton, "Semantic Hashing", International Journal of Approximate Reasoning 50 (2009).
"""

from typing import Self

import numpy as np

from ..core.errors import InputError
from .search import check_count

_BITS_SET = np.array([byte.bit_count() for byte in range(256)], "uint8")


class SemanticHash:
    """Bit i of a hash says whether unit i of the code is above its median, so that each bit is set half of the time.

    Args:
        thresholds: [units].

    Example:
        >>> hashing = SemanticHash.fit(np.array([[0.0, 5.0], [1.0, 4.0], [2.0, 3.0]]))
        >>> hashing(np.array([[3.0, 0.0]]))
        array([[128]], dtype=uint8)
    """

    def __init__(self, thresholds: np.ndarray) -> None:
        self.thresholds = np.asarray(thresholds, "float32")

    @classmethod
    def fit(cls, codes: np.ndarray) -> Self:
        """The hash whose thresholds are the medians of `codes` [n, units], those of the training data."""
        return cls(np.median(codes, axis=0))

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        """Codes [n, units] -> hashes [n, ceil(units / 8)] uint8, eight units a byte, the first the highest bit."""
        return np.packbits(np.asarray(codes, "float32") > self.thresholds, axis=1)


def hamming_distances(queries, hashes):
    """In how many bits each query differs from each hash.

    Args:
        queries: [q, bytes] uint8.
        hashes: [n, bytes] uint8.

    Returns:
        [q, n] int64.

    Example:
        >>> hamming_distances(np.uint8([[0b1010]]), np.uint8([[0b1010], [0b0101], [0b1011]]))
        array([[0, 4, 1]])
    """
    return np.stack([_BITS_SET[query ^ hashes].sum(axis=1, dtype="int64") for query in queries])


def nearest_hashes(hashes: np.ndarray, queries: np.ndarray, count: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """The hashes that differ least from each query.

    Args:
        hashes: [n, bytes] uint8, those of the collection.
        queries: [q, bytes] uint8.
        count: how many, from 1 to n.

    Returns:
        (distances [q, count], rows [q, count]), nearest first; of equally near ones the first in the collection.

    Raises:
        InputError: an impossible count, or hashes of another length.
    """
    check_count(count, len(hashes))
    if queries.shape[1:] != hashes.shape[1:]:
        raise InputError(
            f"Hashes of {hashes.shape[1]} bytes are compared with such. Received: {list(queries.shape[1:])}."
        )
    distances = hamming_distances(queries, hashes)
    rows = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(distances, rows, axis=1), rows
