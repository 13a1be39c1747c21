"""Maps of latent space: `keraszoo latent project` and `embed`."""

import math

import numpy as np

from keraszoo.analysis.projection import METHODS
from keraszoo.analysis.projection import project as in_the_plane
from keraszoo.core.errors import InputError, closest

from ..evaluators.projector import write_projector
from ..image_files import check_png, write_png
from .scatter import scatter
from .space import BATCH_SIZE, LatentSpace, check_integers, class_names

COUNT = 2000


def project(run, out, method="pca", *, count=COUNT, split=None, seed=0, data_dir=None):
    """Writes a picture of the codes of some examples as points of a plane, in the colours of their classes.

    Args:
        run: a `Run` or the path of one.
        out: PNG to write; a file that is there is replaced.
        method: "pca", "tsne", or "umap" where the package umap-learn is installed.
        count: how many examples at most, >= 3: the first of the split.
        split: by default the recipe's test split.
        seed: integer; the same seed gives the same picture.
        data_dir: where tensorflow-datasets keeps its data.

    Returns:
        The points, [n, 2].

    Raises:
        InputError: missing or unfinished run, a model that does not encode images, unknown method or split, a package
            that is missing, a file that cannot be written.
    """
    check_png(out)
    check_integers(count=(count, 3))
    if method not in METHODS:
        raise InputError(f"Unknown method. Received: {method!r}. {closest(str(method), METHODS)}")
    _, codes, labels, names = coded(_opened(run, data_dir), count, split)
    points = in_the_plane(codes, method, seed)
    write_png(out, scatter(points, labels, names))
    return points


def embed(run, *, count=COUNT, split=None, data_dir=None):
    """Writes the codes of some examples, with their images and classes, for TensorBoard's embedding projector.

    They go to `logs/embedding` of the run.

    Args:
        run, count, split, data_dir: as for `project`.

    Returns:
        Path of the directory.

    Raises:
        InputError: as for `project`.
    """
    check_integers(count=(count, 3))
    space = _opened(run, data_dir)
    images, codes, labels, names = coded(space, count, split)
    return write_projector(space.run.logs / "embedding", codes, images, labels, names)


def coded(space, count, split=None):
    """(images [n, ...], codes [n, dim], classes [n] or None, class names or None) of the first examples of a split."""
    source, split = space.data.source, split or space.run.recipe.data.test
    labelled = bool(source.num_classes) and space.data.labelled(split)
    batches = space.batches(split, labels=labelled).take(math.ceil(count / BATCH_SIZE))
    found = [batch if labelled else (batch, None) for batch in batches]
    images = np.concatenate([x for x, _ in found])[:count]
    codes = np.concatenate([space.encode(x) for x, _ in found])[:count]
    if not labelled:
        return images, codes, None, None
    labels = np.concatenate([y for _, y in found])[:count]
    if labels.ndim > 1:  # one class a pixel, say
        return images, codes, None, None
    return images, codes, labels, class_names(source, source.num_classes)


def _opened(run, data_dir):
    space = LatentSpace(run, data_dir=data_dir)
    space.check_encodes()
    return space
