"""How good a classifier's answers are, all together and class by class."""

import typing

import numpy as np
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support, top_k_accuracy_score

from .answers import checked_answers
from .calibration import expected_calibration_error


class ClassScores(typing.NamedTuple):
    """What `class_scores` returns, each [classes].

    Attributes:
        precision: share of the answers of a class that are right; 0 where it is never answered.
        recall: share of the examples of a class that are answered right; 0 where there are none.
        f1: their harmonic mean.
        support: examples of the class.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray


def classification_scores(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Measures of all answers together.

    Args:
        probabilities: [n, classes], rows that sum up to 1.
        labels: [n] integers from 0 to classes - 1.

    Returns:
        `{measure: value}`: accuracy; top_5, the share of examples whose class is among the five most probable, where
        there are more than five classes; balanced_accuracy, the mean recall of the classes that have examples;
        nll, the negative log-likelihood, in nats an example; ece, the expected calibration error of 15 bins.

    Raises:
        InputError: shapes that do not go together, no probabilities, labels outside the classes.

    Example:
        >>> scores = classification_scores([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]], [0, 0, 0])
        >>> {name: round(value, 3) for name, value in scores.items()}
        {'accuracy': 0.667, 'balanced_accuracy': 0.667, 'nll': 0.789, 'ece': 0.333}
    """
    probabilities, labels = checked_answers(probabilities, labels)
    classes = np.arange(probabilities.shape[1])
    answers = probabilities.argmax(axis=1)
    found = {"accuracy": np.mean(answers == labels)}
    if len(classes) > 5:
        found["top_5"] = top_k_accuracy_score(labels, probabilities, k=5, labels=classes)
    each = class_scores(probabilities, labels)
    found["balanced_accuracy"] = np.mean(each.recall[each.support > 0])
    normalized = probabilities / probabilities.sum(axis=1, keepdims=True)
    found["nll"] = log_loss(labels, normalized, labels=classes)
    found["ece"] = expected_calibration_error(probabilities, labels)
    return {name: float(value) for name, value in found.items()}


def class_scores(probabilities: np.ndarray, labels: np.ndarray) -> ClassScores:
    """Precision, recall, F1 and number of examples of each class: a `ClassScores`.

    Args:
        probabilities, labels: as for `classification_scores`.

    Example:
        >>> class_scores([[0.7, 0.3], [0.6, 0.4], [0.2, 0.8]], [0, 1, 1]).recall
        array([1. , 0.5])
    """
    probabilities, labels = checked_answers(probabilities, labels)
    classes, answers = np.arange(probabilities.shape[1]), probabilities.argmax(axis=1)
    return ClassScores(*precision_recall_fscore_support(labels, answers, labels=classes, zero_division=0.0))


def class_confusion(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How often which class was answered of which: [classes, classes] integers, a row for each true class.

    Args:
        probabilities, labels: as for `classification_scores`.

    Example:
        >>> class_confusion([[0.7, 0.3], [0.6, 0.4], [0.2, 0.8]], [0, 1, 1])
        array([[1, 0],
               [1, 1]])
    """
    probabilities, labels = checked_answers(probabilities, labels)
    return confusion_matrix(labels, probabilities.argmax(axis=1), labels=np.arange(probabilities.shape[1]))
