"""Measures of a classifier's answers: hand-made cases and laws."""

import numpy as np
import pytest

from keraszoo.core.errors import InputError
from keraszoo.metrics import (
    class_confusion,
    class_scores,
    classification_scores,
    expected_calibration_error,
    reliability,
)


def two_classes(confidences):
    """Answers of the first class, with these probabilities."""
    confidences = np.asarray(confidences)
    return np.stack([confidences, 1 - confidences], axis=1)


def test_calibration_error_of_a_case_made_by_hand():
    """Five bins of width .2: three examples in (.4, .6], accuracy 1/3; two in (.8, 1], accuracy 1."""
    probabilities, labels = two_classes([0.55, 0.6, 0.58, 0.9, 1.0]), np.array([0, 1, 1, 0, 0])
    found = reliability(probabilities, labels, bins=5)
    np.testing.assert_array_equal(found.counts, [0, 0, 3, 0, 2])
    np.testing.assert_allclose(found.accuracy[[2, 4]], [1 / 3, 1])
    np.testing.assert_allclose(found.confidence[[2, 4]], [(0.55 + 0.6 + 0.58) / 3, 0.95])
    expected = 3 / 5 * (1.73 / 3 - 1 / 3) + 2 / 5 * 0.05
    assert expected_calibration_error(probabilities, labels, bins=5) == pytest.approx(expected)


def test_a_bin_holds_its_upper_edge():
    """As (m - 1)/M < p <= m/M in the paper."""
    edges = np.arange(8, 16) / 15
    found = reliability(two_classes(edges), np.zeros(8, int))
    np.testing.assert_array_equal(found.counts, [0] * 7 + [1] * 8)


def test_who_is_as_often_right_as_sure_has_no_calibration_error():
    random = np.random.default_rng(0)
    confidence = random.uniform(0.5, 1.0, 200_000)
    right = random.random(200_000) < confidence
    assert expected_calibration_error(two_classes(confidence), 1 - right.astype(int)) < 0.005
    overconfident = np.minimum(1.0, confidence + 0.1)
    assert expected_calibration_error(two_classes(overconfident), 1 - right.astype(int)) > 0.05


def test_scores_are_their_definitions():
    random = np.random.default_rng(1)
    probabilities = random.dirichlet(np.ones(7), 300)
    labels = random.integers(0, 6, 300)  # none of class 6
    answers = probabilities.argmax(axis=1)
    scores, each = classification_scores(probabilities, labels), class_scores(probabilities, labels)
    confusion = class_confusion(probabilities, labels)
    assert scores["accuracy"] == pytest.approx(np.mean(answers == labels)) == pytest.approx(np.trace(confusion) / 300)
    assert scores["nll"] == pytest.approx(-np.log(probabilities[np.arange(300), labels]).mean())
    ranks = (probabilities > probabilities[np.arange(300), labels][:, None]).sum(axis=1)
    assert scores["top_5"] == pytest.approx(np.mean(ranks < 5))
    np.testing.assert_array_equal(confusion.sum(axis=1), np.bincount(labels, minlength=7))
    np.testing.assert_array_equal(each.support, confusion.sum(axis=1))
    np.testing.assert_allclose(each.recall[:6], np.diag(confusion)[:6] / confusion.sum(axis=1)[:6])
    np.testing.assert_allclose(each.precision, np.diag(confusion) / confusion.sum(axis=0))
    assert each.recall[6] == each.f1[6] == 0.0
    assert scores["balanced_accuracy"] == pytest.approx(each.recall[:6].mean())
    assert scores["ece"] == expected_calibration_error(probabilities, labels)
    assert "top_5" not in classification_scores(two_classes([0.6, 0.7]), [0, 1])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: reliability([[0.5, 0.5]], [0, 1]), r"\[n, classes\].*\[1, 2\] and \[2\]"),
        (lambda: reliability(np.zeros([0, 2]), []), r"n >= 1"),
        (lambda: reliability([[2.0, 1.0]], [0]), "sum up to 1.*from 3 to 3"),
        (lambda: reliability([[np.nan, 1.0]], [0]), "sum up to 1"),
        (lambda: reliability([[0.5, 0.5]], [2]), "from 0 to 1. Received: from 2 to 2"),
        (lambda: reliability([[0.5, 0.5]], [0.5]), "integers. Received: float64"),
        (lambda: reliability([[0.5, 0.5]], [0], bins=0), "bins must be an integer >= 1"),
    ],
)
def test_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()
