"""All scores of a segmentation, and the threshold at which a map of probabilities becomes one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.errors import InputError
from .boundary import boundary_f1
from .objects import average_precision
from .overlap import check_masks, dice, iou, pixel_confusion, pixel_error
from .segments import rand_and_information, rand_error, segments
from .surface import hausdorff, surface_distance
from .warping import warping_error

THRESHOLDS = tuple(np.linspace(0.05, 0.95, 19).round(2).tolist())


def segmentation_scores(
    predicted: np.ndarray,
    label: np.ndarray,
    threshold: float = 0.5,
    instances: Any = None,
    num_classes: int | None = None,
    ignore: int | None = None,
    found: Any = None,
) -> dict[str, float]:
    """How good masks are, by every score of this room.

    Overlap is counted over all images together, all else is a mean over the images. Distances are of each class but 0,
    in pixels; the warping error and the boundary's F1 are given for two classes, 1 being the foreground.

    Args:
        predicted: masks [n, height, width] or [height, width] of integers, or probabilities of class 1, which are
            compared with the threshold.
        label: masks of the same shape.
        threshold: a pixel belongs to class 1 where its probability is at least this.
        instances: number of each pixel's true object, of the same shape, 0 outside; None: connected parts of a class.
        num_classes: by default as many as are seen, at least 2.
        ignore: label of pixels that do not count, or None. To segments and boundaries they are background in both
            masks, and the warping error is a share of the others.
        found: number of each pixel's predicted object, of the same shape; None: connected parts of each class.

    Returns:
        `{"pixel_error", "iou_0", "iou_1", ..., "mean_iou", "dice_0", "dice_1", ..., "mean_dice", "v_rand", "v_info",
        "rand_error", "average_precision", "hausdorff_95_1", ..., "surface_distance_1", ...}`, and for two classes
        `{"warping_error", "boundary_f1"}` too. What an empty mask scores is written at each of these functions; a mask
        that is its label has no error and scores 1.

    Raises:
        InputError: differing shapes, numbers that are no classes, a threshold outside [0, 1], or no images.

    Example:
        >>> label = np.zeros([1, 8, 8], int)
        >>> label[0, 2:6, 2:6] = 1
        >>> scores = segmentation_scores(0.4 + 0.2 * label, label)
        >>> scores["pixel_error"], scores["dice_1"], scores["v_rand"]
        (0.0, 1.0, 1.0)
    """
    predicted, label = _stack(predicted), _stack(label)
    if predicted.dtype.kind == "f":
        predicted = _at_threshold(predicted, threshold)
    label, predicted = check_masks(label, predicted)
    confusion = pixel_confusion(label, predicted, num_classes, ignore)
    scores = {"pixel_error": pixel_error(confusion)}
    for name, values in (("iou", iou(confusion)), ("dice", dice(confusion))):
        scores |= {f"{name}_{number}": float(value) for number, value in enumerate(values)}
        scores[f"mean_{name}"] = float(values.mean())
    counts = np.ones(label.shape, bool) if ignore is None else label != ignore
    label, predicted = label * counts, predicted * counts
    truths = [segments(mask) for mask in label] if instances is None else _stack(instances) * counts
    founds = [segments(mask) for mask in predicted] if found is None else _stack(found) * counts
    rows = []
    for images in zip(label, predicted, truths, founds, counts, strict=True):
        rows.append(_scores_of_objects(*images[2:4]) | _distances(*images[:2], len(confusion)))
        if len(confusion) == 2:
            rows[-1] |= _scores_of_boundaries(*images[:2], images[-1])
    return scores | {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def choose_threshold(
    probabilities: Any, labels: Any, thresholds: Sequence[float] = THRESHOLDS, instances: Any = None
) -> float:
    """The threshold that makes the best segments: the one with the highest mean of V_rand + V_info.

    Choose it on images that the model has learned from, and keep it: a threshold chosen on test images has seen them.

    Args:
        probabilities: of class 1, [n, height, width] floating point.
        labels: masks of the same shape.
        thresholds: those to try, in (0, 1).
        instances: as in `segmentation_scores`.

    Returns:
        The best of the thresholds; of several that are equally good the middle one.

    Raises:
        InputError: as `segmentation_scores`, or no thresholds.

    Example:
        >>> label = np.array([[[1, 1, 0, 1, 1]]])
        >>> choose_threshold(np.array([[[0.9, 0.8, 0.6, 0.7, 0.9]]]), label, thresholds=(0.3, 0.5, 0.65))
        0.65
    """
    probabilities, labels = _stack(probabilities), _stack(labels)
    thresholds = sorted(thresholds)
    if probabilities.dtype.kind != "f" or not thresholds:
        raise InputError(
            "A threshold is chosen among some for probabilities of floating point. "
            f"Received: {probabilities.dtype}, thresholds {thresholds}."
        )
    truths = [segments(mask) for mask in labels] if instances is None else _stack(instances)
    scores = []
    for threshold in thresholds:
        masks = _at_threshold(probabilities, threshold)
        check_masks(labels, masks)
        found = [segments(mask) for mask in masks]
        scores.append(np.mean([rand_and_information(*pair) for pair in zip(truths, found, strict=True)]))
    best = np.flatnonzero(np.isclose(scores, np.max(scores), rtol=0, atol=1e-12))
    return float(thresholds[best[len(best) // 2]])


def _scores_of_objects(truth, found):
    of_pairs, of_information = rand_and_information(truth, found)
    return {
        "v_rand": of_pairs,
        "v_info": of_information,
        "rand_error": rand_error(truth, found),
        "average_precision": average_precision(truth, found),
    }


def _distances(label, predicted, classes):
    return {
        f"{name}_{number}": measure(label == number, predicted == number)
        for name, measure in (("hausdorff_95", hausdorff), ("surface_distance", surface_distance))
        for number in range(1, classes)
    }


def _scores_of_boundaries(label, predicted, counts):
    return {
        "warping_error": warping_error(label, predicted) / max(counts.mean(), 1 / counts.size),
        "boundary_f1": boundary_f1(label, predicted),
    }


def _stack(masks):
    """Images [n, height, width] of one or more."""
    masks = np.asarray(masks)
    masks = masks[None] if masks.ndim == 2 else masks
    if masks.ndim != 3 or not masks.size:
        raise InputError(f"Masks are [n, height, width] or [height, width], n > 0. Received: {list(masks.shape)}.")
    return masks


def _at_threshold(probabilities, threshold):
    if not 0 <= threshold <= 1:
        raise InputError(f"A threshold is from 0 to 1. Received: {threshold!r}.")
    return (probabilities >= threshold).astype("uint8")
