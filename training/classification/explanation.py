"""A run's classifier on files: what it answers (`keraszoo classify`), and why (`keraszoo explain`)."""

import os
import typing
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from keraszoo.analysis import deconvolution, grad_cam, gradient_saliency
from keraszoo.analysis.classification.figures import saliency_figure
from keraszoo.core.errors import InputError, closest
from keraszoo.models.abilities import Classifies, required
from keraszoo.runs.run import Run

from ..evaluators.pictures import shown
from ..image_files import check_csv, check_png, write_csv, write_figure
from ..latent.space import check_integers, class_number
from ..queries import Examples
from .answers import names_of

METHODS = ("gradient", "grad_cam", "deconvolution")
MOST_SHOWN = 16  # images in a picture


class Answer(typing.NamedTuple):
    """What a classifier says of an example.

    Attributes:
        query: which one it is: a file, a page of it, a row of it.
        classes: names, or numbers, of the most probable classes, the first one first.
        scores: their probabilities.
    """

    query: str
    classes: tuple
    scores: tuple


def classify(
    run: str | os.PathLike | Run,
    files: Iterable[str | os.PathLike],
    top: int = 1,
    *,
    table: str | os.PathLike | None = None,
    data_dir: str | os.PathLike | None = None,
    say: Callable[[str], Any] = print,
) -> list:
    """The most probable classes of a user's examples.

    Args:
        run: a `Run` or the path of one.
        files: paths of images, stacks, folders of images or tables, see `keraszoo.training.queries.Examples`.
        top: how many classes of each, >= 1.
        table: `.csv` to write, a row for each class of each example.
        data_dir: where tensorflow-datasets keeps its data.
        say: receives lines about what had to be changed or passed over.

    Returns:
        A list of `Answer`.

    Raises:
        InputError: missing or unfinished run, a model that does not classify, no such file, files that cannot be read
            or written.
    """
    check_integers(top=(top, 1))
    if table is not None:
        check_csv(table)
    _, model, prepared, names = _opened(run, data_dir)
    examples = Examples(files, prepared, say)
    probabilities = np.concatenate([np.asarray(model.classify(batch)) for batch in examples.batches()])
    found = [
        Answer(query.name, *_best(row, names, top)) for query, row in zip(examples.queries, probabilities, strict=True)
    ]
    if table is not None:
        cells = [
            (each.query, place + 1, name, score)
            for each in found
            for place, (name, score) in enumerate(zip(each.classes, each.scores, strict=True))
        ]
        write_csv(table, cells, ("query", "rank", "class", "score"))
    return found


def explain(
    run: str | os.PathLike | Run,
    files: Iterable[str | os.PathLike],
    out: str | os.PathLike,
    method: str = "gradient",
    *,
    of_class: str | int | None = None,
    layer: str | None = None,
    data_dir: str | os.PathLike | None = None,
    say: Callable[[str], Any] = print,
) -> list:
    """Writes a picture of images, beside each what its class depends on.

    Args:
        run: a `Run` or the path of one, whose model classifies images.
        files: paths of images, stacks or folders of images; the first 16 images are shown.
        out: PNG to write; a file that is there is replaced.
        method: "gradient" (Simonyan et al., 2013), "grad_cam" (Selvaraju et al., 2017), or "deconvolution" (Zeiler and
            Fergus, 2014), which shows what excites a layer, whatever the class.
        of_class: name or number of the class that is explained; None: of each image the most probable one.
        layer: name of a layer of the encoder, for the last two methods; None: the last convolution.
        data_dir: where tensorflow-datasets keeps its data.
        say: receives lines about what had to be changed or passed over.

    Returns:
        A list of `Answer`, the explained class of each image that is shown.

    Raises:
        InputError: missing or unfinished run, a model that does not classify images or that the method cannot explain,
            no such file, class or layer, a file that cannot be written.
    """
    check_png(out)
    if method not in METHODS:
        raise InputError(f"Unknown method. Received: {method!r}. {closest(method, METHODS)}")
    if method == "gradient" and layer is not None:
        raise InputError(f"The gradient is that of the image itself: leave out the layer. Received: layer={layer!r}.")
    if method == "deconvolution" and of_class is not None:
        raise InputError(
            f"A deconvolution shows what excites a layer, of no class. Received: the class {of_class!r}. "
            "Nearest: grad_cam."
        )
    _, model, prepared, names = _opened(run, data_dir)
    examples = Examples(files, prepared, say)
    x = next(examples.batches())[:MOST_SHOWN]
    if len(examples.queries) > len(x):
        say(f"the first {len(x)} of {len(examples.queries)} images are shown")
    probabilities = np.asarray(model.classify(x))
    answered = probabilities.argmax(axis=1)
    classes = answered if of_class is None else np.full(len(x), class_number(of_class, names))
    maps = explanations(model, x, classes, method, layer)
    scores = [float(row[label]) for row, label in zip(probabilities, classes, strict=True)]
    titles = [f"{names[label][:14]} {score:.2f}" for label, score in zip(classes, scores, strict=True)]
    write_figure(out, saliency_figure(shown(x), shown(maps) if maps.ndim == 4 else maps, titles))
    return [
        Answer(query.name, (names[label],), (score,))
        for query, label, score in zip(examples.queries, classes, scores, strict=False)
    ]


def explanations(model, x, classes, method, layer=None):
    """What `method` finds of images: [n, height, width], or [n, height, width, channels] of a deconvolution."""
    if method == "gradient":
        return gradient_saliency(model, x, classes)
    return deconvolution(model, x, layer) if method == "deconvolution" else grad_cam(model, x, classes, layer)


def _best(row, names, top):
    best = np.argsort(-row, kind="stable")[:top]
    return tuple(names[place] for place in best), tuple(float(row[place]) for place in best)


def _opened(run, data_dir):
    """The run, its model, its data and the names of its classes."""
    run = run if isinstance(run, Run) else Run.open(run)
    model, prepared = required(run.model(), Classifies), run.data(data_dir)
    return run, model, prepared, names_of(model, prepared.source)
