"""Pictures of points in the plane: how many lie where."""

import numpy as np

SIDE = 96  # pixels


def frame(points, margin=0.15):
    """The edges of the pixels of a picture around points [n, 2]: x's and y's, [SIDE + 1] each."""
    low, high = points.min(axis=0), points.max(axis=0)
    space = margin * (high - low) + 1e-6
    return [np.linspace(a, b, SIDE + 1) for a, b in zip(low - space, high + space, strict=True)]


def page(points, edges):
    """Points [n, 2] as a picture [SIDE, SIDE]: as white as the square root of their number, the fullest pixel white."""
    return _scaled(np.histogram2d(*np.asarray(points).T, bins=edges)[0])


def density_page(density, edges):
    """A function [n, 2] -> [n], such as a density, as a picture: as white as its square root."""
    x, y = ((edge[1:] + edge[:-1]) / 2 for edge in edges)
    places = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2).astype("float32")
    return _scaled(np.nan_to_num(np.asarray(density(places)).reshape(SIDE, SIDE)))


def _scaled(values):
    values = values.T[::-1]  # y upwards
    return np.sqrt(values / max(values.max(), 1e-12))


def row_of(pages):
    """Pages side by side, as `ZooModel.pictures` gives them: [1, n, SIDE, SIDE, 1]."""
    return np.stack(pages)[None, ..., None].astype("float32")


def point_pictures(real, fake):
    """`{"samples": [1, 2, side, side, 1]}`: the real points beside generated ones; `{}` unless they have 2 features.

    Args:
        real, fake: [n, 2].
    """
    real, fake = np.asarray(real), np.asarray(fake)
    if real.ndim != 2 or real.shape[1] != 2:
        return {}
    edges = frame(real)
    return {"samples": row_of([page(real, edges), page(fake, edges)])}
