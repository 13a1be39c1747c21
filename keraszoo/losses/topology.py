"""A loss that asks thin structures to hang together: soft clDice.

Shit et al., "clDice - a novel topology-preserving loss function for tubular structure segmentation" (CVPR 2021),
https://arxiv.org/abs/2003.07311.
"""

import tensorflow as tf

from ..core.types import Array
from .segmentation import probabilities

SMOOTH = 1.0  # pixels of skeleton, as in the paper's code


def centerline_dice(
    logits: Array, labels: Array, of: int = 1, iterations: int = 5, valid: Array | None = None
) -> tf.Tensor:
    """1 - clDice: how much of either mask's skeleton lies in the other mask, [batch] float32 in [0, 1].

    With S_P and S_Y the soft skeletons of the probabilities P and of the mask Y, the harmonic mean of |S_P Y| / |S_P|
    and |S_Y P| / |S_Y|. A gap costs as much in a thin line as in a thick one. It says nothing of the width: give
    cross-entropy or Dice too.

    Args:
        logits: [batch, height, width, classes or 1].
        labels: [batch, height, width] integers.
        of: the class that is thin; 0 for membranes that are the background of cells.
        iterations: of erosion, at least half of the largest width in pixels.
        valid: which pixels count; None: all. The others are not of the class.

    Example:
        >>> line = tf.constant([[[0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]]])
        >>> sure = 99.0 * tf.cast(2 * line - 1, tf.float32)[..., None]
        >>> centerline_dice(sure, line).numpy()
        array([0.], dtype=float32)
    """
    of = int(of)
    predicted = probabilities(logits)[..., of : of + 1]
    labelled = tf.cast(labels == of, tf.float32)[..., None]
    if valid is not None:
        counts = tf.cast(valid, tf.float32)[..., None]
        predicted, labelled = predicted * counts, labelled * counts
    precision = _share_within(soft_skeleton(predicted, int(iterations)), labelled)
    recall = _share_within(soft_skeleton(labelled, int(iterations)), predicted)
    return 1.0 - 2.0 * precision * recall / (precision + recall)


def soft_skeleton(masks, iterations):
    """What openings take away as a mask is eroded step by step: [batch, height, width, 1] in [0, 1] -> the same."""
    left = tf.nn.relu(masks - _opened(masks))
    for _ in range(iterations):
        masks = _eroded(masks)
        delta = tf.nn.relu(masks - _opened(masks))
        left += tf.nn.relu(delta - left * delta)
    return left


def _share_within(skeleton, masks):
    return (tf.reduce_sum(skeleton * masks, [1, 2, 3]) + SMOOTH) / (tf.reduce_sum(skeleton, [1, 2, 3]) + SMOOTH)


def _opened(masks):
    return tf.nn.max_pool2d(_eroded(masks), 3, 1, "SAME")


def _eroded(masks):
    """The least of a pixel and the four at its edges."""
    one, other = (-tf.nn.max_pool2d(-masks, size, 1, "SAME") for size in ((3, 1), (1, 3)))
    return tf.minimum(one, other)
