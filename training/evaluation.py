"""Evaluating a finished run: the whole of `keraszoo evaluate`."""

import os

import keras

from keraszoo.metrics import compare_restorations
from keraszoo.models.restoration.restoration import RestorationAutoencoder
from keraszoo.runs.run import Run

from .classification import evaluation as classification
from .evaluators.segmentation import scores


def evaluate(
    run: str | os.PathLike | Run,
    split: str | None = None,
    *,
    data_dir: str | os.PathLike | None = None,
    batch_size: int | None = None,
) -> dict[str, float]:
    """Metrics of a run's model on one split of its data, also written to the run's metrics.json.

    Of the test split are written too: of a model that segments the scores of its masks, as "segmentation", and of one
    that classifies `keraszoo.metrics.classification_scores`, as "classification".

    Args:
        run: a `Run` or the path of one.
        split: name of the split; by default the recipe's test split.
        data_dir: where tensorflow-datasets keeps its data.
        batch_size: by default the recipe's; it does not change the result.

    Returns:
        `{metric: value}`. Where the loss draws noise, the recipe's seed fixes it.

    Raises:
        InputError: missing or unfinished run, unknown split, missing data.
    """
    run = run if isinstance(run, Run) else Run.open(run)
    return evaluated(run, run.data(data_dir), split or run.recipe.data.test, batch_size)


def evaluated(run, prepared, split, batch_size=None, found=None):
    """`evaluate` on data that are open already; `found` are the `Answers` to the split, where they are known."""
    recipe = run.recipe
    keras.utils.set_random_seed(recipe.seed)
    model = run.model()
    batches = prepared.batches(split, batch_size or recipe.batch_size, labels=model.targets is not None)
    metrics = model.evaluate(batches, verbose=0, return_dict=True)
    run.write_metrics(**{split: metrics})
    if split == recipe.data.test and (segmented := scores(model, prepared)):
        run.write_metrics(segmentation=segmented)
    if split == recipe.data.test:
        found = classification.answers_of(model, prepared, split) if found is None else found
        if found is not None:
            run.write_metrics(classification=classification.scores(found))
    return metrics


def restorations(run, count=2000, *, data_dir=None, seed=0):
    """The run's model beside the classical restoration, on images of its test split: rows for `table`.

    Args:
        run: a `Run`, or the path of one, of a model that restores images.
        count: how many images at most.
        data_dir: where tensorflow-datasets keeps its data.
        seed: integer, for the damage.

    Returns:
        Rows of strings, the header first; none for another model.
    """
    run = run if isinstance(run, Run) else Run.open(run)
    model = run.model()
    if not isinstance(model, RestorationAutoencoder):
        return []
    prepared = run.data(data_dir)
    clean = prepared.examples(prepared.data.test, count)
    mean = prepared.examples(prepared.data.train, 10_000).mean(axis=0)
    found = compare_restorations(model, clean, mean, seed=seed)
    measures = list(found["model"])
    rows = [[row, *(f"{values[measure]:.4g}" for measure in measures)] for row, values in found.items()]
    return [["restoration", *measures], *rows]


def verdicts(recipe, metrics):
    """What a run reached beside what its recipe expects.

    Args:
        recipe: a `Recipe`.
        metrics: `{split: {metric: value}}`.

    Returns:
        Rows `(metric, value, expected, verdict)` of strings; expected and verdict are empty where nothing is expected.
    """
    rows = []
    for split, values in metrics.items():
        if split == "history":
            continue
        for name, value in values.items():
            expected, verdict = "", ""
            if f"{split}/{name}" in recipe.expected:
                target, tolerance = recipe.expected[f"{split}/{name}"]
                expected = f"{target:g} +- {tolerance:g}"
                verdict = "as expected"
                if not abs(value - target) <= tolerance:
                    verdict = "lower than expected" if value < target else "higher than expected"
            rows.append((f"{split}/{name}", f"{value:.5g}", expected, verdict))
    return rows


def table(rows, header=("metric", "value", "expected", "verdict")):
    """The rows as text, one line each, columns aligned."""
    rows = [header, *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
