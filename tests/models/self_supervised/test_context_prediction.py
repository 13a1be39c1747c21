"""Context prediction's pairs of patches, and what is done to their colours."""

import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.layers.self_supervision.aberration import PROJECTION, keep_one_channel, project_green_magenta
from keraszoo.layers.self_supervision.patches import OFFSETS, grid_side, side_by_side
from keraszoo.models import ContextPrediction

HEIGHT, WIDTH = 40, 36


def coordinates(rows):
    """Images whose pixels hold their row and column, as a part of 100, and a third channel that tells nothing."""
    down, across = np.meshgrid(np.arange(HEIGHT), np.arange(WIDTH), indexing="ij")
    image = np.stack([down / 100, across / 100, np.full([HEIGHT, WIDTH], 0.5)], axis=-1).astype("float32")
    return np.broadcast_to(image, (rows, HEIGHT, WIDTH, 3))


def made(**changes):
    options = {"patch": 6, "gap": 0, "jitter": 0, "color": "as_they_are", "hidden": (4,), "features": 4} | changes
    return ContextPrediction((HEIGHT, WIDTH, 3), **options)


def corners(patches):
    """The upper left pixel of each patch in the image: [batch, 2]; patches must be pieces of `coordinates`."""
    found = np.rint(100 * np.asarray(patches)[..., :2]).astype(int)
    corner = found[:, 0, 0]
    side = found.shape[1]
    expected = corner[:, None, None] + np.stack(np.meshgrid(range(side), range(side), indexing="ij"), axis=-1)
    np.testing.assert_array_equal(found, expected)
    return corner


@pytest.mark.parametrize(("patch", "gap", "jitter"), [(6, 0, 0), (6, 4, 0), (6, 3, 2)])
def test_patches_lie_where_the_position_says(patch, gap, jitter):
    model = made(patch=patch, gap=gap, jitter=jitter)
    center, neighbor, position = model.pairs(coordinates(3000), seed=1)
    center, neighbor, position = corners(center), corners(neighbor), np.asarray(position)
    moved = neighbor - center - (patch + gap) * np.array(OFFSETS)[position]
    assert abs(moved).max() == 2 * jitter  # each of the two by up to `jitter`
    side = grid_side(patch, gap, jitter)
    assert len(np.unique(moved[:, 0])) == 4 * jitter + 1
    first = center - (patch + gap) - jitter
    for axis, size in enumerate((HEIGHT, WIDTH)):  # the grid lies anywhere; patches end where the image does
        assert set(first[:, axis]) == set(range(-jitter, size - side + jitter + 1))
        everything = np.concatenate([center[:, axis], neighbor[:, axis]])
        assert everything.min() == 0 and everything.max() == size - patch
    places = [(a, b) for a in range(-1, 2) for b in range(-1, 2) if (a, b) != (0, 0)]
    assert list(OFFSETS) == places  # row by row, as in the paper's figure


def test_positions_are_balanced_and_independent_of_the_grids_place():
    center, _, position = made(gap=2).pairs(coordinates(16000), seed=2)
    counts = np.bincount(position, minlength=8)
    assert abs(counts - 2000).max() < 4 * np.sqrt(2000 * 7 / 8)
    rows = corners(center)[:, 0]
    means = [rows[np.asarray(position) == each].mean() for each in range(8)]
    assert np.ptp(means) < 8 * rows.std() / np.sqrt(2000)


def test_dropping_keeps_one_channel_of_each_patch():
    x = np.random.default_rng(0).random((3000, 8, 8, 3), "float32")
    draws = np.random.default_rng(1).random(3000, "float32")
    noise = np.random.default_rng(2).standard_normal(x.shape).astype("float32")
    dropped = np.asarray(keep_one_channel(x, draws, noise))
    kept = (dropped == x).all(axis=(1, 2))
    np.testing.assert_array_equal(kept.sum(axis=1), 1)
    np.testing.assert_array_equal(kept.argmax(axis=1), np.floor(3 * draws))
    sd = x.std(axis=(1, 2))[kept]
    of_noise = (dropped - 0.5).std(axis=(1, 2))
    for each in range(3):  # a hundredth of the kept channel's
        mine = ~kept[:, each]
        np.testing.assert_allclose(np.mean(of_noise[mine, each] / sd[mine]), 0.01, rtol=0.02)


def test_the_two_patches_of_a_pair_lose_other_channels():
    model = made(color="dropping")
    x = np.random.default_rng(0).random((4000, HEIGHT, WIDTH, 3), "float32")
    spread = [np.asarray(part).std(axis=(1, 2)) for part in model.pairs(x, seed=3)[:2]]
    first, second = (part.argmax(axis=1) for part in spread)
    table = np.zeros([3, 3])
    np.add.at(table, (first, second), 1)
    assert abs(table - 4000 / 9).max() < 4.5 * np.sqrt(4000 / 9)


def test_projection_takes_green_against_magenta_away_and_nothing_else():
    np.testing.assert_allclose(PROJECTION @ PROJECTION, PROJECTION, atol=1e-12)
    np.testing.assert_allclose(PROJECTION @ [-1, 2, -1], 0, atol=1e-12)
    for kept in ([1, 1, 1], [1, 0, -1]):
        np.testing.assert_allclose(PROJECTION @ kept, kept, atol=1e-12)
    x = np.random.default_rng(0).random((2, HEIGHT, WIDTH, 3), "float32")
    plain, projected = made(), made(color="projection")
    projected.set_weights(plain.get_weights())
    for one, other in zip(plain.pairs(x, seed=1)[:2], projected.pairs(x, seed=1)[:2], strict=True):
        np.testing.assert_allclose(project_green_magenta(one), other, atol=1e-6)
    np.testing.assert_allclose(projected.features(x), plain.features(np.clip(x @ PROJECTION.T, 0, 1)), atol=0.05)
    (center, neighbor, _) = plain.pairs(x, seed=1)
    treated = [np.asarray(project_green_magenta(part)) for part in (center, neighbor)]
    expected = tf.nn.softmax(plain.logits(*treated))
    np.testing.assert_allclose(projected.predict_position(center, neighbor), expected, atol=1e-6)


def test_both_patches_of_a_pair_go_through_the_gate():
    model, patches = made(), np.random.default_rng(0).random((3, 6, 6, 3), "float32")
    wrong = {"uint8": (255 * patches).astype("uint8"), "from 0 to 1": 255 * patches}
    wrong["NaN"] = np.where(patches > 0.9, np.nan, patches)
    for says, values in wrong.items():
        for pair in ((patches, values), (values, patches)):
            with pytest.raises(InputError, match=says):
                model.predict_position(*pair)
    with pytest.raises(InputError, match="3 centres, 2 neighbours"):
        model.predict_position(patches, patches[:2])


def test_features_are_the_mean_over_the_patches_in_the_middle():
    model = made(patch=8)
    x = np.random.default_rng(0).random((2, HEIGHT, WIDTH, 3), "float32")
    parts = [x[:, top : top + 8, left : left + 8] for top in range(0, 40, 8) for left in range(2, 34, 8)]
    np.testing.assert_array_equal(np.stack(parts, axis=1), side_by_side(x, 8))
    expected = np.mean([model.encoder(part, training=False) for part in parts], axis=0)
    np.testing.assert_allclose(model.features(x), expected, atol=1e-5)


def test_draws_are_new_in_each_step_and_follow_a_seed():
    model, x = made(color="dropping"), np.random.default_rng(0).random((64, HEIGHT, WIDTH, 3), "float32")
    first, second = model.pairs(x), model.pairs(x)
    assert not np.array_equal(first[2], second[2])
    for one, other in zip(model.pairs(x, seed=4), model.pairs(x, seed=4), strict=True):
        np.testing.assert_array_equal(one, other)
    before = np.asarray(model.noise.state)
    model.pairs(x, seed=4)
    np.testing.assert_array_equal(model.noise.state, before)


@pytest.mark.slow
def test_it_learns_where_patches_of_a_gradient_lie():
    """Of images that hold their coordinates the two patches tell everything."""
    x = coordinates(512)
    model = made(hidden=(16,), patch=6, gap=2, jitter=1, head=(64,))
    model.compile("adam")
    accuracy = model.fit(x, batch_size=32, epochs=25, verbose=0).history["accuracy"]
    assert accuracy[0] < 0.5 and accuracy[-1] > 0.9


@pytest.mark.parametrize(
    ("shape", "arguments", "says"),
    [
        ((20, 20, 3), {"patch": 6, "gap": 2, "jitter": 1}, "= 24 pixels of each side. Received: 20x20.*patch=4"),
        ((64, 23, 3), {"patch": 6, "gap": 2, "jitter": 1}, "64x23.*Nearest: patch=5"),
        ((8, 8, 3), {"patch": 3, "gap": 4, "jitter": 1}, "Nearest: patch=.*, gap=0, jitter=0"),
        ((32, 32, 1), {}, "no colours to treat.*Nearest: color='as_they_are'"),
        ((32, 32, 4), {"color": "projection"}, "4 channels. Nearest: color='dropping'"),
        ((32, 32, 3), {"color": "droping"}, "color='droping'. Closest: dropping"),
        ((32, 32, 3), {"gap": -1}, "gap is a number of pixels.*gap=-1"),
        ((32, 32, 3), {"jitter": 0.5}, "jitter is a number of pixels.*jitter=0.5"),
        ((32, 32, 3), {"patch": 0}, "patch must be made of integers >= 1"),
        ((32, 32), {}, "shape .height, width, channels"),
    ],
)
def test_what_is_impossible_is_one_line(shape, arguments, says):
    with pytest.raises(InputError, match=says) as error:
        ContextPrediction(shape, **arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("shape", [(3, 3, 3), (8, 9, 3), (20, 40, 3)])
@pytest.mark.parametrize("sizes", [(8, 2, 1), (1, 9, 0), (2, 0, 9)])
def test_the_nearest_grid_fits(shape, sizes):
    arguments = dict(zip(("patch", "gap", "jitter"), sizes, strict=True)) | {"network": "dense", "hidden": (4,)}
    with pytest.raises(InputError, match="Nearest") as error:
        ContextPrediction(shape, **arguments)
    nearest = dict(part.split("=") for part in str(error.value).split("Nearest: ")[1].rstrip(".").split(", "))
    ContextPrediction(shape, **arguments | {name: int(value) for name, value in nearest.items()})


@pytest.mark.parametrize("shape", [(8, 8, 1), (32, 32, 3), (96, 64, 3), (3, 5, 3), (31, 29, 1)])
def test_sizes_suit_any_image(shape):
    arguments = ContextPrediction.sizes_for(shape)
    model = ContextPrediction(shape, **arguments)
    assert model.features(np.zeros([1, *shape], "float32")).shape == (1, 64)
