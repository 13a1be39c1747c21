"""Pictures of points in the plane: how many lie where."""

import numpy as np

SIDE = 96  # pixels


def point_pictures(real, fake):
    """`{"samples": [1, 2, side, side, 1]}`: the real points beside generated ones; `{}` unless they have 2 features.

    Each pixel is as white as the square root of the number of points in it, the fullest being white.

    Args:
        real, fake: [n, 2].
    """
    real, fake = np.asarray(real), np.asarray(fake)
    if real.ndim != 2 or real.shape[1] != 2:
        return {}
    low, high = real.min(axis=0), real.max(axis=0)
    margin = 0.15 * (high - low) + 1e-6
    edges = [np.linspace(a, b, SIDE + 1) for a, b in zip(low - margin, high + margin, strict=True)]
    counts = [np.histogram2d(*points.T, bins=edges)[0].T[::-1] for points in (real, fake)]
    pages = [np.sqrt(count / max(count.max(), 1)) for count in counts]
    return {"samples": np.stack(pages)[None, ..., None].astype("float32")}
