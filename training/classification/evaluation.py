"""How good a finished run's classifier is: scores, a table of its classes, and figures."""

import os
import pathlib

import numpy as np

from keraszoo.analysis.classification.figures import (
    confusion_figure,
    misclassified_figure,
    most_certain_errors,
    reliability_figure,
)
from keraszoo.core.errors import InputError
from keraszoo.metrics import class_scores, classification_scores
from keraszoo.runs.run import Run

from ..evaluators.pictures import shown
from ..image_files import save_figure, write
from .answers import answers, classifies

SHOWN = 40  # classes in a table on the screen


def scores(found):
    """`keraszoo.metrics.classification_scores` of `Answers`."""
    return classification_scores(found.probabilities, found.labels)


def class_table(found, shown=SHOWN):
    """Rows of strings, the header first: each class with its precision, recall, F1 and number of examples.

    Args:
        found: `Answers`.
        shown: of more classes than that, those with the lowest F1.
    """
    each = class_scores(found.probabilities, found.labels)
    order = range(len(found.names)) if len(found.names) <= shown else np.argsort(each.f1, kind="stable")[:shown]
    rows = [
        [found.names[k][:30], *(f"{value[k]:.3f}" for value in each[:3]), f"{each.support[k]}"] for k in map(int, order)
    ]
    return [["class", "precision", "recall", "F1", "support"], *rows]


def class_figures(found, prepared, split):
    """`{name: matplotlib.figure.Figure}` of `Answers`: confusion, reliability and, of images, misclassified."""
    probabilities, labels = found.probabilities, found.labels
    figures = {
        "confusion": confusion_figure(probabilities, labels, found.names),
        "reliability": reliability_figure(probabilities, labels),
    }
    if len(prepared.shape) == 3:
        wrong = most_certain_errors(probabilities, labels)
        images = shown(prepared.rows(split, found.rows[wrong]))
        figures["misclassified"] = misclassified_figure(images, probabilities[wrong], labels[wrong], found.names)
    return figures


def answers_of(model, prepared, split, out=None):
    """The `Answers` of a model to a split, None for a model that does not classify it.

    Args:
        prepared: the recipe's `PreparedData`.
        out: folder to which figures shall go, or None.

    Raises:
        InputError: a folder that is there; with `out`, a model that does not classify.
    """
    if out is not None and pathlib.Path(out).exists():
        raise InputError(f"The figures are written into a new folder. Received: {out}, which is there.")
    if classifies(model, prepared, split):
        return answers(model, prepared, split)
    if out is not None:
        raise InputError(f"Figures are of classifiers. Received: a {type(model).__name__}.")
    return None


def evaluate_classes(
    run: str | os.PathLike | Run,
    split: str | None = None,
    *,
    out: str | os.PathLike | None = None,
    data_dir: str | os.PathLike | None = None,
) -> list:
    """A table of a run's classes on one split of its data, and figures of what it answers.

    Args:
        run: a `Run` or the path of one.
        split: name of the split; by default the recipe's test split.
        out: new folder to write: confusion.png, reliability.png and, of images, misclassified.png. None writes nothing.
        data_dir: where tensorflow-datasets keeps its data.

    Returns:
        Rows of strings, the header first, as `class_table` gives them; none for a model that does not classify.

    Raises:
        InputError: missing or unfinished run, unknown split, missing data, a folder that is there or cannot be written;
            with `out`, a model that does not classify.
    """
    run = run if isinstance(run, Run) else Run.open(run)
    prepared = run.data(data_dir)
    split = split or prepared.data.test
    found = answers_of(run.model(), prepared, split, out)
    return [] if found is None else told(found, prepared, split, out)


def told(found, prepared, split, out=None):
    """The `class_table` of `Answers`, and their figures in a new folder."""
    if out is not None:
        figures = class_figures(found, prepared, split)

        def save(folder):
            pathlib.Path(folder).mkdir(exist_ok=True)
            for name, figure in figures.items():
                save_figure(pathlib.Path(folder, f"{name}.png"), figure)

        write(out, save)
    return class_table(found)
