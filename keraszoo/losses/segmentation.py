"""Losses of segmentation: one number per image, from the logits of its pixels.

Logits are [batch, height, width, classes], or [batch, height, width, 1]: those of class 1 against class 0. Labels are
integers [batch, height, width]. Each loss is the image's own, whatever else is in the batch, so that replicas agree.

Class 0 is the background. Dice, Jaccard and Tversky compare areas, one foreground class at a time, and are the mean
over the foreground classes. A pixel is added to the areas that they compare (`SMOOTH`): an empty mask then costs 0
where nothing is predicted, and a p / (a p + 1) where an area of p pixels is, with a = 1/2 for Dice, 1 for Jaccard,
alpha for Tversky.

`valid` [batch, height, width] says which pixels count, all of them where it is None. A loss is that of the image
without the others: what is predicted there does not matter, and a mean is over the pixels that count, 0 where none
does. The others' labels must be classes all the same.
"""

import numpy as np
import tensorflow as tf

from ..core.types import Array

SMOOTH = 1.0  # pixels


def pixel_cross_entropy(
    logits: Array, labels: Array, weight: Array | None = None, valid: Array | None = None
) -> tf.Tensor:
    """The mean over the pixels of weight * -log p(label): [batch] float32.

    The weight map is that of Ronneberger, Fischer and Brox, "U-Net" (2015), https://arxiv.org/abs/1505.04597.

    Args:
        logits: [batch, height, width, classes or 1].
        labels: [batch, height, width] integers.
        weight: [batch, height, width]; None: 1 everywhere. The sum is divided by the number of pixels, whatever the
            weights are.
        valid: [batch, height, width] bool, which pixels count; None: all.

    Example:
        >>> logits = tf.constant([[[[0.0], [0.0]]]])
        >>> pixel_cross_entropy(logits, tf.constant([[[0, 1]]]), tf.constant([[[1.0, 3.0]]])).numpy().round(4)
        array([1.3863], dtype=float32)
    """
    return _mean(_cross_entropy(logits, labels), weight, valid)


def focal(
    logits: Array, labels: Array, weight: Array | None = None, gamma: float = 2.0, valid: Array | None = None
) -> tf.Tensor:
    """The mean over the pixels of weight * -(1 - p)^gamma log p, where p is the label's probability: [batch] float32.

    Lin, Goyal, Girshick, He and Dollar, "Focal Loss for Dense Object Detection" (2017),
    https://arxiv.org/abs/1708.02002. Pixels that are right already count little.

    Args:
        logits, labels, weight, valid: as for `pixel_cross_entropy`.
        gamma: >= 0; 0 is cross-entropy.
    """
    cross_entropy = _cross_entropy(logits, labels)
    wrong = -tf.math.expm1(-cross_entropy)  # 1 - p
    wrong = tf.maximum(wrong, np.finfo("float32").tiny)  # the slope of wrong^gamma at 0 is infinite for gamma < 1
    return _mean(wrong**gamma * cross_entropy, weight, valid)


def dice(logits: Array, labels: Array, valid: Array | None = None) -> tf.Tensor:
    """1 - 2 |P and Y| / (|P| + |Y|), areas of probability P and mask Y: [batch] float32 in [0, 1].

    Milletari, Navab and Ahmadi, "V-Net" (2016), https://arxiv.org/abs/1606.04797, with plain areas in the denominator.

    Args:
        logits: [batch, height, width, classes or 1].
        labels: [batch, height, width] integers.
        valid: which pixels count; None: all.
    """
    return tversky(logits, labels, 0.5, 0.5, valid)


def jaccard(logits: Array, labels: Array, valid: Array | None = None) -> tf.Tensor:
    """1 - |P and Y| / |P or Y|, areas of probability P and mask Y: [batch] float32 in [0, 1].

    Rahman and Wang, "Optimizing Intersection-Over-Union in Deep Neural Networks for Image Segmentation" (2016).

    Args:
        logits: [batch, height, width, classes or 1].
        labels: [batch, height, width] integers.
        valid: which pixels count; None: all.
    """
    return tversky(logits, labels, 1.0, 1.0, valid)


def tversky(
    logits: Array, labels: Array, alpha: float = 0.3, beta: float = 0.7, valid: Array | None = None
) -> tf.Tensor:
    """1 - |P and Y| / (|P and Y| + alpha |P without Y| + beta |Y without P|): [batch] float32 in [0, 1].

    Salehi, Erdogmus and Gholipour, "Tversky loss function for image segmentation using 3D fully convolutional deep
    networks" (2017), https://arxiv.org/abs/1706.05721.

    Args:
        logits: [batch, height, width, classes or 1].
        labels: [batch, height, width] integers.
        alpha: what a pixel of foreground too many costs.
        beta: what a missed one costs.
        valid: which pixels count; None: all.

    Example:
        >>> sure = 99.0 * tf.constant([[[[1.0], [1.0], [-1.0], [-1.0]]]])  # one pixel right, one too many, one missed
        >>> tversky(sure, tf.constant([[[1, 0, 1, 0]]]), 0.2, 0.8).numpy().round(4)  # 1 - (1 + 1) / (1 + .2 + .8 + 1)
        array([0.3333], dtype=float32)
    """
    predicted, labelled = foreground(logits), foreground_masks(labels, logits.shape[-1])
    if valid is not None:
        counts = tf.cast(valid, tf.float32)[..., None]
        predicted, labelled = predicted * counts, labelled * counts
    both = tf.reduce_sum(predicted * labelled, [1, 2])
    too_many = tf.reduce_sum(predicted, [1, 2]) - both
    missed = tf.reduce_sum(labelled, [1, 2]) - both
    score = (both + SMOOTH) / (both + alpha * too_many + beta * missed + SMOOTH)
    return 1.0 - tf.reduce_mean(score, -1)


def mean_over(values, valid=None):
    """The mean over the pixels that count, 0 where none does: [batch, height, width] -> [batch]."""
    if valid is None:
        return tf.reduce_mean(values, [1, 2])
    counts = tf.cast(valid, tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(values * counts, [1, 2]), tf.reduce_sum(counts, [1, 2]))


def probabilities(logits):
    """Of all classes, two where there is but one logit: [..., classes or 1] -> [..., classes or 2] float32."""
    logits = tf.cast(logits, tf.float32)
    if logits.shape[-1] == 1:
        return tf.concat([tf.sigmoid(-logits), tf.sigmoid(logits)], -1)
    return tf.nn.softmax(logits)


def foreground(logits):
    """Probabilities of the classes but 0: [..., classes or 1] -> [..., classes - 1 or 1] float32."""
    return probabilities(logits)[..., 1:]


def foreground_masks(labels, logits):
    """Where each class but 0 is: [...] integers -> [..., max(1, logits - 1)] float32 of 0 and 1."""
    return tf.one_hot(tf.cast(labels, tf.int32), max(2, logits))[..., 1:]


def _cross_entropy(logits, labels):
    logits = tf.cast(logits, tf.float32)
    if logits.shape[-1] == 1:
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.cast(labels, tf.float32), logits=logits[..., 0])
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.cast(labels, tf.int32), logits=logits)


def _mean(values, weight, valid):
    return mean_over(values if weight is None else values * tf.cast(weight, tf.float32), valid)
