"""Instances: the watershed from markers, and the levels at which objects begin and end."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage
from skimage.measure import label
from skimage.segmentation import watershed

from keraszoo import recipes
from keraszoo.core.errors import InputError
from keraszoo.data.sources.source import from_arrays
from keraszoo.metrics import segments
from keraszoo.models import UNet
from keraszoo.models.segmentation.instances import instances
from keraszoo.models.segmentation.levels import choose_levels
from keraszoo.recipes import Data
from keraszoo.runs.prepared import PreparedData
from keraszoo.training.changes import changed
from keraszoo.training.evaluators.segmentation import calibrate
from keraszoo.training.options import Options


def hills(shape=(40, 60), count=8, seed=0):
    """Probabilities that rise to 1 at some places and fall away from them without a plateau."""
    random = np.random.default_rng(seed)
    places = np.stack([random.integers(4, size - 4, count) for size in shape], -1)
    grid = np.stack(np.mgrid[: shape[0], : shape[1]], -1)
    distance = np.linalg.norm(grid[:, :, None] - places, axis=-1).min(-1)
    return np.exp(-distance / 8)


def two_cells(border=0.6):
    """[1, 12, 16] truth of two cells, and a foreground in which what parts them is faint."""
    truth = np.zeros([1, 12, 16], int)
    truth[0, 2:10, 1:7] = truth[0, 2:10, 8:15] = 1
    foreground = np.where(truth, 0.95, 0.05)
    foreground[0, 2:10, 7] = border
    return truth, foreground


def both(foreground):
    return np.stack([1 - foreground, foreground], -1)


def test_without_a_higher_marker_objects_are_the_connected_parts():
    foreground = hills()
    np.testing.assert_array_equal(instances(foreground, 0.6, 0.6) > 0, foreground >= 0.6)
    np.testing.assert_array_equal(instances(foreground, 0.6, 0.6), segments(foreground >= 0.6))


def test_objects_are_those_of_scipys_watershed_where_they_mean_the_same():
    """`watershed_ift` counts steps and not heights: they agree where cells are flat and the borders are the steps."""
    height, width, thick = 9, 11, 1
    cells = np.arange(1, 13).reshape(3, 4)
    inside = np.pad(np.ones([height, width], bool), thick)
    foreground = np.tile(np.where(inside, 0.8, 0.6), cells.shape)
    middle = np.zeros(inside.shape, bool)
    middle[4:6, 3:7] = True
    foreground[np.tile(middle, cells.shape)] = 0.95
    found = instances(foreground, 0.9, 0.1)
    markers = np.where(foreground >= 0.9, found, 0)
    theirs = ndimage.watershed_ift((255 * (1 - foreground)).astype("uint8"), markers.astype("int32"))
    interior = np.tile(inside, cells.shape)
    np.testing.assert_array_equal(found[interior], theirs[interior])
    np.testing.assert_array_equal(found[interior], np.kron(cells, np.ones_like(inside))[interior])


@pytest.mark.parametrize("line", [False, True])
def test_objects_are_those_of_a_watershed_that_starts_from_whole_markers(line):
    """Where no two probabilities are equal: among equal ones of several markers the watershed's order is any."""
    foreground = ndimage.gaussian_filter(np.random.default_rng(1).normal(0, 1, (90, 70)), 2)
    foreground = 0.5 + foreground / (2 * np.abs(foreground).max())
    for marker, level in ((0.5, 0.5), (0.7, 0.4), (0.75, 0.0)):
        markers = label((foreground >= marker), connectivity=1)
        theirs = watershed(-foreground, markers, mask=foreground >= level, watershed_line=line)
        np.testing.assert_array_equal(instances(foreground, marker, level, line=line), theirs)


def test_a_faint_border_parts_two_objects_and_each_pixel_of_the_mask_is_in_one():
    truth, foreground = two_cells()
    assert instances(foreground[0], 0.5, 0.5).max() == 1
    found = instances(foreground[0], 0.9, 0.5)
    assert found.max() == 2
    np.testing.assert_array_equal(found > 0, foreground[0] >= 0.5)
    parted = instances(foreground[0], 0.9, 0.5, line=True)
    assert segments(parted > 0).max() == 2  # now the mask alone tells them apart


def test_a_part_that_never_reaches_the_marker_is_no_object():
    assert instances(np.array([[0.95, 0.1, 0.8]]), 0.9, 0.5).tolist() == [[1, 0, 0]]


def test_of_several_classes_each_has_its_own_objects():
    classes = np.zeros([6, 12], int)
    classes[1:5, 1:5], classes[1:5, 5:8], classes[1:5, 9:11] = 1, 2, 1
    found = instances(0.9 * np.eye(3)[classes] + 0.1 / 3, 0.8, 0.5)
    assert found.max() == 3
    np.testing.assert_array_equal(found > 0, classes > 0)
    for number, kind in ((1, 1), (2, 1), (3, 2)):
        assert set(classes[found == number]) == {kind}


def test_marker_and_level_are_chosen_together_for_the_objects_and_then_for_the_mask():
    truth, foreground = two_cells(border=0.75)
    marker, level = choose_levels(both(foreground), truth)
    assert marker > 0.75 and level == 0.8  # the border is background, so the level that says so is taken
    foreground[0, 2:10, 1:7] = 0.85  # which is fainter inside, and 0.7 in one row
    foreground[0, 5, 1:7] = 0.7
    marker, level = choose_levels(both(foreground), truth)
    assert 0.75 < marker <= 0.85 and level <= 0.7


def test_the_measure_that_is_named_decides():
    random = np.random.default_rng(0)
    truth, foreground = two_cells(border=0.75)
    truth = np.where(random.random(truth.shape) < 0.02, 1 - truth, truth)
    errors = {level: np.mean((foreground >= level) != truth) for level in (0.3, 0.8)}
    assert errors[0.8] < errors[0.3]
    assert choose_levels(both(foreground), truth, measure="pixel_error")[1] == 0.8
    with pytest.raises(InputError, match="'rand'. Closest: v_rand"):
        choose_levels(both(foreground), truth, measure="rand")


def test_levels_do_not_see_what_does_not_count():
    truth, foreground = two_cells()
    counts = np.ones(truth.shape, bool)
    counts[0, 6:] = False
    chosen = choose_levels(both(foreground), truth, counts)
    foreground[0, 6:], truth[0, 6:] = np.random.default_rng(0).random([6, 16]), 1
    assert choose_levels(both(foreground), truth, counts) == chosen


def test_the_model_keeps_both_levels_and_numbers_the_objects(tmp_path):
    model = UNet((16, 16, 1), 1, depth=1, width=2, threshold=0.4, marker=0.9)
    truth, foreground = two_cells()
    assert model.instances(both(foreground)).max() == 2
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert (again.marker, again.threshold) == (0.9, 0.4)
    assert not {"marker", "threshold"} & {weight.name for weight in again.trainable_weights}


def test_levels_are_chosen_on_what_was_held_out_of_the_training():
    images = np.zeros([8, 12, 16, 1], "uint8")
    truth, foreground = two_cells()
    images[:] = (255 * foreground[0, ..., None]).astype("uint8")
    images[6:] = (255 * two_cells(border=0.87)[1][0, ..., None]).astype("uint8")  # these alone need a marker over .87
    labels = np.repeat(truth, 8, axis=0).astype("uint8")
    arrays = {"train": {"image": images, "label": labels}, "test": {"image": images[:1], "label": labels[:1]}}
    source = from_arrays("cells", arrays, input="image", target="label")
    prepared = PreparedData(source, Data("cells", prepare=(("hold_out", 2), ("repeat", 3))))
    assert (prepared.source.sizes["train"], prepared.seen.sizes["train"]) == (8, 18)
    held_out = list(prepared.held_out())
    np.testing.assert_allclose([image for image, _ in held_out], images[6:] / 255, atol=1e-6)
    model = UNet((16, 16, 1), 1, depth=1, width=2)
    model.probabilities = lambda x: tf.concat([1 - tf.constant(x), tf.constant(x)], -1)
    calibrate(model, prepared)
    assert model.marker > 0.87
    fixed = UNet((16, 16, 1), 1, depth=1, width=2, marker=0.6, measure=None)
    fixed.probabilities = model.probabilities
    calibrate(fixed, prepared)
    assert (fixed.marker, fixed.threshold) == (0.6, 0.5)
    for count in (0, 8, True):
        with pytest.raises(InputError, match="from 1 to 7 can be held out"):
            PreparedData(source, Data("cells", prepare=(("hold_out", count),)))


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda p: instances(p[..., None, None]), "height, width, classes"),
        (lambda p: instances((255 * p).astype("uint8")), "floating point. Received: uint8"),
        (lambda p: instances(p, marker=0.3), "marker is no less. Received: marker=0.3, threshold=0.5"),
        (lambda p: instances(p, marker=1.5), "marker is a probability"),
    ],
)
def test_what_has_no_instances(change, message):
    with pytest.raises(InputError, match=message) as error:
        change(hills())
    assert "\n" not in str(error.value)


def test_how_many_are_held_out_is_an_option_and_none_is_one():
    described = recipes.get("unet/isbi2012").data
    assert described.has_step("hold_out")
    six = changed(recipes.get("unet/isbi2012"), Options(hold_out=6)).data
    assert six.prepare[0] == ("hold_out", 6) and len(six.prepare) == len(described.prepare)
    assert not described.replace(hold_out=0).has_step("hold_out")
