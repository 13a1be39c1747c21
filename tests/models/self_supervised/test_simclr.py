"""SimCLR's loss, by its definition, and its views."""

import colorsys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.layers.self_supervision.views import DRAWS, grey, jitter_colors, random_view, resized_crop
from keraszoo.losses import nt_xent
from keraszoo.models import SimCLR


def by_definition(one, other, temperature):
    """Equation 1 of the paper, with loops, and the mean of the two views of each image."""
    views = np.concatenate([one, other]).astype("float64")
    views /= np.linalg.norm(views, axis=1, keepdims=True)
    count, losses = len(views), []
    for i in range(count):
        j = (i + len(one)) % count
        similarities = views @ views[i] / temperature
        others = [k for k in range(count) if k != i]
        losses.append(-np.log(np.exp(similarities[j]) / np.sum(np.exp(similarities[others]))))
    return (np.array(losses[: len(one)]) + losses[len(one) :]) / 2


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_nt_xent_is_its_definition(temperature):
    random = np.random.default_rng(0)
    one, other = 3 * random.standard_normal([2, 7, 5]).astype("float32")
    terms, _ = nt_xent(one, other, temperature=temperature)
    np.testing.assert_allclose(terms, by_definition(one, other, temperature), rtol=1e-5)


def test_rows_of_a_batch_have_the_terms_of_the_whole():
    random = np.random.default_rng(1)
    one, other = random.standard_normal([2, 7, 5]).astype("float32")
    terms, right = nt_xent(one, other)
    part, part_right = nt_xent(one[2:5], other[2:5], one, other, first=2)
    np.testing.assert_allclose(part, terms[2:5], rtol=1e-6)
    np.testing.assert_array_equal(part_right, right[2:5])


def test_the_share_that_is_right():
    one = np.array([[1, 0], [0, 1], [1, 0.1]], "float32")
    other = np.array([[1, 0], [1, 0.2], [1, 0.1]], "float32")
    _, right = nt_xent(one, other)
    np.testing.assert_array_equal(right, [1, 0.5, 1])  # the second image's other view lies nearest the third's


def test_an_image_alone_has_nothing_to_be_told_from():
    terms, right = nt_xent(np.ones([1, 3], "float32"), -np.ones([1, 3], "float32"))
    assert float(terms[0]) == pytest.approx(0, abs=1e-6) and float(right[0]) == 1


def test_a_crop_reads_the_rectangle_that_its_draws_say():
    """Of images that are linear in rows and columns, bilinear interpolation is exact but at the border."""
    down, across = np.meshgrid(np.arange(32.0), np.arange(48.0), indexing="ij")
    x = np.broadcast_to(np.stack([down, across], -1), (500, 32, 48, 2)).astype("float32")
    draws = np.random.default_rng(0).random((500, 4), "float32")
    rows, columns = np.moveaxis(np.asarray(resized_crop(x, draws, 0.2))[:, 1:-1, 1:-1], -1, 0)
    height, width = 32 * 32 * (rows[:, 1, 0] - rows[:, 0, 0]), 48 * 48 * (columns[:, 0, 1] - columns[:, 0, 0])
    height, width = height / 32, width / 48  # pixels of the crop
    area = 0.2 + 0.8 * draws[:, 0]
    ratio = (4 / 3) ** (2 * draws[:, 1] - 1)
    np.testing.assert_allclose(height, 32 * np.minimum(np.sqrt(area / ratio), 1), rtol=1e-3)
    np.testing.assert_allclose(width, 48 * np.minimum(np.sqrt(area * ratio), 1), rtol=1e-3)
    top = rows[:, 0, 0] + 0.5 - 1.5 * height / 32
    np.testing.assert_allclose(top, draws[:, 2] * (32 - height), atol=2e-3)
    assert rows.min() >= 0 and rows.max() <= 31 and columns.max() <= 47


def test_colours_change_as_their_draws_say():
    x = np.random.default_rng(0).random((4, 2, 2, 3), "float32") * 0.4 + 0.3
    half = np.full([4, 4], 0.5, "float32")
    np.testing.assert_allclose(jitter_colors(x, half, 1.0), x, atol=1e-5)
    brighter, hue, plain = half.copy(), half.copy(), half.copy()
    brighter[:, 0], hue[:, 3], plain[:, 2] = 0.75, 0.75, 0.0
    np.testing.assert_allclose(jitter_colors(x, brighter, 0.5), np.clip(x * 1.2, 0, 1), atol=1e-5)
    moved = np.asarray(jitter_colors(x, hue, 1.0)).reshape(-1, 3)
    for before, after in zip(x.reshape(-1, 3), moved, strict=True):
        h, s, v = colorsys.rgb_to_hsv(*map(float, before))
        np.testing.assert_allclose(after, colorsys.hsv_to_rgb((h + 0.1) % 1, s, v), atol=1e-4)
    np.testing.assert_allclose(jitter_colors(x, plain, 1.25), grey(x), atol=1e-4)  # a saturation of 0
    flat = np.full_like(half, 0.5)
    flat[:, 1] = 0.0  # a contrast of 0
    lightness = np.asarray(grey(x)).mean(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(jitter_colors(x, flat, 1.25), np.broadcast_to(lightness, x.shape), atol=1e-4)


def test_views_are_mirrored_jittered_and_grey_as_often_as_in_the_paper():
    x = np.random.default_rng(0).random((1, 6, 6, 3), "float32").repeat(4000, 0)
    draws = np.random.default_rng(1).random((4000, DRAWS), "float32")
    draws[:, :4], draws[:, 10] = 0.999999, 0.9  # the whole image, never grey
    plain = np.asarray(random_view(x, draws, smallest_crop=1.0, color=0.0))
    reference = np.asarray(resized_crop(x, draws[:, :4], 1.0))
    mirrored = abs(plain - reference[:, :, ::-1]).max(axis=(1, 2, 3)) < 1e-4
    kept = abs(plain - reference).max(axis=(1, 2, 3)) < 1e-4
    assert (mirrored ^ kept).all() and 0.46 < mirrored.mean() < 0.54
    draws[:, 10] = np.random.default_rng(2).random(4000)
    changed = np.asarray(random_view(x, draws, smallest_crop=1.0, color=0.5))
    without = np.ptp(changed, axis=-1).max(axis=(1, 2)) < 1e-5
    assert 0.17 < without.mean() < 0.23
    same = np.minimum(abs(changed - reference).max((1, 2, 3)), abs(changed - reference[:, :, ::-1]).max((1, 2, 3)))
    assert 0.17 < (same[~without] < 1e-4).mean() < 0.23
    assert changed.min() >= 0 and changed.max() <= 1


def test_two_views_of_an_image_differ_and_follow_a_seed():
    model = SimCLR((8, 8, 3), network="dense", hidden=(4,))
    x = np.random.default_rng(0).random((4, 8, 8, 3), "float32")
    one, other = model.views(x)
    assert abs(np.asarray(one - other)).max(axis=(1, 2, 3)).min() > 0
    np.testing.assert_array_equal(model.views(x, seed=1)[0], model.views(x, seed=1)[0])
    assert not np.array_equal(model.views(x, seed=1)[0], model.views(x, seed=2)[0])
    grey_images = SimCLR((8, 8, 1), network="dense", hidden=(4,)).views(x[..., :1])
    assert grey_images[0].shape == (4, 8, 8, 1)


def test_the_loss_is_that_of_the_projections():
    keras.utils.set_random_seed(0)
    model = SimCLR((8, 8, 3), network="dense", hidden=(16,), temperature=0.2)
    x = np.random.default_rng(0).random((6, 8, 8, 3), "float32")
    views = []
    model.views, draw = lambda x: views.append(draw(x)) or views[-1], model.views
    terms = model.loss_terms(tf.constant(x))
    one, other = (np.asarray(model.projection(model.encoder(view))) for view in views[0])
    np.testing.assert_allclose(terms["contrastive"], by_definition(one, other, 0.2), rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"temperature": 0}, "temperature is a number > 0. Received: temperature=0"),
        ({"smallest_crop": 1.5}, r"smallest_crop is a number in \(0, 1\]. Received: smallest_crop=1.5"),
        ({"color": -1}, "color is a number >= 0"),
        ({"projection": (0,)}, "projection must be made of integers"),
        ({"projection": ()}, r"projection is the units of at least one layer. Received: projection=\(\)"),
        ({"network": "resnet9"}, "Closest"),
    ],
)
def test_what_is_impossible_is_one_line(arguments, says):
    with pytest.raises(InputError, match=says) as error:
        SimCLR((8, 8, 3), **arguments)
    assert "\n" not in str(error.value)
