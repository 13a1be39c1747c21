"""What each latent unit of a VAE carries.

Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders" (2016), https://arxiv.org/abs/1509.00519.
"""

import numpy as np

ACTIVE = 0.01  # variance of a unit's mean over the examples, above which the paper calls it active


def active_units(means: np.ndarray, threshold: float = ACTIVE) -> np.ndarray:
    """Which units say anything of the example: those whose posterior mean varies, Var_x(E[z|x]) > threshold.

    Args:
        means: of the posteriors, [n, d].
        threshold: a variance.

    Returns:
        [d] booleans.

    Example:
        >>> active_units([[1.0, 0.01], [-1.0, -0.01]]).tolist()
        [True, False]
    """
    return np.var(np.asarray(means, "float64"), axis=0) > threshold


def kl_per_unit(means: np.ndarray, log_vars: np.ndarray) -> np.ndarray:
    """KL(q(z_j|x) || N(0, 1)) of each unit, in nats, the mean over the examples: 0 for a unit that says nothing.

    The sum is the VAE's KL term.

    Args:
        means, log_vars: of the posteriors, [n, d]; logarithms of variances.

    Returns:
        [d] float64.

    Example:
        >>> kl_per_unit([[0.0, 1.0], [0.0, -1.0]], np.zeros([2, 2])).tolist()
        [0.0, 0.5]
    """
    means, log_vars = np.asarray(means, "float64"), np.asarray(log_vars, "float64")
    return 0.5 * np.mean(np.exp(log_vars) + np.square(means) - 1.0 - log_vars, axis=0)
