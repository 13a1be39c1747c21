"""How good a run's masks are."""

import numpy as np

from keraszoo.data.sources.mask_values import VOID
from keraszoo.metrics import segmentation_scores
from keraszoo.models.abilities import Segments

IMAGES = 100  # that are scored at most: to correct an outline takes longer than to predict it


def scores(model, prepared):
    """`keraszoo.metrics.segmentation_scores` of the model's masks of the test split, and the threshold.

    Args:
        model: a model; one without `segment` has no scores.
        prepared: the recipe's `PreparedData`.

    Returns:
        `{score: value}`, of up to 100 images; empty for a model that does not segment.
    """
    if not isinstance(model, Segments):
        return {}
    masks, labels = [], []
    for image, target in prepared.one_by_one(prepared.data.test, IMAGES):
        masks.append(np.asarray(model.segment(image[None])[1])[0])
        labels.append(target["label"] if isinstance(target, dict) else target)
    found = segmentation_scores(
        np.stack(masks),
        np.stack(labels),
        num_classes=max(2, model.num_classes),
        ignore=VOID if prepared.source.has_void else None,
    )
    return found | ({"threshold": model.threshold} if model.num_classes <= 2 else {})


def calibrate(model, prepared, count=16):
    """Lets the model choose on up to `count` examples that it has learned from what it does not learn.

    Args:
        model: a `ZooModel` that calibrates.
        prepared: the recipe's `PreparedData`, with labels.
    """
    images, targets = zip(*prepared.one_by_one(prepared.data.train, count), strict=True)
    labels = [target["label"] if isinstance(target, dict) else target for target in targets]
    model.calibrate(np.stack(images), np.stack(labels))
