"""Objects in colours over their image, each with its boundary: how one sees what was joined and what was split."""

import numpy as np
from skimage.color import label2rgb
from skimage.segmentation import find_boundaries

COLOURS = 31  # of hues, one after the other far apart
ALPHA = 0.35
PIECE = 2**18  # pixels that are coloured at a time, in floating point


def overlay(image, objects) -> np.ndarray:
    """An image with its objects coloured and their inner boundaries white.

    Args:
        image: [height, width, channels] from 0 to 1; other than three channels are shown by their mean.
        objects: the number of each pixel's object, [height, width] integers, 0 in the background.

    Returns:
        [height, width, 3] uint8.

    Example:
        >>> overlay(np.full([1, 3, 1], 0.5), np.array([[0, 1, 1]]))[0, 0].tolist()
        [127, 127, 127]
    """
    page = np.empty([*objects.shape, 3], "uint8")
    colours, rows = _palette(), max(1, PIECE // objects.shape[1])
    for start in range(0, len(objects), rows):
        part = slice(start, start + rows)
        shown, here = np.clip(image[part], 0, 1).astype("float32"), objects[part]
        shown = shown if shown.shape[-1] == 3 else np.repeat(shown.mean(-1, keepdims=True), 3, axis=-1)
        coloured = label2rgb(np.where(here > 0, here % COLOURS + 1, 0), shown, colours, ALPHA, saturation=1)
        page[part] = 255 * np.where((here > 0)[..., None], coloured, shown)
        edges = find_boundaries(objects[max(0, start - 1) : start + rows + 1], mode="inner")
        page[part][edges[min(start, 1) :][:rows]] = 255
    return page


def _palette():
    """Hues a golden section apart: [COLOURS, 3]."""
    from matplotlib.colors import hsv_to_rgb

    return hsv_to_rgb([(number * 0.618 % 1, 1, 1) for number in range(COLOURS)])
