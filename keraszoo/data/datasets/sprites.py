"""Sprites: a square, an ellipse and a heart of any size and angle, drawn by their formulas.

Matthey, Higgins, Hassabis and Lerchner, "dSprites: Disentanglement testing Sprites dataset" (2017), has the same three.
"""

import numpy as np

#: How far the factors reach. The square looks the same after a quarter of a turn, that is 5 rotations, and the ellipse
#: after half a turn, 10; the heart never.
SIZES = {"shape": 3, "scale": 6, "rotation": 20, "x": 16, "y": 16}
SHAPES = ("square", "ellipse", "heart")
SCALES = np.linspace(0.5, 1.0, SIZES["scale"])
RADIUS = 1 / 4  # of the image's side: no point of a sprite of scale 1 is further from its centre
STEP = 1 / 32  # of the image's side between two positions: the sprite stays inside
FINE = 256  # points at which the formulas are evaluated, along the image's side


def inside(shape, u, v):
    """Whether points (u to the right, v upwards, in units of the radius) belong to the sprite of scale 1, upright.

    Example:
        >>> [bool(inside(shape, 0.0, 0.5)) for shape in ("square", "ellipse", "heart")]
        [True, False, True]
    """
    if shape == "square":
        return np.maximum(abs(u), abs(v)) <= 0.62
    if shape == "ellipse":
        return (u / 0.9) ** 2 + (v / 0.45) ** 2 <= 1
    x, y = 1.35 * u, 1.35 * v + 0.25  # the heart curve (x^2 + y^2 - 1)^3 = x^2 y^3 around the middle of its circle
    return (x**2 + y**2 - 1) ** 3 <= x**2 * y**3


def sprite(shape, scale, rotation, side):
    """The images of a sprite at every position, white on black: each pixel is the share of it that the sprite covers.

    Args:
        shape: one of `SHAPES`.
        scale: size, in (0, 1].
        rotation: angle in radians, counter-clockwise.
        side: of the images, in pixels: 32 or 64.

    Returns:
        uint8 [16, 16, side, side], x first, then y: from the left to the right, and from the top to the bottom.

    Example:
        >>> images = sprite("heart", 0.5, 0.0, 32)
        >>> images.shape, bool((images[3, 5, 1:] == images[3, 4, :-1]).all())  # one position is one pixel
        ((16, 16, 32, 32), True)
    """
    step, last = int(STEP * side), SIZES["x"] - 1
    canvas = side + last * step  # from which each position is a window; the sprite is in its middle
    fine = FINE // side
    middles = ((np.arange(canvas * fine) + 0.5) / fine - canvas / 2) / (RADIUS * side * scale)
    right, up = middles, -middles[:, None]
    cosine, sine = np.cos(rotation), np.sin(rotation)
    covered = inside(shape, cosine * right + sine * up, cosine * up - sine * right)
    share = covered.reshape(canvas, fine, canvas, fine).mean(axis=(1, 3))
    windows = np.lib.stride_tricks.sliding_window_view(np.rint(255 * share).astype("uint8"), [side, side])
    return windows[last * step :: -step, last * step :: -step].swapaxes(0, 1)
