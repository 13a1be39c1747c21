"""How good a finished run's classifier is: scores, a table of its classes, and figures."""

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


def scores(model, prepared):
    """`keraszoo.metrics.classification_scores` on the test split; empty for a model that does not classify it."""
    split = prepared.data.test
    if not classifies(model, prepared, split):
        return {}
    found = answers(model, prepared, split)
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


def evaluate_classes(run, split=None, *, out=None, data_dir=None):
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
    if out is not None and pathlib.Path(out).exists():
        raise InputError(f"The figures are written into a new folder. Received: {out}, which is there.")
    model, prepared = run.model(), run.data(data_dir)
    split = split or prepared.data.test
    if not classifies(model, prepared, split):
        if out is not None:
            raise InputError(f"Figures are of classifiers. Received: {run.path}, a {type(model).__name__}.")
        return []
    found = answers(model, prepared, split)
    if out is not None:
        figures = class_figures(found, prepared, split)

        def save(folder):
            pathlib.Path(folder).mkdir(exist_ok=True)
            for name, figure in figures.items():
                save_figure(pathlib.Path(folder, f"{name}.png"), figure)

        write(out, save)
    return class_table(found)
