"""Images at places between their pixels, and beyond their borders, where they go on as in a mirror."""

import tensorflow as tf


def resample(x, rows, columns, nearest=False):
    """The images at other places: the pixel (i, j) of the answer is x at (rows[i, j], columns[i, j]).

    A mirror stands on the outermost pixels: x[-1] is x[1].

    Args:
        x: [batch, height, width, channels].
        rows, columns: [batch, height', width'] float32, or what becomes that by broadcasting: where in x to read.
        nearest: take the nearest pixel as it is, for class labels; else the four around are mixed (bilinear).

    Returns:
        [batch, height', width', channels] of x's dtype.

    Example:
        >>> x = tf.reshape(tf.range(3.0), [1, 1, 3, 1])
        >>> resample(x, tf.zeros([1, 1, 4]), tf.constant([[[-1.0, 0.5, 2.0, 2.25]]]))[0, 0, :, 0].numpy()
        array([1.  , 0.5 , 2.  , 1.75], dtype=float32)
    """
    height, width, channels = x.shape[1:]
    rows, columns = _mirrored(rows, height), _mirrored(columns, width)
    pixels = tf.reshape(x, [-1, height * width, channels])

    def at(row, column):
        places = tf.cast(row, tf.int32) * width + tf.cast(column, tf.int32)
        return tf.gather(pixels, places, axis=1, batch_dims=1)

    if nearest:
        return at(tf.round(rows), tf.round(columns))
    top, left = tf.floor(rows), tf.floor(columns)
    bottom, right = tf.minimum(top + 1, height - 1), tf.minimum(left + 1, width - 1)
    down, across = (rows - top)[..., None], (columns - left)[..., None]
    upper = at(top, left) * (1 - across) + at(top, right) * across
    lower = at(bottom, left) * (1 - across) + at(bottom, right) * across
    return upper * (1 - down) + lower * down


def _mirrored(places, size):
    """Places in [0, size - 1]."""
    last = float(size - 1)
    return last - tf.abs(tf.math.floormod(places, 2 * max(last, 0.5)) - last)
