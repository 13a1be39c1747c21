"""Walking through latent space, and vector arithmetic in it.

White, "Sampling Generative Networks" (2016), https://arxiv.org/abs/1609.04468.
Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
Networks" (2016), https://arxiv.org/abs/1511.06434.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ..core.errors import InputError

#: Below this sine of the angle between two vectors no great circle through both is well defined.
SMALLEST_SINE = 1e-6


def linear_interpolation(start: np.ndarray, end: np.ndarray, position: float | np.ndarray) -> np.ndarray:
    """The points of the straight line: (1 - t) start + t end.

    Args:
        start, end: [..., dim].
        position: t in [0, 1], a number or [n].

    Returns:
        [..., dim] for a number, else [n, ..., dim]; float64. Both ends are exact.

    Example:
        >>> linear_interpolation([0.0, 2.0], [4.0, 4.0], 0.25).tolist()
        [1.0, 2.5]
    """
    start, end = np.asarray(start, "float64"), np.asarray(end, "float64")
    t = _expanded(position, start)
    return (1.0 - t) * start + t * end


def spherical_interpolation(start: np.ndarray, end: np.ndarray, position: float | np.ndarray) -> np.ndarray:
    """The points of the arc, which lie as far from the origin as `start` and `end` do, if these lie equally far.

    With w the angle between them: (sin((1 - t) w) start + sin(t w) end) / sin w. Draws from N(0, I) in many dimensions
    lie near a sphere; the straight line between two of them leaves it. Where `start` and `end` are parallel, opposite
    or 0 there is no single arc, and the straight line is taken.

    Args:
        start, end: [..., dim].
        position: t in [0, 1], a number or [n].

    Returns:
        [..., dim] for a number, else [n, ..., dim]; float64. Both ends are exact.

    Example:
        >>> spherical_interpolation([1.0, 0.0], [0.0, 1.0], 0.5).round(4).tolist()
        [0.7071, 0.7071]
    """
    start, end = np.asarray(start, "float64"), np.asarray(end, "float64")
    t = _expanded(position, start)
    angle = _angle(start, end)
    sine = np.sin(angle)
    curved = sine > SMALLEST_SINE
    sine = np.where(curved, sine, 1.0)
    first = np.where(curved, np.sin((1.0 - t) * angle) / sine, 1.0 - t)
    second = np.where(curved, np.sin(t * angle) / sine, t)
    return first * start + second * end


def latent_walk(anchors: np.ndarray, steps: int, interpolate: Callable = spherical_interpolation) -> np.ndarray:
    """A closed walk: from each anchor to the next, and from the last to the first.

    Args:
        anchors: [n, ..., dim], the points to pass.
        steps: number of points of the walk; point i is where i n / steps of the anchors are passed, so every anchor is
            a point where n divides `steps`. One more step would be the first point again.
        interpolate: function (start, end, position) -> point.

    Returns:
        [steps, ..., dim] float64.

    Raises:
        InputError: fewer steps than anchors, or fewer than two anchors.

    Example:
        >>> latent_walk(np.array([[0.0], [1.0]]), 4, linear_interpolation)[:, 0].tolist()
        [0.0, 0.5, 1.0, 0.5]
    """
    anchors = np.asarray(anchors, "float64")
    count = len(anchors)
    if count < 2:
        raise InputError(f"A walk passes at least 2 anchors. Received: {count}.")
    if not isinstance(steps, int) or steps < count:
        raise InputError(
            f"steps must be an integer, at least one for each of the {count} anchors. Received: {steps!r}."
        )
    passed = [divmod(step * count, steps) for step in range(steps)]
    return np.stack([interpolate(anchors[place], anchors[(place + 1) % count], rest / steps) for place, rest in passed])


def class_exemplars(probabilities: np.ndarray, label: int, count: int = 32, least: int = 3) -> np.ndarray:
    """The examples that a classifier assigns to a class, the most probable ones first.

    Args:
        probabilities: [n, classes].
        label: the class, an integer.
        count: how many at most; None: all.
        least: how many at least.

    Returns:
        Their rows, [count] integers.

    Raises:
        InputError: fewer than `least` examples of the class.

    Example:
        >>> class_exemplars(np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]), 0, least=1).tolist()
        [0, 2]
    """
    probabilities = np.asarray(probabilities)
    (rows,) = np.nonzero(probabilities.argmax(axis=1) == label)
    if len(rows) < least:
        raise InputError(
            f"The mean of a class needs at least {least} examples. Received: {len(rows)} of {len(probabilities)} that "
            f"are of class {label}."
        )
    return rows[np.argsort(-probabilities[rows, label], kind="stable")][:count]


def class_means(latents: np.ndarray, probabilities: np.ndarray, labels: Sequence[int], count: int = 32) -> np.ndarray:
    """The mean latent vector of each class, of the examples that most certainly belong to it.

    Args:
        latents: [n, dim].
        probabilities: [n, classes] of these examples' classes.
        labels: the classes, integers.
        count: over how many examples each mean is taken at most; None: all.

    Returns:
        [len(labels), dim] float64.

    Raises:
        InputError: fewer than 3 examples of a class.

    Example:
        >>> latents = np.array([[1.0], [2.0], [3.0], [9.0]])
        >>> class_means(latents, np.array([[1, 0], [1, 0], [1, 0], [0, 1]]), [0]).tolist()
        [[2.0]]
    """
    latents = np.asarray(latents, "float64")
    return np.stack([latents[class_exemplars(probabilities, label, count)].mean(axis=0) for label in labels])


def _expanded(position, point):
    """A position, or [n] of them, with axes to multiply points: [n, 1, ..., 1]."""
    position = np.asarray(position, "float64")
    return position.reshape(position.shape + (1,) * point.ndim)


def _angle(start, end):
    """The angle between vectors [..., dim]: [..., 1]; 0 where one of them is 0."""
    product = np.sum(start * end, axis=-1, keepdims=True)
    lengths = np.linalg.norm(start, axis=-1, keepdims=True) * np.linalg.norm(end, axis=-1, keepdims=True)
    cosine = np.divide(product, lengths, out=np.ones_like(lengths), where=lengths > 0)
    return np.arccos(np.clip(cosine, -1.0, 1.0))
