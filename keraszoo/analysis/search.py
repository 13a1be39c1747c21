"""Search for similar images: the nearest neighbours of a query's code."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from ..core.errors import InputError


def nearest_codes(codes: np.ndarray, queries: np.ndarray, count: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """The codes at the smallest Euclidean distance from each query.

    Args:
        codes: [n, units], those of the collection (`latent_codes` gives them).
        queries: [q, units].
        count: how many, from 1 to n.

    Returns:
        (distances [q, count], rows [q, count]), nearest first.

    Raises:
        InputError: an impossible count, or codes of another length.

    Example:
        >>> distances, rows = nearest_codes(np.array([[0.0], [1.0], [5.0]]), np.array([[4.0]]), count=2)
        >>> distances.tolist(), rows.tolist()
        ([[1.0, 3.0]], [[2, 1]])
    """
    check_count(count, len(codes))
    if queries.shape[1:] != codes.shape[1:]:
        raise InputError(
            f"Codes of {codes.shape[1]} units are compared with such. Received: {list(queries.shape[1:])}."
        )
    # A tree subtracts; scikit-learn's brute force expands the square, and a code's distance from itself is not 0.
    neighbours = NearestNeighbors(algorithm="ball_tree").fit(codes)
    return neighbours.kneighbors(queries, n_neighbors=count)


def precision_at_k(labels: np.ndarray, query_labels: np.ndarray, rows: np.ndarray) -> float:
    """The mean share, over the queries, of neighbours that have the query's label.

    Args:
        labels: [n], of the collection.
        query_labels: [q].
        rows: [q, k], the neighbours' rows in the collection.

    Returns:
        A number in [0, 1].

    Example:
        >>> precision_at_k([7, 7, 1], [7], [[0, 2]])
        0.5
    """
    found = np.asarray(labels)[np.asarray(rows)]
    return float(np.mean(found == np.asarray(query_labels)[:, None]))


def check_count(count, size):
    """Raises InputError unless `count` neighbours can be found among `size`."""
    if not isinstance(count, int) or not 1 <= count <= size:
        raise InputError(f"count must be an integer from 1 to the size of the collection, {size}. Received: {count!r}.")
