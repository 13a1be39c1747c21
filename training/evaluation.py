"""Evaluating a finished run: the whole of `keraszoo evaluate`."""

import keras

from keraszoo import data
from keraszoo.run import Run


def evaluate(run, split=None, *, data_dir=None, batch_size=None):
    """Metrics of a run's model on one split of its data, also written to the run's metrics.json.

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
    recipe = run.recipe
    split = split or recipe.test_split
    keras.utils.set_random_seed(recipe.seed)
    model = run.load_model()
    source = data.load(recipe.dataset, data_dir=data_dir, image_size=recipe.image_size)
    batches = data.batches(
        source,
        split,
        batch_size or recipe.batch_size,
        training=False,
        transforms=recipe.transforms,
        with_labels=recipe.with_labels,
        seed=recipe.seed,
    )
    metrics = model.evaluate(batches, verbose=0, return_dict=True)
    run.write_metrics(**{split: metrics})
    return metrics


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
