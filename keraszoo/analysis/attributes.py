"""Attribute vectors: the direction of latent space in which examples get an attribute.

Larsen, Sonderby, Larochelle and Winther, "Autoencoding beyond pixels using a learned similarity metric" (2016),
https://arxiv.org/abs/1512.09300. White, "Sampling Generative Networks" (2016), https://arxiv.org/abs/1609.04468.
"""

import numpy as np

from ..core.errors import InputError


def attribute_vector(codes: np.ndarray, present: np.ndarray, against: np.ndarray | None = None) -> np.ndarray:
    """The mean code of the examples that have an attribute less the mean of those that have not.

    Args:
        codes: [n, d].
        present: [n] booleans: which examples have it.
        against: [n] booleans: which ones it is compared with; by default all that have it not.

    Returns:
        [d] float64. Added to the code of an example without the attribute, it gives one that has it, on average.

    Raises:
        InputError: nobody has it, or nobody is left to compare with.

    Example:
        >>> attribute_vector(np.array([[1.0, 5.0], [3.0, 5.0], [0.0, 4.0]]), np.array([True, True, False])).tolist()
        [2.0, 1.0]
    """
    codes, present = np.asarray(codes, "float64"), np.asarray(present, bool)
    against = ~present if against is None else np.asarray(against, bool)
    if not present.any() or not against.any():
        raise InputError(
            "An attribute vector needs examples with the attribute and examples without it. "
            f"Received: {present.sum()} and {against.sum()} of {len(codes)}."
        )
    return codes[present].mean(axis=0) - codes[against].mean(axis=0)
