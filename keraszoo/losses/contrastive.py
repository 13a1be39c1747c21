"""NT-Xent: of all other views in the batch, which one is of the same image?

Chen, Kornblith, Norouzi and Hinton, "A Simple Framework for Contrastive Learning of Visual Representations" (2020),
https://arxiv.org/abs/2002.05709, equation 1; after Sohn's N-pair loss (2016).
"""

from typing import Any

import tensorflow as tf

from ..core.types import Array

NONE = -1e9  # the logit of a view beside itself, which is no answer


def nt_xent(
    one: Array,
    other: Array,
    all_ones: Array | None = None,
    all_others: Array | None = None,
    *,
    first: Any = 0,
    temperature: float = 0.5,
) -> tuple[tf.Tensor, tf.Tensor]:
    """The normalised, temperature-scaled cross-entropy of each image, the mean of its two views'.

    With s the cosine similarity and 2N views in the batch, that of view i, whose other view is j, is

        -log(exp(s(i, j) / temperature) / sum over k != i of exp(s(i, k) / temperature)).

    On several replicas each passes its own views and those of all of them, and gets the terms that one replica would:

        all_ones, first = global_rows(one)
        all_others, _ = global_rows(other)
        terms, right = nt_xent(one, other, all_ones, all_others, first=first)

    with `keraszoo.core.replicas.global_rows`, through which gradients flow to all replicas.

    Args:
        one, other: [rows, d], two views of each image, of any length > 0.
        all_ones, all_others: [batch, d], the views of the whole batch; by default these rows.
        first: integer; which image of the batch is the first of the rows.
        temperature: > 0.

    Returns:
        [rows] float32, and [rows] float32, the share of an image's two views whose nearest view is the other one.

    Example:
        >>> views = tf.eye(2)  # two images, whose two views are equal
        >>> terms, right = nt_xent(views, views, temperature=1.0)
        >>> terms.numpy().round(4), right.numpy()  # -log(e / (e + 2))
        (array([0.5514, 0.5514], dtype=float32), array([1., 1.], dtype=float32))
    """
    one, other = _unit(one), _unit(other)
    all_ones = one if all_ones is None else _unit(all_ones)
    all_others = other if all_others is None else _unit(all_others)
    itself = first + tf.range(tf.shape(one)[0])[:, None] == tf.range(tf.shape(all_ones)[0])
    pair = tf.reduce_sum(one * other, axis=1) / temperature

    def of(view, alike, unlike):
        logits = tf.matmul(view, tf.concat([alike, unlike], axis=0), transpose_b=True) / temperature
        logits = tf.where(tf.concat([itself, tf.zeros_like(itself)], axis=1), NONE, logits)
        nearest = tf.argmax(logits, axis=1, output_type=tf.int32) - tf.shape(alike)[0]
        right = nearest == first + tf.range(tf.shape(view)[0])
        return tf.reduce_logsumexp(logits, axis=1) - pair, tf.cast(right, tf.float32)

    (terms, right), (more, more_right) = of(one, all_ones, all_others), of(other, all_others, all_ones)
    return (terms + more) / 2, (right + more_right) / 2


def _unit(z):
    return tf.math.l2_normalize(tf.cast(z, tf.float32), axis=1)
