"""Two patches of an image, one beside the other.

Doersch, Gupta and Efros, "Unsupervised Visual Representation Learning by Context Prediction" (2015),
https://arxiv.org/abs/1505.05192.
"""

import tensorflow as tf

#: (rows, columns) from the centre of a 3x3 grid to each of the eight positions around it, row by row
OFFSETS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
DRAWS = 7  # numbers that choose a pair


def grid_side(patch, gap, jitter):
    """Pixels of a side of the grid: three patches, two gaps between them, and what jitter adds at both ends."""
    return 3 * patch + 2 * gap + 2 * jitter


def patch_pairs(x, draws, *, patch, gap, jitter):
    """The centre of a 3x3 grid of patches, one of its eight neighbours, and which one that is.

    The grid lies anywhere in the image. Each of the two patches is then moved by up to `jitter` pixels down or up and
    right or left.

    Args:
        x: [batch, height, width, channels], both sides at least `grid_side(patch, gap, jitter)`.
        draws: [batch, DRAWS] from [0, 1).
        patch: side of a patch, in pixels.
        gap: pixels between two patches of the grid.
        jitter: pixels by which a patch is moved at most.

    Returns:
        centre and neighbour, [batch, patch, patch, channels], and the position, [batch] int32 from 0 to 7, of
        `OFFSETS`.

    Example:
        >>> x = tf.reshape(tf.range(9.0), [1, 3, 3, 1])  # each patch is a pixel: the centre is 4
        >>> for draw in (0.0, 0.6):
        ...     c, n, position = patch_pairs(x, tf.constant([[draw] + 6 * [0.0]]), patch=1, gap=0, jitter=0)
        ...     print(int(c[0, 0, 0, 0]), int(n[0, 0, 0, 0]), int(position[0]))
        4 0 0
        4 5 4
    """
    side = grid_side(patch, gap, jitter)
    room = tf.constant([x.shape[1] - side + 1.0, x.shape[2] - side + 1.0])
    position = tf.cast(draws[:, 0] * len(OFFSETS), tf.int32)
    grid = jitter + tf.cast(draws[:, 1:3] * room, tf.int32)
    moves = tf.cast(draws[:, 3:7] * (2 * jitter + 1.0), tf.int32) - jitter
    center = grid + patch + gap
    neighbor = center + (patch + gap) * tf.gather(tf.constant(OFFSETS), position)
    return cut(x, center + moves[:, :2], patch), cut(x, neighbor + moves[:, 2:], patch), position


def cut(x, corner, side):
    """The square of each image whose upper left pixel is `corner`, [batch, 2] int32: [batch, side, side, channels]."""
    x = tf.gather(x, corner[:, :1] + tf.range(side), axis=1, batch_dims=1)
    return tf.gather(x, corner[:, 1:] + tf.range(side), axis=2, batch_dims=1)


def side_by_side(x, side):
    """All squares of that side that fit beside each other, in the middle: [batch, squares, side, side, channels].

    Example:
        >>> x = tf.reshape(tf.range(16.0), [1, 4, 4, 1])
        >>> side_by_side(x, 2)[0, 1, :, :, 0].numpy()
        array([[2., 3.],
               [6., 7.]], dtype=float32)
    """
    height, width, channels = x.shape[1:]
    down, across = height // side, width // side
    top, left = (height - down * side) // 2, (width - across * side) // 2
    x = x[:, top : top + down * side, left : left + across * side]
    x = tf.transpose(tf.reshape(x, [-1, down, side, across, side, channels]), [0, 1, 3, 2, 4, 5])
    return tf.reshape(x, [-1, down * across, side, side, channels])
