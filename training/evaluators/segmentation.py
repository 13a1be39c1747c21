"""How good a run's masks are."""

import itertools

import numpy as np

from keraszoo import data
from keraszoo.metrics import segmentation_scores

IMAGES = 100  # that are scored at most: to correct an outline takes longer than to predict it


def examples(source, split, recipe, count):
    """Up to `count` (image, target) of a split as the model sees them, one at a time."""
    batches = data.batches(
        source, split, 1, training=False, transforms=recipe.transforms, with_labels=True, seed=recipe.seed
    )
    for x, y in itertools.islice(batches.as_numpy_iterator(), count):
        yield x[0], {name: values[0] for name, values in y.items()} if isinstance(y, dict) else y[0]


def scores(model, source, recipe):
    """`keraszoo.metrics.segmentation_scores` of the model's masks of the test split, and the threshold.

    Args:
        model: a model; one without `segment` has no scores.
        source: the recipe's data.
        recipe: a `Recipe`.

    Returns:
        `{score: value}`, of up to 100 images; empty for a model that does not segment.
    """
    if not hasattr(model, "segment"):
        return {}
    masks, labels = [], []
    for image, target in examples(source, recipe.test_split, recipe, IMAGES):
        masks.append(np.asarray(model.segment(image[None])[1])[0])
        labels.append(target["label"] if isinstance(target, dict) else target)
    found = segmentation_scores(np.stack(masks), np.stack(labels), num_classes=max(2, model.num_classes))
    return found | ({"threshold": model.threshold} if model.num_classes <= 2 else {})


def calibrate(model, source, recipe, count=16):
    """Lets the model choose on up to `count` examples that it has learned from what it does not learn.

    Args:
        model: a `ZooModel` that calibrates.
        source: the recipe's data.
        recipe: a `Recipe` with labels.
    """
    images, targets = zip(*examples(source, recipe.train_split, recipe, count), strict=True)
    labels = [target["label"] if isinstance(target, dict) else target for target in targets]
    model.calibrate(np.stack(images), np.stack(labels))
