"""How good a run's masks are."""

import numpy as np

from keraszoo.data.sources.mask_values import VOID
from keraszoo.metrics import segmentation_scores
from keraszoo.models.abilities import Segments
from keraszoo.models.segmentation.levels import without_void

IMAGES = 100  # that are scored at most: to correct an outline takes longer than to predict it


def scores(model, prepared):
    """`keraszoo.metrics.segmentation_scores` of the model's masks and objects of the test split, and their levels.

    Args:
        model: a model; one without `segment` has no scores.
        prepared: the recipe's `PreparedData`.

    Returns:
        `{score: value}`, of up to 100 images; empty for a model that does not segment.
    """
    if not isinstance(model, Segments):
        return {}
    masks, labels, objects = [], [], []
    for image, target in prepared.one_by_one(prepared.data.test, IMAGES):
        label = target["label"] if isinstance(target, dict) else target
        probabilities, mask = map(np.asarray, model.segment(image[None]))
        masks.append(mask[0])
        labels.append(label)
        objects.append(model.instances(without_void(probabilities, label[None] != VOID))[0])
    found = segmentation_scores(
        np.stack(masks),
        np.stack(labels),
        num_classes=max(2, model.num_classes),
        ignore=VOID if prepared.source.has_void else None,
        found=np.stack(objects),
    )
    return found | {"marker": model.marker} | ({"threshold": model.threshold} if model.num_classes <= 2 else {})


def calibrate(model, prepared, count=16):
    """Lets the model choose what it does not learn, on the training examples that are held out of the training.

    Where none are, on examples that it has learned from, up to `count`.

    Args:
        model: a `ZooModel` that calibrates.
        prepared: the recipe's `PreparedData`, with labels.
    """
    examples = list(prepared.held_out()) or prepared.one_by_one(prepared.data.train, count)
    images, targets = zip(*examples, strict=True)
    labels = [target["label"] if isinstance(target, dict) else target for target in targets]
    model.calibrate(np.stack(images), np.stack(labels))


def class_table(found, names=None):
    """The scores of each class, as `scores` gives them, as rows of strings, the header first.

    Args:
        found: the scores; none for a model that does not segment.
        names: of the classes, or None: their numbers.
    """
    if not found:
        return []
    classes = sum(name.startswith("iou_") for name in found)
    columns = {"IoU": "iou", "Dice": "dice", "Hausdorff 95 %": "hausdorff_95", "surface distance": "surface_distance"}
    rows = [["class", *columns]]
    for number in range(classes):
        values = [found.get(f"{score}_{number}") for score in columns.values()]
        name = str(number) if names is None else f"{number} {names[number]}"
        rows.append([name, *("" if value is None else f"{value:.4g}" for value in values)])
    return rows
