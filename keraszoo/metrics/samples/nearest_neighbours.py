"""Balls around samples that reach to their nearest neighbours: an estimate of where a distribution has its mass."""

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import gen_batches

from ...core.errors import InputError
from .feature_pairs import check_pair

_ROWS = 1000  # of the matrix of distances at a time


def check_neighbours(real, fake, neighbours):
    """`real` and `fake` as `check_pair` gives them, more rows each than `neighbours`.

    Raises:
        InputError: what `check_pair` refuses, or `neighbours` is no integer >= 1.
    """
    if isinstance(neighbours, bool) or not isinstance(neighbours, int) or neighbours < 1:
        raise InputError(f"The number of neighbours must be an integer >= 1. Received: neighbours={neighbours!r}.")
    return check_pair(real, fake, least=neighbours + 1)


def ball_counts(points, centres, neighbours):
    """How points lie in the balls around `centres` that reach to the centre's k-th nearest other centre.

    Args:
        points, centres: [n, d] and [m, d] float64.
        neighbours: k, from 1 to m - 1.

    Returns:
        (number of balls that hold each point [n], number of points in each ball [m]).

    Example:
        >>> centres = np.array([[0.0], [1.0], [3.0]])  # radii 1, 1, 2
        >>> ball_counts(np.array([[0.5], [9.0]]), centres, neighbours=1)
        (array([2, 0]), array([1, 1, 0]))
    """
    radii = NearestNeighbors(n_neighbors=neighbours, algorithm="brute").fit(centres).kneighbors()[0][:, -1]
    balls, inside = [], np.zeros(len(centres), int)
    for rows in gen_batches(len(points), _ROWS):
        held = euclidean_distances(points[rows], centres) <= radii
        balls.append(held.sum(axis=1))
        inside += held.sum(axis=0)
    return np.concatenate(balls), inside
