"""Laws of the scores of segmentations: closed forms, invariances, and what empty masks score."""

import numpy as np
import pytest
import scipy.stats
import skimage.metrics
from scipy import ndimage
from sklearn.metrics import f1_score, jaccard_score, pair_confusion_matrix

from keraszoo.core.errors import InputError
from keraszoo.metrics import (
    average_precision,
    boundary_f1,
    choose_threshold,
    dice,
    hausdorff,
    iou,
    pixel_confusion,
    pixel_error,
    rand_error,
    segmentation_scores,
    surface_distance,
    thin_borders,
    v_info,
    v_rand,
    warping_error,
)
from keraszoo.metrics.segmentation.all_measures import segments
from keraszoo.metrics.segmentation.warping import warp

CELL = np.zeros([20, 20], int)
CELL[4:16, 4:16] = 1
CELLS = np.zeros([24, 40], int)  # four, of one size, far apart
for top in (2, 14):
    for left in (3, 23):
        CELLS[top : top + 8, left : left + 12] = 1


@pytest.fixture
def random():
    return np.random.default_rng(0)


def blobs(random, shape=(40, 50), sd=2.0):
    """A mask of round pieces."""
    return (ndimage.gaussian_filter(random.standard_normal(shape), sd) > 0).astype(int)


# ---------------------------------------------------------------------- overlap


def test_overlap_is_that_of_scikit_learn_and_dice_follows_from_iou(random):
    label, predicted = random.integers(0, 4, [2, 3, 30, 20])
    confusion = pixel_confusion(label, predicted)
    flat = label.reshape(-1), predicted.reshape(-1)
    np.testing.assert_allclose(iou(confusion), jaccard_score(*flat, average=None))
    np.testing.assert_allclose(dice(confusion), f1_score(*flat, average=None))
    np.testing.assert_allclose(dice(confusion), 2 * iou(confusion) / (1 + iou(confusion)))
    assert pixel_error(confusion) == pytest.approx(np.mean(label != predicted))


def test_half_of_the_foreground_scores_one_half_and_not_the_mean_of_both_classes():
    label, predicted = np.array([1, 1, 0, 0, 0, 0]), np.array([1, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(iou(pixel_confusion(label, predicted)), [4 / 5, 1 / 2])


@pytest.mark.parametrize("label, predicted, score", [(0, 0, 1.0), (0, 1, 0.0), (1, 0, 0.0)])
def test_what_an_empty_mask_scores(label, predicted, score):
    label, predicted = np.full([6, 6], label), np.full([6, 6], predicted)
    confusion = pixel_confusion(label, predicted)
    assert iou(confusion)[1] == dice(confusion)[1] == score
    assert pixel_error(confusion) == 1 - score
    if label.any() and not predicted.any():
        assert v_rand(label, predicted) == 1.0, "one true segment, and nothing that parts it"
        assert rand_error(label, predicted) == pytest.approx(1 - 36 / ((36 + 36**2) / 2))
        assert warping_error(label, predicted) == pytest.approx(1 / 36), "a segment shrinks to a pixel, not to nothing"
        assert boundary_f1(label, predicted) == 1.0, "neither has a boundary inside the frame"
    if not label.any():
        assert v_rand(label, predicted) == v_info(label, predicted) == 1.0 and rand_error(label, predicted) == 0.0


# ---------------------------------------------------------------------- segments


def test_a_perfect_prediction_scores_one_and_errs_nowhere(random):
    label = np.stack([blobs(random), blobs(random), np.zeros([40, 50], int), np.ones([40, 50], int)])
    scores = segmentation_scores(label, label)
    errors = {"pixel_error", "rand_error", "warping_error", "hausdorff_95_1", "surface_distance_1"}
    wanted = {"iou_0", "iou_1", "mean_iou", "dice_0", "dice_1", "mean_dice", "v_rand", "v_info", "boundary_f1"}
    wanted |= {"average_precision"}
    assert set(scores) == errors | wanted
    assert {name: scores[name] for name in errors} == pytest.approx(dict.fromkeys(errors, 0.0), abs=1e-12)
    assert {name: scores[name] for name in wanted} == pytest.approx(dict.fromkeys(wanted, 1.0), abs=1e-12)


def test_a_cell_in_two_halves():
    """p = s = (1/2, 1/2), t = 1."""
    halves = CELL.copy()
    halves[10:16, 4:16] *= 2
    assert v_rand(CELL, halves) == pytest.approx(0.5 / (0.5 / 2 + 1 / 2))
    assert v_info(CELL, halves) == pytest.approx(0.0), "the truth has no information"
    assert rand_error(CELL, halves) == pytest.approx(1 - 2 / 3)


def test_one_of_four_cells_in_two_halves():
    """t = 1/4 each; s: three quarters and two eighths."""
    found = segments(CELLS)
    found[2:6, 3:15] = 9
    assert v_rand(segments(CELLS), found) == pytest.approx((3 / 16 + 2 / 64) / ((3 / 16 + 2 / 64) / 2 + (4 / 16) / 2))
    entropy = 3 / 4 * np.log(4) + 2 / 8 * np.log(8)
    assert v_info(segments(CELLS), found) == pytest.approx(np.log(4) / ((entropy + np.log(4)) / 2))


def test_two_of_four_cells_in_one():
    """s: one half and two quarters."""
    merged = CELLS.copy()
    merged[2:10, 15:23] = 1
    found = segments(merged)
    assert found.max() == 3
    assert v_rand(segments(CELLS), found) == pytest.approx((4 / 16) / ((4 / 16) / 2 + (1 / 4 + 2 / 16) / 2))
    entropy = 1 / 2 * np.log(2) + 2 / 4 * np.log(4)
    assert v_info(segments(CELLS), found) == pytest.approx(entropy / ((entropy + np.log(4)) / 2))
    assert rand_error(segments(CELLS), found) == pytest.approx(1 - (4 / 16) / ((4 / 16 + 3 / 8) / 2))


def test_rand_scores_are_f_scores_of_pairs_of_pixels(random):
    truth, found = segments(blobs(random)), segments(blobs(random))
    inside = truth > 0
    pairs_of_one = np.count_nonzero(inside)

    def f_score(predicted):
        (_, made_up), (missed, right) = pair_confusion_matrix(truth[inside], predicted)
        right += pairs_of_one
        return 2 * right / (2 * right + made_up + missed)

    assert v_rand(truth, found) == pytest.approx(f_score(thin_borders(found)[inside]))
    alone = np.where(found[inside] > 0, found[inside], found.max() + 1 + np.arange(inside.sum()))
    assert 1 - rand_error(truth, found) == pytest.approx(f_score(alone))


def test_scores_of_segments_do_not_know_their_numbers(random):
    truth, found = segments(blobs(random)), segments(blobs(random))
    renamed = np.append(0, 100 + random.permutation(found.max()))[found]
    for score in (v_rand, v_info, rand_error):
        assert score(truth, renamed) == pytest.approx(score(truth, found)) != 1


def test_a_borders_thickness_does_not_count_but_for_the_rand_error(random):
    thick = ndimage.binary_erosion(CELLS, iterations=2).astype(int)
    assert v_rand(segments(CELLS), segments(thick)) == v_info(segments(CELLS), segments(thick)) == pytest.approx(1)
    assert rand_error(segments(CELLS), segments(thick)) > 0.3
    grown = thin_borders(segments(blobs(random)))
    assert grown.min() == 1
    np.testing.assert_array_equal(grown, thin_borders(grown))


def test_a_diagonal_line_parts_two_segments():
    assert segments(1 - np.eye(5, dtype=int)).max() == 2
    assert segments(np.eye(5, dtype=int)).max() == 5


# ---------------------------------------------------------------------- warping


def euler(mask):
    """(segments connected by edges, parts of the background connected by corners too, outside included)."""
    background = np.pad(1 - mask, 1, constant_values=1)
    return ndimage.label(mask)[1], ndimage.label(background, np.ones([3, 3]))[1]


def test_warping_keeps_the_topology_and_comes_nearer(random):
    for _ in range(5):
        mask, goal = blobs(random), blobs(random)
        warped = warp(mask, goal).astype(int)
        assert euler(warped) == euler(mask)
        assert np.mean(warped != goal) < np.mean(mask != goal)
        np.testing.assert_array_equal(warp(warped, goal), warped)


def test_borders_may_move():
    moved = np.roll(CELLS, (1, 2), (0, 1))
    assert np.mean(moved != CELLS) > 0.1
    assert warping_error(CELLS, moved) == warping_error(CELLS, ndimage.binary_dilation(CELLS).astype(int)) == 0
    diagonal = [1 - np.eye(9, k=k, dtype=int) for k in (0, 1)]  # walls that hang together by corners only
    assert warping_error(*diagonal) == 0


def test_mistakes_of_topology_cost_their_smallest_pixels():
    wall = np.ones([9, 12], int)
    wall[:, 5:7] = 0
    open_wall, none = wall.copy(), np.ones_like(wall)
    open_wall[4, 5:7] = 1
    assert warping_error(wall, open_wall) == pytest.approx(1 / wall.size), "a hole in a wall: one pixel of it"
    assert warping_error(wall, none) == pytest.approx(9 / wall.size), "no wall: one of the thinnest"
    extra = CELLS.copy()
    extra[12, 0:2] = 1
    assert warping_error(CELLS, extra) == pytest.approx(2 / CELLS.size), "a piece that is made up: all of it"
    hole = CELL.copy()
    hole[8:11, 8:12] = 0
    assert warping_error(CELL, hole) == pytest.approx(12 / CELL.size)
    assert warping_error(hole, CELL) == pytest.approx(1 / CELL.size), "a hole shrinks to a pixel"


# ---------------------------------------------------------------------- boundaries


def test_a_boundary_may_be_off_by_the_tolerance():
    moved = np.roll(CELL, 2, axis=0)
    assert boundary_f1(CELL, moved, tolerance=2) == 1
    assert boundary_f1(CELL, moved, tolerance=1.9) < 1
    sides = 2 * (12 - 2)  # of 44 pixels on the boundary those on the left and right sides, without the ends, are right
    assert boundary_f1(CELL, np.roll(CELL, 1, axis=0), tolerance=0) == pytest.approx((sides + 2) / 44)


def test_a_boundary_that_only_one_of_them_has_scores_nothing():
    assert boundary_f1(CELL, np.zeros_like(CELL)) == boundary_f1(np.ones_like(CELL), CELL) == 0


# ---------------------------------------------------------------------- threshold


def test_the_threshold_is_the_one_that_parts_the_cells():
    label = np.stack([CELLS, CELLS])
    probabilities = np.where(label == 1, 0.8, 0.62)
    assert choose_threshold(probabilities, label) in np.arange(0.65, 0.81, 0.05).round(2)
    assert segmentation_scores(probabilities, label)["v_rand"] < 0.5
    threshold = choose_threshold(probabilities, label)
    assert segmentation_scores(probabilities, label, threshold)["v_rand"] == pytest.approx(1)


def test_of_equal_thresholds_the_middle_one_is_taken():
    assert choose_threshold(CELLS.astype("float32"), CELLS) == 0.5


def test_instances_tell_apart_what_touches():
    touching, instances = np.ones([6, 8], int), np.repeat([[1, 1, 1, 1, 2, 2, 2, 2]], 6, axis=0)
    assert segmentation_scores(touching, touching)["v_rand"] == 1
    assert segmentation_scores(touching, touching, instances=instances)["v_rand"] == pytest.approx(0.5 / 0.75)


def test_more_classes_have_scores_of_objects_and_distances_of_each(random):
    label = random.integers(0, 3, [2, 9, 9])
    scores = segmentation_scores(label, label)
    assert set(scores) == {
        "pixel_error",
        *(f"{n}_{i}" for n in ("iou", "dice") for i in range(3)),
        "mean_iou",
        "mean_dice",
        *("v_rand", "v_info", "rand_error", "average_precision"),
        *(f"{n}_{i}" for n in ("hausdorff_95", "surface_distance") for i in (1, 2)),
    }
    assert set(segmentation_scores(CELL, CELL, num_classes=4)) >= {"iou_3"}


@pytest.mark.parametrize(
    "function, message",
    [
        (
            lambda: segmentation_scores(CELL, CELLS),
            r"same shape.*label int64 \[1, 24, 40\], predicted int64 \[1, 20, 20\]",
        ),
        (lambda: segmentation_scores(CELL[0], CELL), r"\[n, height, width\] or .*Received: \[20\]"),
        (lambda: segmentation_scores(CELL[None, :0], CELL), r"n > 0. Received: \[1, 0, 20\]"),
        (lambda: segmentation_scores(CELL - 1, CELL), "from 0 to 1. Received: predicted from -1 to 0"),
        (lambda: segmentation_scores(2 * CELL, CELL, num_classes=2), "from 0 to 1. Received: predicted from 0 to 2"),
        (lambda: segmentation_scores(0.5 * CELL, CELL, threshold=2), "from 0 to 1. Received: 2"),
        (lambda: segmentation_scores(CELL, 0.5 * CELL), "both of integers"),
        (lambda: choose_threshold(CELL, CELL), "probabilities of floating point"),
        (lambda: choose_threshold(0.5 * CELL, CELL, thresholds=()), "thresholds \\[\\]"),
        (lambda: choose_threshold(0.5 * CELL, CELLS), "same shape"),
        (lambda: boundary_f1(CELL, CELL, tolerance=-1), ">= 0. Received: -1"),
        (lambda: warping_error(CELL, CELLS), "same shape"),
        (lambda: v_rand(CELL, CELL / 2), "both of integers"),
    ],
)
def test_masks_that_cannot_be_compared(function, message):
    with pytest.raises(InputError, match=message) as error:
        function()
    assert "\n" not in str(error.value)


def test_v_rand_and_v_info_are_scikit_images_adapted_rand_and_variation_of_information(random):
    """After the same thinning. Its Rand error leaves out the pairs of a pixel with itself, hence 1e-3."""
    truth = segments(blobs(random, (120, 160)))
    found = segments(blobs(random, (120, 160), 1.0) & (truth > 0))
    thin = thin_borders(found)
    error = skimage.metrics.adapted_rand_error(truth, thin, ignore_labels=(0,))[0]
    assert v_rand(truth, found) == pytest.approx(1 - error, abs=1e-3)
    inside = truth > 0
    entropies = [scipy.stats.entropy(np.unique(part[inside], return_counts=True)[1], base=2) for part in (truth, thin)]
    both = sum(skimage.metrics.variation_of_information(truth, thin, ignore_labels=(0,)))
    assert v_info(truth, found) == pytest.approx(1 - both / sum(entropies), abs=1e-9)
    assert 0.2 < v_info(truth, found) < 0.98


def test_average_precision_counts_right_missed_and_made_up_objects():
    truth = np.zeros([4, 12], int)
    truth[:, 0:3], truth[:, 4:7], truth[:, 8:12] = 5, 2, 9
    found = np.zeros_like(truth)
    found[:, 0:2], found[:, 4:6], found[2:, 6], found[:, 9] = 1, 3, 4, 2  # IoU 2/3, 2/3, 1/6, 1/4
    assert average_precision(truth, found) == 2 / (2 + 1 + 2)
    assert average_precision(truth, found, iou=0.25) == 3 / (3 + 0 + 1)
    assert average_precision(truth, found, iou=0.7) == 0
    halves = np.repeat([[1, 1, 2, 2]], 3, axis=0)  # both overlap by exactly half: only one of them is right
    assert average_precision(np.ones([3, 4], int), halves) == 1 / 2
    assert average_precision(0 * truth, 0 * truth) == 1 and average_precision(0 * truth, truth) == 0


def test_distances_of_a_moved_square_and_of_scikit_image(random):
    square, moved = np.zeros([20, 20], int), np.zeros([20, 20], int)
    square[5:10, 5:10], moved[5:10, 8:13] = 1, 1
    assert hausdorff(square, moved, percentile=100) == 3 == skimage.metrics.hausdorff_distance(square, moved)
    assert hausdorff(square, 0 * square) == pytest.approx(20 * 2**0.5) and hausdorff(0 * square, 0 * square) == 0
    one, other = blobs(random), blobs(random)
    edges = [np.pad(mask, 1) & ~ndimage.binary_erosion(np.pad(mask, 1)) for mask in (one > 0, other > 0)]
    assert hausdorff(one, other, percentile=100) == pytest.approx(skimage.metrics.hausdorff_distance(*edges))
    places = [np.argwhere(edge) for edge in edges]
    apart = np.linalg.norm(places[0][:, None] - places[1][None], axis=-1)
    nearest = [apart.min(1), apart.min(0)]
    assert surface_distance(one, other) == pytest.approx(np.concatenate(nearest).mean())


def test_pixels_that_do_not_count_change_no_score():
    """Cells away from them: what lies there may be predicted as anything, and the scores are those of the rest."""
    label = np.zeros([1, 16, 24], int)
    label[0, 2:7, 2:14] = label[0, 9:14, 2:14] = 1
    predicted = label.copy()
    predicted[0, 7:9, 3], predicted[0, 3, 5] = 1, 0
    void = label.copy()
    void[:, :, 16:] = 255
    found = segmentation_scores(predicted, void, ignore=255)
    predicted[:, :, 16:] = np.random.default_rng(0).integers(0, 2, (1, 16, 8))
    assert segmentation_scores(predicted, void, ignore=255) == found
    rest = segmentation_scores(predicted[:, :, :16], label[:, :, :16])
    assert {name: pytest.approx(value) for name, value in rest.items()} == found
    assert found["pixel_error"] > 0 and found["v_rand"] < 1
