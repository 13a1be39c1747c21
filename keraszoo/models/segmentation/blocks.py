"""Prediction block by block: of an image of any size, in the memory of one block."""

import math

import numpy as np


def in_blocks(predict, shape, context, block):
    """What `predict` answers for each block of an image, which is given the surroundings too.

    The answer is that for the whole image where a pixel depends on others at most `context` away, and on its place only
    modulo what divides both `context` and `block`.

    Args:
        predict: (rows, columns), slices of the image with its surroundings -> [height, width, ...] as large as they.
        shape: (height, width) of the image.
        context: pixels of the surroundings on each side, as far as there is an image.
        block: height and width of a block.

    Yields:
        (rows, columns, answer): slices of the image and the answer for these.

    Example:
        >>> image = np.arange(35).reshape(5, 7)
        >>> parts = in_blocks(lambda *window: image[window], (5, 7), context=1, block=3)
        >>> all(np.array_equal(image[rows, columns], answer) for rows, columns, answer in parts)
        True
    """
    sides = [[slice(start, min(start + block, size)) for start in range(0, size, block)] for size in shape]
    for rows in sides[0]:
        for columns in sides[1]:
            window = [slice(max(0, side.start - context), side.stop + context) for side in (rows, columns)]
            inner = [
                slice(side.start - wide.start, side.stop - wide.start)
                for side, wide in zip((rows, columns), window, strict=True)
            ]
            yield rows, columns, np.asarray(predict(*window))[tuple(inner)]


def count_blocks(shape, block):
    """How many blocks there are.

    Example:
        >>> count_blocks((4000, 4000), 496)
        81
    """
    return math.prod(-(-size // block) for size in shape)
