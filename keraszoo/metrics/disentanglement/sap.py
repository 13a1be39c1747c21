"""The separated attribute predictability (SAP) score.

Kumar, Sattigeri and Balakrishnan, "Variational Inference of Disentangled Latent Concepts from Unlabeled Observations"
(2018), https://arxiv.org/abs/1711.00848.
"""

import numpy as np
from sklearn.svm import LinearSVC

from .information import gap
from .table import TRAIN, check_table, distinct_rows, train_and_test_rows


def sap_score(codes: np.ndarray, factors: np.ndarray, *, seed: int = 0) -> float:
    """How much better the best single unit predicts a factor than the second best: the mean gap in accuracy.

    Each unit predicts each factor by a linear support vector machine. A line cut into many values by such machines,
    one against the rest, gets few of them right, so that even the factors themselves score low if they have many.

    The number of rows does not matter. The machines' regularisation is that of disentanglement_lib, C = .01 on a sum of
    squared hinges over 10,000 rows, for any number: the rows' weights sum to 10,000. It makes the score depend on the
    codes' scale. Up to 10,000 different rows are all trained on and all tested on, as by draws with replacement.

    Args:
        codes: [n, units].
        factors: [n, factors] integers.
        seed: integer, of the choice of 10,000 training and 5000 test rows among more.

    Returns:
        A number in [0, 1].

    Raises:
        InputError: as `check_table` says.

    Example:
        >>> factors = np.stack(np.meshgrid(range(2), range(2), range(50), indexing="ij"), axis=-1).reshape(-1, 3)
        >>> sap_score(factors[:, :2].astype(float), factors[:, :2]) > 0.4  # 1 and about 1/2
        True
    """
    codes, factors = check_table(codes, factors)
    codes, factors, shares = distinct_rows(codes, factors)
    every = np.arange(len(codes))
    train, test = train_and_test_rows(len(codes), seed) if len(codes) > TRAIN else (every, every)
    weights = TRAIN * shares[train] / shares[train].sum()
    accuracy = np.empty([codes.shape[1], factors.shape[1]])
    for unit in range(codes.shape[1]):
        for factor in range(factors.shape[1]):
            machine = LinearSVC(C=0.01, class_weight="balanced", dual=False)
            machine.fit(codes[train, unit : unit + 1], factors[train, factor], sample_weight=weights)
            accuracy[unit, factor] = machine.score(codes[test, unit : unit + 1], factors[test, factor], shares[test])
    return float(gap(accuracy).mean())
