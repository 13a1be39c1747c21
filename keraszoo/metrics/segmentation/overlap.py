"""How well masks overlap: pixel error, and IoU and Dice per class, all from one count of pixels.

On the same counts Dice = 2 IoU / (1 + IoU), so the two order models alike; averages over classes or images do not obey
it.
"""

import numpy as np

from ...core.errors import InputError


def pixel_confusion(
    label: np.ndarray, predicted: np.ndarray, num_classes: int | None = None, ignore: int | None = None
) -> np.ndarray:
    """Numbers of pixels [num_classes, num_classes]: the row is the true class, the column the predicted one.

    Args:
        label, predicted: integers or booleans of the same shape, classes from 0 on.
        num_classes: by default the highest class of both plus one, at least 2.
        ignore: label of pixels that do not count, or None.

    Raises:
        InputError: differing shapes, numbers that are no classes.

    Example:
        >>> pixel_confusion([[0, 0], [1, 1]], [[0, 1], [1, 1]])
        array([[1, 1],
               [0, 2]])
    """
    label, predicted = check_masks(label, predicted)
    if ignore is not None:
        counts = label != ignore
        label, predicted = label[counts], predicted[counts]
    highest = max(label.max(initial=0), predicted.max(initial=0))
    classes = num_classes or max(2, int(highest) + 1)
    for name, mask in (("label", label), ("predicted", predicted)):
        if mask.min(initial=0) < 0 or mask.max(initial=0) >= classes:
            raise InputError(
                f"Classes must be from 0 to {classes - 1}. Received: {name} from {mask.min()} to {mask.max()}."
            )
    pairs = label.astype("int64").reshape(-1) * classes + predicted.reshape(-1)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def pixel_error(confusion: np.ndarray) -> float:
    """The share of pixels of another class than predicted.

    Example:
        >>> pixel_error([[1, 1], [0, 2]])
        0.25
    """
    confusion = np.asarray(confusion)
    return float(1 - np.trace(confusion) / max(confusion.sum(), 1)) if confusion.any() else 0.0


def iou(confusion: np.ndarray) -> np.ndarray:
    """Intersection over union of each class, [classes]: the Jaccard index.

    A class that neither mask has scores 1, for nothing was missed; one that only one of them has scores 0.
    (`keras.metrics.BinaryIoU` gives the mean over both classes.)

    Example:
        >>> iou([[1, 1], [0, 2]]).round(3)
        array([0.5  , 0.667])
    """
    both, either = _counts(confusion)
    return np.divide(both, either, out=np.ones(len(both)), where=either > 0)


def dice(confusion: np.ndarray) -> np.ndarray:
    """The Dice coefficient of each class, [classes]: twice the intersection over the sum of both sizes, the F1 score.

    A class that neither mask has scores 1; one that only one of them has scores 0.

    Example:
        >>> dice([[1, 1], [0, 2]]).round(3)
        array([0.667, 0.8  ])
    """
    both, either = _counts(confusion)
    return np.divide(2 * both, both + either, out=np.ones(len(both)), where=either > 0)


def check_masks(label, predicted):
    """Both as arrays, once they are known to be masks of the same shape."""
    label, predicted = np.asarray(label), np.asarray(predicted)
    if label.shape != predicted.shape or label.dtype.kind not in "biu" or predicted.dtype.kind not in "biu":
        raise InputError(
            "A mask is compared with a mask of the same shape, both of integers. "
            f"Received: label {label.dtype} {list(label.shape)}, predicted {predicted.dtype} {list(predicted.shape)}."
        )
    return label, predicted


def _counts(confusion):
    confusion = np.asarray(confusion)
    both = np.diag(confusion)
    return both, confusion.sum(axis=0) + confusion.sum(axis=1) - both
