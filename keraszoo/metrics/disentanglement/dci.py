"""Disentanglement, completeness and informativeness (DCI).

Eastwood and Williams, "A Framework for the Quantitative Evaluation of Disentangled Representations" (ICLR 2018).
"""

import typing

import numpy as np
from scipy.stats import entropy
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from ...core.errors import InputError, closest
from .table import check_table, train_and_test_rows

# Deeper trees end in splits that tell single examples apart, and units that know nothing do that as well as others. A
# split that sees some units only must take one that knows nothing where the one that knows is not among them.
TREES = {
    "forest": lambda seed: RandomForestClassifier(50, max_depth=12, max_features=None, random_state=seed),
    "boosting": lambda seed: GradientBoostingClassifier(random_state=seed),
}


class DCI(typing.NamedTuple):
    """What `dci_scores` returns, each from 0 to 1.

    Attributes:
        disentanglement: whether each unit matters for one factor only.
        completeness: whether one unit only matters for each factor.
        informativeness: the mean accuracy with which the factors are predicted from the code.
    """

    disentanglement: float
    completeness: float
    informativeness: float


def dci_scores(codes: np.ndarray, factors: np.ndarray, *, trees: str = "forest", seed: int = 0) -> DCI:
    """How each unit matters for each factor, judged by classifiers made of trees that predict the factors.

    Their importances R [units, factors] say what matters. Disentanglement is 1 - H(factor | unit) / log(factors),
    where R / sum over the factors is taken as probabilities, averaged over the units by their total importance;
    completeness is 1 - H(unit | factor) / log(units), averaged over the factors. The factors themselves score 1. Of one
    factor there is nothing to divide by, since log(1) = 0; a single unit is complete.

    The authors' own forests are of regression trees, which try every unit in each split as these do.
    disentanglement_lib takes gradient boosting: `trees="boosting"` gives its scores to 9 digits where its trees have
    the same seed.

    Args:
        codes: [n, units].
        factors: [n, factors] integers, two factors or more.
        trees: "forest" (random forests) or "boosting" (gradient boosting, the usual protocol; much slower, since it
            grows 100 trees for each value of each factor).
        seed: integer, of the trees and of the choice of at most 10,000 training and 5000 test rows.

    Returns:
        A `DCI`.

    Raises:
        InputError: as `check_table` says, one factor only, or unknown trees.

    Example:
        >>> factors = np.stack(np.meshgrid(range(3), range(3), range(20), indexing="ij"), axis=-1).reshape(-1, 3)[:, :2]
        >>> scores = dci_scores(factors.astype(float), factors, trees="boosting")
        >>> [round(score, 3) for score in scores]
        [1.0, 1.0, 1.0]
    """
    codes, factors = check_table(codes, factors, compared=True)
    if trees not in TREES:
        raise InputError(f"Unknown trees. Received: {trees!r}. {closest(str(trees), TREES)}")
    train, test = train_and_test_rows(len(codes), seed)
    importances, accuracies = [], []
    for factor in factors.T:
        classifier = TREES[trees](seed).fit(codes[train], factor[train])
        importances.append(classifier.feature_importances_)
        accuracies.append(classifier.score(codes[test], factor[test]))
    matrix = np.stack(importances, axis=1)
    return DCI(certainty(matrix), certainty(matrix.T), float(np.mean(accuracies)))


def certainty(importances):
    """1 - H / log(columns) of each row, taken as probabilities; the mean of the rows, weighed by their sums.

    Example:
        >>> certainty(np.array([[3.0, 0.0], [0.5, 0.5]]))  # 1 with weight 3, 0 with weight 1
        0.75
    """
    importances = np.maximum(importances, 0.0)  # rounding leaves -1e-17
    total = importances.sum(axis=1)
    used = total > 0
    if not used.any():
        return 0.0
    if importances.shape[1] == 1:
        return 1.0
    rows = 1 - entropy(importances[used], base=importances.shape[1], axis=1)
    return float(np.average(rows, weights=total[used]))
