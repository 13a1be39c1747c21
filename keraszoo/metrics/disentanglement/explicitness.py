"""Explicitness: whether each value of each factor can be read from the code by a linear rule.

Ridgeway and Mozer, "Learning Deep Disentangled Embeddings with the F-Statistic Loss" (2018),
https://arxiv.org/abs/1802.05312.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .table import check_table, train_and_test_rows


def explicitness_score(codes: np.ndarray, factors: np.ndarray, *, seed: int = 0) -> float:
    """The mean, over factors and their values, of the area under the ROC curve of "this value, or another".

    The scores are those of a logistic regression on all units, on rows that it has not seen. Chance is 1/2. A rotation
    of the code changes nothing. Of the same rows it is disentanglement_lib's to rounding.

    Args:
        codes: [n, units].
        factors: [n, factors] integers.
        seed: integer, of the choice of at most 10,000 training and 5000 test rows.

    Returns:
        A number in [0, 1].

    Raises:
        InputError: as `check_table` says.

    Example:
        >>> factors = np.stack(np.meshgrid(range(2), range(2), range(50), indexing="ij"), axis=-1).reshape(-1, 3)[:, :2]
        >>> explicitness_score(factors.astype(float), factors)
        1.0
    """
    codes, factors = check_table(codes, factors)
    train, test = train_and_test_rows(len(codes), seed)
    areas = []
    for factor in factors.T:
        classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(codes[train], factor[train])
        scores = classifier.predict_proba(codes[test])
        here = [factor[test] == value for value in classifier.classes_]
        areas.append(
            np.mean(
                [
                    roc_auc_score(is_it, score)
                    for is_it, score in zip(here, scores.T, strict=True)
                    if 0 < is_it.mean() < 1
                ]
            )
        )
    return float(np.mean(areas))
