"""Sizes that suit examples of a shape, for recipes that are trained on other data than their own.

Images of 16 pixels a side and more get convolutions, which halve the image until its shorter side is 4 to 7 pixels, at
most four times, as long as 2 divides both sides: 28x28 twice, 64x64 four times. The first layer has 32 filters, each
further one twice as many, at most 256. Smaller images, those whose sides 2 does not divide twice, and vectors get dense
layers. The code has one number for each 48 values of an example, as a power of two from 4 to 128: 16 for 28x28 grey
pixels, 64 for 32x32 coloured ones, 128 for 64x64.
"""

import math

SMALLEST_SIDE = 4
MOST_HALVINGS = 4
FIRST_FILTERS, MOST_FILTERS = 32, 256
VALUES_PER_UNIT = 48


def halvings(shape):
    """How often a convolutional network halves images of this shape.

    Example:
        >>> [halvings((side, side, 1)) for side in (8, 28, 30, 32, 64, 256)]
        [1, 2, 1, 3, 4, 4]
    """
    if len(shape) != 3:
        return 0
    sides, times = shape[:2], 0
    while times < MOST_HALVINGS and min(sides) >= 2 * SMALLEST_SIDE and not any(side % 2 for side in sides):
        sides, times = [side // 2 for side in sides], times + 1
    return times


def network(shape):
    """`{"network": name, "hidden": sizes}` of an encoder, from the example's side.

    Example:
        >>> network((64, 64, 3))
        {'network': 'convolutional', 'hidden': (32, 64, 128, 256)}
        >>> network((8, 8, 1)), network((5,))
        ({'network': 'dense', 'hidden': (128,)}, {'network': 'dense', 'hidden': (64, 64)})
    """
    times = halvings(shape)
    if times >= 2:
        filters = tuple(min(MOST_FILTERS, FIRST_FILTERS * 2**depth) for depth in range(times))
        return {"network": "convolutional", "hidden": filters}
    values = math.prod(shape)
    hidden = (64, 64) if values < 16 else (128,) if values <= 256 else (256,) if values <= 1024 else (512, 256)
    return {"network": "dense", "hidden": hidden}


def code_size(shape):
    """Units of a code.

    Example:
        >>> [code_size(shape) for shape in ((28, 28, 1), (32, 32, 3), (64, 64, 3), (20,), (3,))]
        [16, 64, 128, 4, 2]
    """
    values = math.prod(shape)
    if values <= 4:
        return max(1, values - 1)
    return 2 ** max(2, min(7, round(math.log2(values / VALUES_PER_UNIT))))
