"""Codes of many units as points of a plane, to look at.

van der Maaten and Hinton, "Visualizing Data using t-SNE", JMLR 2008. McInnes, Healy and Melville, "UMAP" (2018),
https://arxiv.org/abs/1802.03426.
"""

import importlib
import warnings

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from ..core.errors import InputError, closest

METHODS = ("pca", "tsne", "umap")
PERPLEXITY = 30.0  # of t-SNE: about how many neighbours count; fewer where there are not three times as many codes


def project(codes: np.ndarray, method: str = "pca", seed: int = 0) -> np.ndarray:
    """The codes in two dimensions.

    Args:
        codes: [n, units], n >= 3; rows of more axes are flattened.
        method: "pca", the plane of the largest variance, which keeps large distances; "tsne" or "umap", which keep
            neighbours together, while distances between groups mean little. "umap" needs the package umap-learn.
        seed: integer; the same seed gives the same points.

    Returns:
        [n, 2] float64. Codes of one unit get 0 beside it by PCA.

    Raises:
        InputError: unknown method, umap-learn that is not installed, fewer than 3 codes, NaN or infinity.

    Example:
        >>> project(np.array([[0.0, 0.0, 3.0], [0.0, 0.0, -3.0], [0.0, 1.0, 0.0]])).shape
        (3, 2)
    """
    if method not in METHODS:
        raise InputError(f"Unknown method. Received: {method!r}. {closest(str(method), METHODS)}")
    codes = np.asarray(codes, "float64").reshape(len(codes), -1)
    if len(codes) < 3:
        raise InputError(f"A projection needs at least 3 codes. Received: {len(codes)}.")
    if not np.isfinite(codes).all():
        raise InputError("Codes must be finite. Received: NaN or infinite values.")
    if method == "umap":
        umap = _umap()
        with warnings.catch_warnings():  # with a seed it uses one thread, and says so
            warnings.simplefilter("ignore")
            return (
                umap.UMAP(n_neighbors=min(15, len(codes) - 1), random_state=seed).fit_transform(codes).astype("float64")
            )
    if method == "tsne":
        perplexity = min(PERPLEXITY, (len(codes) - 1) / 3)
        init = "pca" if codes.shape[1] > 1 else "random"
        return TSNE(perplexity=perplexity, init=init, random_state=seed).fit_transform(codes).astype("float64")
    if codes.shape[1] == 1:
        return np.concatenate([codes - codes.mean(), np.zeros_like(codes)], axis=1)
    return PCA(2, random_state=seed).fit_transform(codes)


def _umap():
    try:
        return importlib.import_module("umap")  # optional
    except ImportError as error:
        raise InputError(
            "The method umap needs a package that is not installed: pip install umap-learn. Nearest: tsne."
        ) from error
