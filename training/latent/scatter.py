"""Points of a plane in the colours of their classes, as a picture."""

import colorsys

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE = 720  # pixels
MARGIN = 24
RADIUS = 3
LEGEND = 160
FEWEST_NAMED, MOST_NAMED = 2, 20  # classes that get a name in the picture


def scatter(points, labels=None, names=None):
    """Draws points, the axes scaled alike; each class's name stands at its median and in the legend.

    Args:
        points: [n, 2], the second axis upwards.
        labels: the class of each, [n] integers, or None.
        names: of the classes.

    Returns:
        uint8 [height, width, 3].
    """
    points = np.asarray(points, "float64")
    labels = np.zeros(len(points), int) if labels is None else np.asarray(labels)
    names = tuple(names or ())
    named = FEWEST_NAMED <= len(names) <= MOST_NAMED
    lowest, highest = points.min(axis=0), points.max(axis=0)
    scale = (SIDE - 2 * MARGIN) / max(float((highest - lowest).max()), 1e-12)
    places = (points - (lowest + highest) / 2) * scale * [1, -1] + SIDE / 2
    page = Image.new("RGB", (SIDE + LEGEND * named, SIDE), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(16)
    colours = _colours(max(len(names), int(labels.max()) + 1))
    for (x, y), label in zip(places, labels, strict=True):
        draw.ellipse([x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS], fill=colours[label])
    for label in np.unique(labels) if named else ():
        x, y = np.median(places[labels == label], axis=0)
        draw.text((x, y), names[label], "black", font, anchor="mm", stroke_width=3, stroke_fill="white")
        row = MARGIN + 24 * label
        draw.ellipse([SIDE, row - 6, SIDE + 12, row + 6], fill=colours[label])
        draw.text((SIDE + 20, row), names[label][:16], "black", font, anchor="lm")
    return np.asarray(page)


def _colours(count):
    """As many hues, neighbours in number apart in lightness too."""
    hues = [colorsys.hls_to_rgb(place / count, (0.42, 0.6)[place % 2], 0.7) for place in range(count)]
    return [tuple(round(255 * part) for part in hue) for hue in hues]
