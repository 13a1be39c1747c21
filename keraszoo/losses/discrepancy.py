"""The maximum mean discrepancy between codes and draws from the prior.

Gretton et al., "A Kernel Two-Sample Test", JMLR 2012.
Zhao, Song and Ermon, "InfoVAE: Balancing Learning and Inference in Variational Autoencoders" (2019),
https://arxiv.org/abs/1706.02262.
Tolstikhin, Bousquet, Gelly and Schoelkopf, "Wasserstein Auto-Encoders" (2018), https://arxiv.org/abs/1711.01558.
"""

import tensorflow as tf

from ..core.errors import InputError, closest
from ..core.types import Array


def gaussian_kernel(squared_distance, scale):
    """exp(-|x - y|^2 / scale)."""
    return tf.exp(-squared_distance / scale)


def inverse_multiquadratic_kernel(squared_distance, scale):
    """scale / (scale + |x - y|^2), whose tails reach codes that are far from the prior."""
    return scale / (scale + squared_distance)


KERNELS = {"gaussian": gaussian_kernel, "inverse_multiquadratic": inverse_multiquadratic_kernel}


def maximum_mean_discrepancy(
    codes: Array, draws: Array, kernel: str = "gaussian", scale: float | None = None
) -> tf.Tensor:
    """The unbiased estimate of the squared maximum mean discrepancy between two samples; differentiable.

    Its expected value is 0 when both come from the same distribution; an estimate can be negative. It depends on all
    codes of the batch: on several replicas pass those of all (`keraszoo.core.replicas.global_rows`) and draws that are
    the same on each, and every replica gets what one would.

    Args:
        codes, draws: [n, d] and [m, d], n and m >= 2; of a single one, the pairs that it lacks count 0.
        kernel: "gaussian" (InfoVAE) or "inverse_multiquadratic" (WAE).
        scale: of the squared distance; 2 d by default, the expected squared distance of two draws from N(0, I).

    Returns:
        A scalar, float32.

    Raises:
        InputError: unknown kernel, or a scale that is not positive.

    Example:
        >>> codes, draws = tf.zeros([2, 1]), tf.ones([3, 1])  # 1 + 1 - 2 exp(-1/2)
        >>> round(float(maximum_mean_discrepancy(codes, draws)), 4)
        0.7869
    """
    if kernel not in KERNELS:
        raise InputError(f"Unknown kernel. Received: {kernel!r}. {closest(str(kernel), KERNELS)}")
    if scale is not None and not scale > 0:
        raise InputError(f"The kernel's scale is a squared length and must be > 0. Received: scale={scale!r}.")
    codes, draws = tf.cast(codes, tf.float32), tf.cast(draws, tf.float32)
    scale = 2.0 * codes.shape[-1] if scale is None else float(scale)
    k = KERNELS[kernel]
    between = tf.reduce_mean(k(_squared_distances(codes, draws), scale))
    return _mean_of_different_pairs(k, codes, scale) + _mean_of_different_pairs(k, draws, scale) - 2.0 * between


def _squared_distances(x, y):
    """[n, d], [m, d] -> [n, m], by subtracting: the expanded square loses the small ones."""
    return tf.reduce_sum(tf.square(x[:, None] - y), axis=-1)


def _mean_of_different_pairs(kernel, x, scale):
    count = tf.cast(tf.shape(x)[0], tf.float32)
    same = count  # every kernel is 1 at distance 0
    total = tf.reduce_sum(kernel(_squared_distances(x, x), scale)) - same
    return tf.math.divide_no_nan(total, count * (count - 1.0))
