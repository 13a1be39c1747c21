"""The levels at which probabilities become objects: where these begin, and how far they grow."""

import itertools

import numpy as np

from ...core.errors import InputError, closest
from ...metrics.segmentation.objects import average_precision
from ...metrics.segmentation.segments import rand_and_information, rand_error, segments
from .instances import instances

MARKERS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.96, 0.98)
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
NEAR = 0.001  # measures that differ by less are alike; then the mask decides

#: of objects: {name: function of (true, found), the more the better}
MEASURES = {
    "segments": lambda truth, found: sum(rand_and_information(truth, found)),
    "v_rand": lambda truth, found: rand_and_information(truth, found)[0],
    "v_info": lambda truth, found: rand_and_information(truth, found)[1],
    "rand_error": lambda truth, found: -rand_error(truth, found),
    "average_precision": average_precision,
}
NAMES = (*MEASURES, "pixel_error")


def choose_levels(probabilities, labels, counts=None, measure="segments", markers=MARKERS, levels=LEVELS):
    """The marker and the level, chosen together, for which the objects in some images are best.

    Of the pairs whose measure is within 0.001 of the best it is one with the fewest wrong pixels, and of these the best
    one. Choose on images that were not learned from: on the others probabilities are surer than they will be.

    Args:
        probabilities: of the classes, [n, height, width, classes] floating point.
        labels: [n, height, width] integers.
        counts: [n, height, width] bool, which pixels count; None: all. The others are background.
        measure: "segments", the sum of V_rand and V_info; one of these, "rand_error", or "average_precision" at an
            overlap of .5; or "pixel_error", which chooses the level, and the marker is chosen for "segments".
        markers, levels: those to try.

    Returns:
        (marker, level).

    Raises:
        InputError: an unknown measure.

    Example:
        >>> label = np.array([[[1, 1, 0, 1, 1]]])
        >>> foreground = np.array([[[0.9, 0.8, 0.6, 0.7, 0.9]]])
        >>> choose_levels(np.stack([1 - foreground, foreground], -1), label, levels=(0.5, 0.7))
        (0.8, 0.7)
    """
    check_measure(measure)
    counts = np.ones(np.shape(labels), bool) if counts is None else counts
    labels, probabilities = np.where(counts, labels, 0), without_void(probabilities, counts)
    truths = [segments(label) for label in labels]
    errors = {level: float(np.mean((masks(probabilities, level) != labels)[counts])) for level in levels}
    if measure == "pixel_error":
        levels = [min(levels, key=errors.get)]
    compare = MEASURES.get(measure, MEASURES["segments"])
    found = {}
    for marker, level in itertools.product(markers, levels):
        if marker >= level:
            pairs = zip(truths, (instances(each, marker, level) for each in probabilities), strict=True)
            found[marker, level] = float(np.mean([compare(*pair) for pair in pairs]))
    near = [pair for pair, value in found.items() if value >= max(found.values()) - NEAR]
    return min(near, key=lambda pair: (errors[pair[1]], -found[pair], abs(pair[0] - np.median([m for m, _ in near]))))


def masks(probabilities, level) -> np.ndarray:
    """The class of each pixel: [..., classes] -> [...]; of two the foreground, where it is at least `level`."""
    if probabilities.shape[-1] > 2:
        return probabilities.argmax(-1)
    return (probabilities[..., 1] >= level).astype("int64")


def without_void(probabilities, counts) -> np.ndarray:
    """Probabilities [..., classes] that are sure of the background where a pixel does not count."""
    background = np.eye(probabilities.shape[-1], dtype=probabilities.dtype)[0]
    return np.where(counts[..., None], probabilities, background)


def check_measure(measure):
    if measure not in NAMES:
        raise InputError(f"Levels are chosen for a measure. Received: {measure!r}. {closest(str(measure), NAMES)}")
