"""The inception score.

Salimans, Goodfellow, Zaremba, Cheung, Radford and Chen, "Improved Techniques for Training GANs" (2016),
https://arxiv.org/abs/1606.03498, where the classifier is an Inception network.
"""

import numpy as np
from scipy.special import rel_entr

from .class_probabilities import check_probabilities


def inception_score(probabilities: np.ndarray) -> float:
    """exp(E KL(p(y|x) || p(y))): high when each sample is surely of one class, and all classes are equally common.

    It never looks at real data: one perfect image a class reaches the maximum. All samples form one group; the paper
    averages over ten.

    Args:
        probabilities: of the classes, [n, classes].

    Returns:
        float from 1 to the number of classes.

    Raises:
        InputError: no probabilities.

    Example:
        >>> round(inception_score(np.eye(10)), 6)
        10.0
        >>> round(inception_score(np.full([5, 10], 0.1)), 6)
        1.0
    """
    probabilities = check_probabilities(probabilities)
    return float(np.exp(rel_entr(probabilities, probabilities.mean(axis=0)).sum(axis=1).mean()))
