"""Density and coverage of samples.

Naeem, Oh, Uh, Choi and Yoo, "Reliable Fidelity and Diversity Metrics for Generative Models" (2020),
https://arxiv.org/abs/2002.09797.
"""

import numpy as np

from .nearest_neighbours import ball_counts, check_neighbours


def density_coverage(real: np.ndarray, fake: np.ndarray, neighbours: int = 5) -> tuple[float, float]:
    """How densely real samples lie where the fakes are, and the share of real samples that have a fake nearby.

    Around each real sample there is a ball that reaches to its k-th nearest real neighbour. Density is the number of
    balls that hold a fake, over k, averaged over the fakes: about 1 for samples of the same distribution, more where
    fakes keep to the most common kinds. Coverage is the share of balls that hold a fake: for n samples of the same
    distribution on each side about 1 - 2^-k, .97 for k = 5. Both are those of prdc, as `precision_recall` says.

    Args:
        real, fake: features, [n, d] and [m, d]; n, m > neighbours.
        neighbours: k, 5 in the paper.

    Returns:
        (density >= 0, coverage in [0, 1]).

    Raises:
        InputError: shapes that do not go together, too few rows, NaN or infinity, an impossible k.

    Example:
        >>> real = [[0.0], [1.0], [2.0], [9.0], [10.0], [11.0]]
        >>> density_coverage(real, [[0.5], [1.5], [1.6], [1.7]], neighbours=1)
        (2.0, 0.5)
    """
    real, fake = check_neighbours(real, fake, neighbours)
    balls, fakes = ball_counts(fake, real, neighbours)
    return float(balls.mean() / neighbours), float((fakes > 0).mean())
