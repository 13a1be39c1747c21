"""The latent space of a finished run's model, in pictures: the whole of `keraszoo latent`."""

import typing

import numpy as np
import tensorflow as tf

from keraszoo import data
from keraszoo.applications.codes import encode, require
from keraszoo.applications.latent import (
    class_exemplars,
    class_means,
    latent_walk,
    linear_interpolation,
    spherical_interpolation,
)
from keraszoo.errors import InputError, closest
from keraszoo.run import Run

from .image_files import check_gif, check_png, write_gif, write_png
from .pictures import grid, tile

BATCH_SIZE = 256
EXAMPLES = 10_000  # of the training data, at most, make the means of the classes
SHOWN = 8  # exemplars of a class, and neighbours of a result
NEIGHBOURHOOD = 0.25  # standard deviation of what neighbours of a result differ by


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
    _check_integers(tiles=(tiles, 1), anchors=(anchors, 2), steps=(steps, anchors))
    model = _opened(run, "sample_latent", "decode")
    noise, codes = _points(model, anchors, tiles, seed)
    path = latent_walk(noise, steps, _interpolation(model, linear))
    pages = np.stack([tile(grid(_decoded(model, point, codes))) for point in path])
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
    _check_integers(rows=(rows, 1), steps=(steps, 2))
    model = _opened(run, "sample_latent", "decode")
    (start, end), codes = _points(model, 2, rows, seed)
    path = _interpolation(model, linear)(start, end, np.linspace(0.0, 1.0, steps))
    page = tile(np.stack([_decoded(model, point, codes) for point in path], axis=1))
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

    Args:
        run: a `Run` or the path of one.
        out: PNG to write; a file that is there is replaced.
        plus: names or numbers of the classes to add, at least one.
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
    _check_integers(count=(count, 3), draws=(draws, 3))
    model = _opened(run, "decode", *([] if features is None else ["sample_latent"]))
    if features is None:
        latents, probabilities, names = _encoded_examples(model, run, data_dir)
        count = None  # every example is certain
    else:
        latents, probabilities, names = _classified_samples(model, features, draws, seed, data_dir)
    labels = [_class(name, names) for name in (*plus, *minus)]
    signs = np.array([1.0] * len(plus) + [-1.0] * len(minus))
    means = class_means(latents, probabilities, labels, count)
    result = signs @ means
    exemplars = [latents[class_exemplars(probabilities, label, SHOWN)] for label in labels]
    noise = NEIGHBOURHOOD * np.random.default_rng(seed).standard_normal([SHOWN, model.latent_dim])
    neighbours = np.concatenate(
        [result[: model.latent_dim] + noise, np.tile(result[model.latent_dim :], [SHOWN, 1])], 1
    )
    rows = [*zip(exemplars, means, strict=True), (neighbours, result)]
    write_png(out, tile(np.stack([_row(model, points, outcome) for points, outcome in rows])))
    return Arithmetic(means, result)


def _row(model, points, outcome):
    """The images of some points, of as many as there are places, then a gap and the image of what came of them."""
    places = np.zeros([SHOWN, *model.image_shape], "float32")
    places[: len(points)] = _decoded(model, points)
    gap = np.full([1, *model.image_shape], 0.5, "float32")  # grey, as the lines are
    return np.concatenate([places, gap, _decoded(model, outcome[None])])


def _opened(run, *methods):
    """The model of a run, which must have these methods and be of images."""
    model = (run if isinstance(run, Run) else Run.open(run)).load_model()
    name, shape = type(model).__name__, tuple(getattr(model, "image_shape", ()))
    if not all(hasattr(model, method) for method in methods):
        raise InputError(f"{name} has no latent space from which it decodes samples; a VAE or a GAN has.")
    if len(shape) != 3 or shape[-1] not in (1, 3):
        raise InputError(f"Only images of 1 or 3 channels can be shown. Received: {name} of examples of shape {shape}.")
    return model


def _points(model, points, tiles, seed):
    """Random points for each tile, [points, tiles, latent_dim], and the codes of each tile, [tiles, ...]."""
    latent = model.sample_latent(points * tiles, seed=seed).numpy()
    latent = latent.reshape(points, tiles, -1)
    return latent[..., : model.latent_dim], latent[0, :, model.latent_dim :]


def _interpolation(model, linear):
    normal = getattr(model, "prior", "normal") == "normal"
    return spherical_interpolation if normal and not linear else linear_interpolation


def _decoded(model, points, codes=None):
    """The images of latent vectors [n, ...]."""
    latent = np.asarray(points) if codes is None else np.concatenate([points, codes], axis=-1)
    return model.decode(tf.constant(latent, tf.float32)).numpy()


def _classified_samples(model, features, draws, seed, data_dir):
    """(latents [n, dim], probabilities [n, classes], class names) of the model's samples, as a classifier sees them."""
    features = features if isinstance(features, Run) else Run.open(features)
    classifier = features.load_model()
    require(classifier, "classify")
    if tuple(classifier.image_shape) != tuple(model.image_shape):
        raise InputError(
            f"The classifier must take images of the model's shape, {tuple(model.image_shape)}. "
            f"Received: {features.path}, which takes {tuple(classifier.image_shape)}."
        )
    latents = model.sample_latent(draws, seed=seed)
    parts = tf.split(latents, [len(part) for part in np.array_split(latents, -(-draws // BATCH_SIZE))])
    probabilities = np.concatenate([classifier.classify(model.decode(part)) for part in parts])
    return latents.numpy(), probabilities, _class_names(_source(features, data_dir), probabilities.shape[1])


def _encoded_examples(model, run, data_dir):
    """(latents [n, dim], one-hot classes [n, classes], class names) of the run's training examples."""
    if not hasattr(model, "encode"):
        raise InputError(
            f"{type(model).__name__} does not encode examples, so its samples must be classified. "
            "Name the run of a classifier (--features RUN)."
        )
    run = run if isinstance(run, Run) else Run.open(run)
    source, recipe = _source(run, data_dir), run.recipe
    if not source.num_classes:
        raise InputError(f"{source.name} has no classes. Name the run of a classifier (--features RUN).")
    batches = data.batches(
        source,
        recipe.train_split,
        BATCH_SIZE,
        training=False,
        transforms=recipe.transforms,
        with_labels=True,
        seed=recipe.seed,
    )
    found = [(encode(model, x), y.numpy()) for x, y in batches.take(-(-EXAMPLES // BATCH_SIZE))]
    latents, labels = map(np.concatenate, zip(*found, strict=True))
    return latents, np.eye(source.num_classes)[labels], _class_names(source, source.num_classes)


def _source(run, data_dir):
    return data.load(run.recipe.dataset, data_dir=data_dir, image_size=run.recipe.image_size)


def _class_names(source, classes):
    names = source.class_names
    return names if names and len(names) == classes else tuple(map(str, range(classes)))


def _class(name, names):
    """The number of a class that is given by name or number."""
    name = str(name)
    if name in names:
        return names.index(name)
    if name.isdigit() and int(name) < len(names):
        return int(name)
    raise InputError(f"There is no such class. Received: {name!r}. {closest(name, names)}")


def _check_integers(**bounds):
    for name, (value, least) in bounds.items():
        if not isinstance(value, int) or value < least:
            raise InputError(f"{name} must be an integer >= {least}. Received: {value!r}.")
