"""Losses of segmentation, against what can be computed by hand."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from keraszoo.losses import centerline_dice, dice, focal, jaccard, pixel_cross_entropy, tversky

SURE = 99.0  # a logit whose probability is 0 or 1


def logits_of(mask):
    return SURE * (2.0 * tf.constant(mask, tf.float32)[None, ..., None] - 1.0)


def one_hot_logits(mask, classes):
    return SURE * tf.one_hot(tf.constant(mask), classes)[None]


MASK = [[1, 1, 0, 0], [1, 1, 0, 0]]  # four pixels
SHIFTED = [[0, 1, 1, 0], [0, 1, 1, 0]]  # two of them, and two others


@pytest.mark.parametrize(
    ("loss", "expected"),  # a pixel is added to both areas
    [(dice, 1 - (2 + 1) / (4 + 1)), (jaccard, 1 - (2 + 1) / (6 + 1)), (tversky, 1 - 3 / (2 + 0.3 * 2 + 0.7 * 2 + 1))],
)
def test_area_losses_of_masks_that_overlap_by_half(loss, expected):
    labels = tf.constant(MASK)[None]
    np.testing.assert_allclose(loss(logits_of(SHIFTED), labels), [expected], rtol=1e-5)
    np.testing.assert_allclose(loss(one_hot_logits(SHIFTED, 2), labels), [expected], rtol=1e-5)
    np.testing.assert_allclose(loss(logits_of(MASK), labels), [0.0], atol=1e-6)


def test_tversky_tells_missed_from_too_many():
    labels = tf.constant([[[1, 1, 1, 0]]])
    missed, too_many = logits_of([[1, 0, 0, 0]]), logits_of([[1, 1, 1, 1]])
    np.testing.assert_allclose(tversky(missed, labels, 0.2, 0.8), [1 - 2 / (2 + 0.8 * 2)], rtol=1e-5)
    np.testing.assert_allclose(tversky(too_many, labels, 0.2, 0.8), [1 - 4 / (4 + 0.2)], rtol=1e-5)


def test_area_losses_are_the_mean_over_the_classes_but_the_background():
    labels, predicted = [[0, 1, 1, 2]], [[0, 1, 2, 2]]
    expected = 1 - np.mean([(1 + 1) / (1.5 + 1), (1 + 1) / (1.5 + 1)])
    np.testing.assert_allclose(dice(one_hot_logits(predicted, 3), tf.constant(labels)[None]), [expected], rtol=1e-5)


@pytest.mark.parametrize(("loss", "share"), [(dice, 0.5), (jaccard, 1.0), (tversky, 0.3)])
def test_an_empty_mask_scores_by_what_is_predicted_on_it(loss, share):
    labels = tf.zeros([1, 2, 4], tf.int32)
    np.testing.assert_allclose(loss(logits_of(np.zeros([2, 4])), labels), [0.0], atol=1e-6)
    np.testing.assert_allclose(loss(logits_of(MASK), labels), [share * 4 / (share * 4 + 1)], rtol=1e-5)


def test_cross_entropy_of_even_odds_is_log_two_per_weight():
    labels = tf.constant([[[0, 1, 1]]])
    for logits in (tf.zeros([1, 1, 3, 1]), tf.zeros([1, 1, 3, 2])):
        np.testing.assert_allclose(pixel_cross_entropy(logits, labels), [math.log(2)], rtol=1e-6)
        weight = tf.constant([[[1.0, 2.0, 6.0]]])
        np.testing.assert_allclose(pixel_cross_entropy(logits, labels, weight), [3 * math.log(2)], rtol=1e-6)


def test_a_logit_and_the_difference_of_two_are_the_same():
    two = tf.random.normal([2, 3, 3, 2])
    one = two[..., 1:] - two[..., :1]
    labels = tf.constant(np.random.default_rng(0).integers(0, 2, [2, 3, 3]))
    for loss in (pixel_cross_entropy, focal, dice, jaccard, tversky):
        np.testing.assert_allclose(loss(one, labels), loss(two, labels), rtol=1e-4)


def test_focal_is_keras_own_and_without_focus_cross_entropy():
    logits = 3.0 * tf.random.normal([2, 4, 4, 1])
    labels = tf.constant(np.random.default_rng(0).integers(0, 2, [2, 4, 4]))
    np.testing.assert_allclose(focal(logits, labels, gamma=0.0), pixel_cross_entropy(logits, labels), rtol=1e-5)
    theirs = keras.losses.BinaryFocalCrossentropy(gamma=2.0, from_logits=True, reduction=None)
    expected = np.mean(theirs(labels[..., None], logits), axis=(1, 2))
    np.testing.assert_allclose(focal(logits, labels), expected, rtol=1e-4)


@pytest.mark.parametrize("loss", [pixel_cross_entropy, focal, dice, jaccard, tversky])
@pytest.mark.parametrize("channels", [1, 3])
def test_gradients_are_finite_where_all_is_right_or_all_is_wrong(loss, channels):
    labels = tf.constant(MASK)[None]
    logits = (
        [logits_of(MASK), -logits_of(MASK)] if channels == 1 else [one_hot_logits(MASK, 3), one_hot_logits(SHIFTED, 3)]
    )
    for values in logits:
        with tf.GradientTape() as tape:
            tape.watch(values)
            total = tf.reduce_sum(loss(values, labels))
        assert np.isfinite(tape.gradient(total, values)).all() and np.isfinite(total)


@pytest.mark.parametrize("gamma", [0.0, 0.01, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("logit", [SURE, 20.0, 2.0, -SURE])
def test_focal_has_a_gradient_for_every_focus(gamma, logit):
    """Of l = logit: d/dl of -(1 - p)^g log p with p = 1 / (1 + exp(-l)), which vanishes at p = 1."""
    values = tf.fill([1, 1, 1, 1], logit)
    with tf.GradientTape() as tape:
        tape.watch(values)
        loss = focal(values, tf.ones([1, 1, 1], tf.int32), gamma=gamma)
    wrong, log_p = 1 / (1 + math.exp(logit)), -math.log1p(math.exp(-logit))
    expected = (wrong**gamma) * (gamma * log_p * (1 - wrong) - wrong)
    np.testing.assert_allclose(tape.gradient(loss, values)[0, 0, 0, 0], expected, rtol=1e-4, atol=1e-6)


def test_losses_are_the_images_own():
    logits = tf.random.normal([3, 4, 4, 2])
    labels = tf.constant(np.random.default_rng(0).integers(0, 2, [3, 4, 4]))
    for loss in (pixel_cross_entropy, focal, dice, jaccard, tversky):
        together = loss(logits, labels)
        alone = tf.concat([loss(logits[i : i + 1], labels[i : i + 1]) for i in range(3)], 0)
        assert together.dtype == "float32"
        np.testing.assert_allclose(together, alone, rtol=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("loss", [pixel_cross_entropy, focal, dice, jaccard, tversky], ids=lambda loss: loss.__name__)
def test_a_loss_is_that_of_the_image_without_the_pixels_that_do_not_count(loss, channels):
    random = np.random.default_rng(0)
    logits = tf.constant(3 * random.standard_normal((2, 5, 6, channels)), tf.float32)
    labels = random.integers(0, max(2, channels), (2, 5, 6))
    valid = np.ones((2, 5, 6), bool)
    valid[:, :, 4:] = False
    with tf.GradientTape() as tape:
        tape.watch(logits)
        found = loss(logits, labels, valid=valid)
    np.testing.assert_allclose(found, loss(logits[:, :, :4], labels[:, :, :4]), rtol=1e-5)
    assert np.all(tape.gradient(found, logits)[:, :, 4:] == 0)
    np.testing.assert_allclose(loss(logits, labels, valid=np.ones_like(valid)), loss(logits, labels), rtol=1e-6)
    assert np.isfinite(loss(logits, labels, valid=np.zeros_like(valid))).all()


def line(gap=0):
    labels = np.zeros([1, 24, 40], int)
    labels[0, 10:13] = 1
    predicted = labels.copy()
    predicted[0, 10:13, 20 : 20 + gap] = 0
    return SURE * tf.constant(2 * predicted - 1, tf.float32)[..., None], labels


def test_a_gap_costs_its_share_of_the_skeleton_and_a_wider_line_costs_little():
    assert centerline_dice(*line()).numpy() == pytest.approx([0], abs=1e-6)
    logits, labels = line(gap=10)  # a quarter of the skeleton is missed: 2 * .75 / 1.75
    assert centerline_dice(logits, labels).numpy() == pytest.approx([1 - 1.5 / 1.75], abs=0.02)
    wide = ndimage.binary_dilation(labels[0], iterations=2)[None]
    logits = SURE * tf.constant(2 * wide - 1, tf.float32)[..., None]
    assert centerline_dice(logits, labels).numpy()[0] < 0.1 < dice(logits, labels).numpy()[0]


def test_the_thin_class_may_be_the_background():
    logits, labels = line(gap=10)
    both = centerline_dice(-logits, 1 - labels, of=0)
    np.testing.assert_allclose(both, centerline_dice(logits, labels), rtol=1e-6)
    three = tf.concat([-logits, logits, tf.fill(logits.shape, -2.0 * SURE)], -1) / 2.0
    np.testing.assert_allclose(centerline_dice(three, labels), centerline_dice(logits, labels), atol=1e-6)
