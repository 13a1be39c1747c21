"""The latent space of a finished run's model, in pictures: the whole of `keraszoo latent`."""

import typing

import numpy as np
import tensorflow as tf

from keraszoo.analysis.latent import class_exemplars, latent_walk, linear_interpolation, spherical_interpolation
from keraszoo.core.errors import InputError
from keraszoo.models.abilities import Classifies, Decodes, SamplesLatents, required
from keraszoo.runs.run import Run

from ..evaluators.pictures import grid, tile
from ..image_files import check_gif, check_png, write_gif, write_png
from .attribute import attribute
from .grids import manifold, traverse
from .map import embed, project
from .space import BATCH_SIZE, LatentSpace, check_integers, class_names, class_number
from .units import units

__all__ = ["arithmetic", "attribute", "embed", "interpolate", "manifold", "project", "traverse", "units", "walk"]

SHOWN = 8  # exemplars of a class, and neighbours of a result
NEIGHBOURHOOD = 0.25  # standard deviation of what neighbours of a result differ by
ROWS = "rows:"  # how an operand begins that is some training examples


def walk(run, out, *, steps=60, seed=0, anchors=5, tiles=16, linear=False):
    """Writes a film of closed walks through latent space, one a tile, each through random points of its own.

    The arcs are spherical where the prior is normal. The codes of a conditional model stay as they are in a tile; the
    tiles have the classes in turn.

    Args:
        run: a `Run` or the path of one.
        out: GIF to write; a file that is there is replaced.
        steps: number of pictures, at least `anchors`.
        seed: integer; the same seed gives the same walks.
        anchors: how many random points each walk passes, >= 2.
        tiles: how many walks, >= 1.
        linear: walk in straight lines.

    Returns:
        The pictures, uint8 [steps, height, width, channels].

    Raises:
        InputError: missing or unfinished run, a model that does not sample images from a latent space, impossible
            numbers, a file that cannot be written.
    """
    check_gif(out)
    check_integers(tiles=(tiles, 1), anchors=(anchors, 2), steps=(steps, anchors))
    space = LatentSpace(run, SamplesLatents, Decodes)
    noise, codes = _points(space, anchors, tiles, seed)
    path = latent_walk(noise, steps, _interpolation(space, linear))
    pages = np.stack([tile(grid(space.decode(point, codes))) for point in path])
    write_gif(out, pages)
    return pages


def interpolate(run, out, *, steps=10, seed=0, rows=8, linear=False):
    """Writes a picture whose rows lead from one random point of latent space to another.

    Args:
        run, seed, linear: as for `walk`.
        out: PNG to write; a file that is there is replaced.
        steps: pictures in a row, both ends included, >= 2.
        rows: how many, >= 1.

    Returns:
        The picture, uint8 [height, width, channels].

    Raises:
        InputError: as for `walk`.
    """
    check_png(out)
    check_integers(rows=(rows, 1), steps=(steps, 2))
    space = LatentSpace(run, SamplesLatents, Decodes)
    (start, end), codes = _points(space, 2, rows, seed)
    path = _interpolation(space, linear)(start, end, np.linspace(0.0, 1.0, steps))
    page = tile(np.stack([space.decode(point, codes) for point in path], axis=1))
    write_png(out, page)
    return page


class Arithmetic(typing.NamedTuple):
    """What `arithmetic` computed.

    Attributes:
        means: the mean latent vector of each operand's class, [operands, dim], those to add first.
        result: their signed sum, [dim].
    """

    means: np.ndarray
    result: np.ndarray


def arithmetic(run, out, plus, minus=(), *, features=None, count=32, draws=4096, seed=0, data_dir=None):
    """Writes a picture of the sum of some classes' mean latent vectors less those of others.

    In the picture every operand has a row: examples of the class, then the mean vector decoded. The last row has the
    result's neighbours, then the result itself.

    With `features` the classes are those that a classifier sees in the model's samples, and each mean is that of the
    most certain ones; without, they are those of the training examples, which the model must encode.

    Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
    Networks" (2016), https://arxiv.org/abs/1511.06434.

    An operand is a class, or `rows:12,57,103`: those of the run's training examples, which `keraszoo search` finds by
    an image. So "7 with a bar" - "7" + "1" can be computed although nobody labelled the bars.

    Args:
        run: a `Run` or the path of one.
        out: PNG to write; a file that is there is replaced.
        plus: names or numbers of the classes to add, or rows, at least one.
        minus: those to subtract.
        features: the `Run` of a classifier, or the path of one, for images of the same shape.
        count: how many samples each mean is taken over at most, >= 3.
        draws: how many samples are classified, >= 3.
        seed: integer; the same seed gives the same samples.
        data_dir: where tensorflow-datasets keeps its data.

    Returns:
        An `Arithmetic`.

    Raises:
        InputError: missing or unfinished run, no such class, too few samples of a class, a model that has no latent
            space of images, no classifier of such images, a file that cannot be written.
    """
    check_png(out)
    if not plus:
        raise InputError("A sum needs at least one class to add (--plus).")
    check_integers(count=(count, 3), draws=(draws, 3))
    space = LatentSpace(run, Decodes, *([] if features is None else [SamplesLatents]), data_dir=data_dir)
    if features is None:
        latents, probabilities, names = _encoded_examples(space)
        count = None  # every example is certain
    else:
        latents, probabilities, names = _classified_samples(space, features, draws, seed, data_dir)
    operands = [_rows_of(name, names, probabilities, features, count) for name in (*plus, *minus)]
    signs = np.array([1.0] * len(plus) + [-1.0] * len(minus))
    means = np.stack([latents[rows].astype("float64").mean(axis=0) for rows in operands])
    result = signs @ means
    noise = NEIGHBOURHOOD * np.random.default_rng(seed).standard_normal([SHOWN, space.dim])
    neighbours = np.concatenate([result[: space.dim] + noise, np.tile(result[space.dim :], [SHOWN, 1])], 1)
    rows = [*zip([latents[rows[:SHOWN]] for rows in operands], means, strict=True), (neighbours, result)]
    write_png(out, tile(np.stack([_row(space, points, outcome) for points, outcome in rows])))
    return Arithmetic(means, result)


def _rows_of(name, names, probabilities, features, count):
    """The rows of the examples that an operand stands for, the most typical first."""
    if not str(name).startswith(ROWS):
        return class_exemplars(probabilities, class_number(name, names), count)
    numbers = str(name)[len(ROWS) :].split(",")
    size = len(probabilities)
    if features is not None or not all(number.strip().isdigit() and int(number) < size for number in numbers):
        where = "a model that encodes them, without --features" if features is not None else f"from 0 to {size - 1}"
        raise InputError(f"{ROWS}1,2,3 are training examples, {where}. Received: {name!r}.")
    return np.array([int(number) for number in numbers])


def _row(space, points, outcome):
    """The images of some points, of as many as there are places, then a gap and the image of what came of them."""
    places = np.zeros([SHOWN, *space.image_shape], "float32")
    places[: len(points)] = space.decode(points)
    gap = np.full([1, *space.image_shape], 0.5, "float32")  # grey, as the lines are
    return np.concatenate([places, gap, space.decode(outcome[None])])


def _points(space, points, tiles, seed):
    """Random points for each tile, [points, tiles, dim], and the codes of each tile, [tiles, ...]."""
    latent = space.draw(points * tiles, seed).reshape(points, tiles, -1)
    return latent[..., : space.dim], latent[0, :, space.dim :]


def _interpolation(space, linear):
    return spherical_interpolation if space.prior == "normal" and not linear else linear_interpolation


def _classified_samples(space, features, draws, seed, data_dir):
    """(latents [n, dim], probabilities [n, classes], class names) of the model's samples, as a classifier sees them."""
    features = features if isinstance(features, Run) else Run.open(features)
    classifier = features.model()
    required(classifier, Classifies)
    if tuple(classifier.inputs.shape) != space.image_shape:
        raise InputError(
            f"The classifier must take images of the model's shape, {space.image_shape}. "
            f"Received: {features.path}, which takes {tuple(classifier.inputs.shape)}."
        )
    latents = space.draw(draws, seed)
    parts = np.array_split(latents, -(-draws // BATCH_SIZE))
    probabilities = np.concatenate([classifier.classify(tf.constant(space.decode(part))) for part in parts])
    return latents, probabilities, class_names(features.data(data_dir).source, probabilities.shape[1])


def _encoded_examples(space):
    """(latents [n, dim], one-hot classes [n, classes], class names) of the run's training examples."""
    if not space.encodes:
        raise InputError(
            f"{type(space.model).__name__} does not encode examples, so its samples must be classified. "
            "Name the run of a classifier (--features RUN)."
        )
    latents, labels, names = space.labelled_codes(space.run.recipe.data.train)
    return latents, np.eye(len(names))[labels], names
