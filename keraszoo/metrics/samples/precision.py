"""Precision and recall of samples.

Kynkaanniemi, Karras, Laine, Lehtinen and Aila, "Improved Precision and Recall Metric for Assessing Generative Models"
(2019), https://arxiv.org/abs/1904.06991.
"""

import numpy as np

from .nearest_neighbours import ball_counts, check_neighbours


def precision_recall(real: np.ndarray, fake: np.ndarray, neighbours: int = 3) -> tuple[float, float]:
    """The share of fakes among the real samples, and the share of real samples among the fakes.

    A sample is among others when it lies in the ball of at least one of them, which reaches to that one's k-th nearest
    neighbour of its own kind. Precision falls with fakes that look like nothing real, recall with kinds of real samples
    that are never made. One outlier has a large ball, and is enough; `density_coverage` is sturdier. Both are those of
    prdc, except that there a sample on the very edge of a ball is outside.

    Args:
        real, fake: features, [n, d] and [m, d]; n, m > neighbours.
        neighbours: k, 3 in the paper.

    Returns:
        (precision, recall), each in [0, 1].

    Raises:
        InputError: shapes that do not go together, too few rows, NaN or infinity, an impossible k.

    Example:
        >>> real = [[0.0], [1.0], [2.0], [9.0], [10.0], [11.0]]
        >>> precision_recall(real, [[0.5], [1.5], [1.6], [1.7]], neighbours=1)
        (1.0, 0.3333333333333333)
    """
    real, fake = check_neighbours(real, fake, neighbours)
    of_fakes, _ = ball_counts(fake, real, neighbours)
    of_reals, _ = ball_counts(real, fake, neighbours)
    return float((of_fakes > 0).mean()), float((of_reals > 0).mean())
