"""Higgins' measure of disentanglement.

Higgins et al., "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework" (ICLR 2017).
"""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .table import TEST, TRAIN, check_table, rows_sharing


def higgins_score(codes: np.ndarray, factors: np.ndarray, *, batch_size: int = 64, seed: int = 0) -> float:
    """How often a linear classifier tells which factor two examples share, from how their codes differ.

    Each of 10,000 training and 5000 test points is the mean over `batch_size` pairs of |code - code'|, where the two
    of a pair share one factor and the others are random. What the shared factor alone decides is then near 0. A
    rotation of the factors is found nearly as well as the factors themselves. Chance is 1 / factors.
    disentanglement_lib does the same without standardising the differences.

    Args:
        codes: [n, units].
        factors: [n, factors] integers; best all combinations.
        batch_size: pairs in each point.
        seed: integer, of the draws.

    Returns:
        The accuracy on the test points, in [0, 1].

    Raises:
        InputError: as `check_table` says, or one factor only.

    Example:
        >>> factors = np.stack(np.meshgrid(range(4), range(5), indexing="ij"), axis=-1).reshape(-1, 2)
        >>> higgins_score(factors.astype(float), factors)
        1.0
    """
    codes, factors = check_table(codes, factors, compared=True)
    random = np.random.default_rng(seed)
    train, test = (_points(codes, factors, count, batch_size, random) for count in (TRAIN, TEST))
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return float(classifier.fit(*train).score(*test))


def _points(codes, factors, count, batch_size, random):
    """Mean absolute differences [count, units], and the factor that was shared in each."""
    shared = random.integers(factors.shape[1], size=count)
    differences = np.empty([count, codes.shape[1]])
    for factor in range(factors.shape[1]):
        here = shared == factor
        rows = random.integers(len(codes), size=[here.sum(), batch_size])
        differences[here] = np.abs(codes[rows] - codes[rows_sharing(factors[:, factor], rows, random)]).mean(axis=1)
    return differences, shared
