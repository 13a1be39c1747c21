"""Laws of images with masks: what moves one moves the other, borders weigh more, and pairs stay together."""

import sys
from itertools import islice

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image
from scipy import ndimage

from keraszoo.core.errors import InputError
from keraszoo.data import batches, load, resident, transformed_shape, weighted
from keraszoo.data.datasets.cells import draw_instances
from keraszoo.data.pipeline import augmentation, transforms
from keraszoo.data.pipeline.resampling import resample
from keraszoo.data.views.border_weights import balanced_class_weights, border_weights
from keraszoo.recipes import Data, Recipe
from keraszoo.runs.prepared import PreparedData

GEOMETRIC = (
    ("random_crop", 12),
    ("flip", "horizontal_and_vertical"),
    ("rotate90",),
    ("rotate", 30),
    ("shift", 4),
    ("elastic", 3.0),
)
PHOTOMETRIC = (("brightness", 0.2), ("contrast", 0.3), ("noise", 0.1))


def drawn(seed=0):
    """A `uniform` like the pipeline's: a function of shape and place."""
    return lambda shape, place: tf.random.stateless_uniform(shape, [seed, place])


def constant(value):
    return lambda shape, place: tf.fill(shape, value)


def stack(tmp_path, count=10, side=20, name="stack.npz", **changes):
    """An archive of slices whose mask is where the image is bright; slice i has i pixels of its own in a row."""
    random = np.random.default_rng(0)
    masks = np.stack([ndimage.gaussian_filter(random.standard_normal((side, side)), 2) > 0 for _ in range(count)])
    images = np.where(masks, 200, 50).astype("uint8")
    np.savez(tmp_path / name, **({"image": images, "label": masks.astype("uint8")} | changes))
    return tmp_path / name


# ---------------------------------------------------------------------- transforms of pairs


@pytest.mark.parametrize("transform", GEOMETRIC, ids=lambda transform: transform[0])
def test_what_moves_the_image_moves_its_mask_and_weights(transform):
    """A picture of its own mask stays one: exactly where pixels are taken whole, else but for the mixed ones."""
    mask = tf.constant(np.random.default_rng(0).integers(0, 3, (6, 4, 4)).repeat(5, 1).repeat(5, 2))
    x = tf.cast(mask[..., None], tf.float32)
    uniform = drawn()
    image = transforms.apply(x, (transform,), uniform).numpy()[..., 0]
    label = transforms.apply_to_mask(mask, (transform,), uniform).numpy()
    weight = transforms.apply_to_mask(x[..., 0], (transform,), uniform, nearest=False).numpy()
    np.testing.assert_array_equal(weight, image)
    assert label.dtype == mask.dtype.as_numpy_dtype and set(np.unique(label)) <= {0, 1, 2}
    if transform[0] in ("rotate", "elastic"):
        flat = np.stack([ndimage.maximum_filter(m, 3) == ndimage.minimum_filter(m, 3) for m in label])
        assert flat.mean() > 0.2
        assert np.mean(np.abs(image - label)[flat] < 1e-4) > 0.98, "but for corners"
    else:
        np.testing.assert_array_equal(image, label)
    assert any(not np.array_equal(label[i], label[j]) for i in range(6) for j in range(i))


@pytest.mark.parametrize("transform", GEOMETRIC + PHOTOMETRIC, ids=lambda transform: transform[0])
def test_each_example_draws_its_own(transform):
    x = tf.constant(np.random.default_rng(0).random((1, 15, 15, 1)), tf.float32)
    moved = transforms.apply(tf.repeat(x, 16, 0), (transform,), drawn()).numpy()
    assert len(np.unique(moved.reshape(16, -1), axis=0)) > 3
    one = transforms.apply(x, (transform,), lambda shape, place: drawn()([16, *shape[1:]], place)[3:4]).numpy()
    np.testing.assert_allclose(one[0], moved[3], atol=1e-6)


def test_photometric_transforms_leave_the_mask_alone():
    mask = tf.constant(np.random.default_rng(0).integers(0, 2, (3, 8, 8)))
    np.testing.assert_array_equal(transforms.apply_to_mask(mask, PHOTOMETRIC, drawn()), mask)
    x = transforms.apply(tf.random.stateless_uniform([3, 8, 8, 2], [0, 0]), PHOTOMETRIC, drawn())
    assert float(tf.reduce_min(x)) >= 0 and float(tf.reduce_max(x)) <= 1


def test_brightness_adds_and_contrast_stretches_about_the_mean():
    x = tf.constant(np.random.default_rng(0).uniform(0.4, 0.6, (2, 8, 8, 1)), tf.float32)
    np.testing.assert_allclose(augmentation.brightness(x, 0.2, uniform=lambda s: tf.fill(s, 0.75)), x + 0.1, atol=1e-6)
    mean = tf.reduce_mean(x, [1, 2], keepdims=True)
    stretched = augmentation.contrast(x, 0.4, uniform=lambda s: tf.fill(s, 1.0))
    np.testing.assert_allclose(stretched, mean + 1.4 * (x - mean), atol=1e-6)


def test_noise_is_normal_with_a_standard_deviation_of_each_image():
    x = tf.fill([200, 40, 40, 1], 0.5)
    change = transforms.apply(x, (("noise", 0.1),), drawn()).numpy() - 0.5
    sds = change.std(axis=(1, 2, 3))
    assert sds.min() < 0.01 and 0.09 < sds.max() < 0.105 and abs(sds.mean() - 0.05) < 0.006
    standard = (change / sds[:, None, None, None]).ravel()
    np.testing.assert_allclose(np.quantile(standard, [0.159, 0.5, 0.841]), [-1, 0, 1], atol=0.02)


def test_a_zero_field_is_the_identity():
    x = tf.random.stateless_uniform([2, 9, 7, 2], [0, 0])
    for transform in (("elastic", 0.0), ("rotate", 0), ("shift", 0), ("brightness", 0), ("contrast", 0), ("noise", 0)):
        np.testing.assert_array_equal(transforms.apply(x, (transform,), drawn()), x)
    rows, columns = tf.meshgrid(tf.range(9.0), tf.range(7.0), indexing="ij")
    for nearest in (False, True):
        np.testing.assert_array_equal(resample(x, rows[None] + tf.zeros([2, 1, 1]), columns[None], nearest), x)


def test_resampling_is_linear_with_mirrored_borders():
    x = np.random.default_rng(0).random((1, 6, 5, 1)).astype("float32")
    places = np.random.default_rng(1).uniform(-9, 14, (2, 1, 40, 30)).astype("float32")
    for nearest, order in ((False, 1), (True, 0)):
        want = ndimage.map_coordinates(x[0, ..., 0], places[:, 0], order=order, mode="mirror")
        np.testing.assert_allclose(resample(x, *places, nearest)[0, ..., 0], want, atol=1e-5)


def test_the_elastic_field_passes_through_the_coarse_displacements_smoothly():
    coarse = tf.random.stateless_normal([4, 3, 3, 2], [0, 0]) * 10
    field = augmentation.displacements(coarse, 33, 65).numpy()
    np.testing.assert_allclose(field[:, ::16, ::32], coarse, atol=1e-4)
    assert np.abs(np.diff(field, n=2, axis=1)).max() < 0.5, "no kinks"
    plane = tf.constant(np.indices((3, 3)).transpose(1, 2, 0)[None], tf.float32)
    np.testing.assert_allclose(augmentation.displacements(plane, 5, 9)[0, :, 4, 0], np.arange(5) / 2, atol=1e-6)


def test_elastic_displacements_have_the_standard_deviation_asked_for():
    """Read off an image of its own columns: what stands in the middle came from there."""
    ramp = tf.broadcast_to(tf.range(401.0)[None, None, :, None], [400, 5, 401, 1])
    moved = augmentation.elastic(ramp, 10.0, uniform=lambda shape: drawn()(shape, 0)).numpy()[:, 2, 200, 0] - 200
    assert abs(moved.mean()) < 4 * 10 / 20 and abs(moved.std() - 10) < 4 * 10 / np.sqrt(800)


def test_a_quarter_turn_is_a_rotation_by_90_degrees():
    x = tf.random.stateless_uniform([1, 8, 8, 1], [0, 0])
    turned = augmentation.rotate90(x, uniform=lambda s: tf.constant([[0.9, 0.1]]))
    np.testing.assert_array_equal(turned, np.rot90(x, axes=(1, 2)))
    other = [augmentation.rotate(x, 90, uniform=lambda s, u=u: tf.fill(s, u)).numpy() for u in (0.0, 1.0)]
    assert min(np.abs(turned - o).max() for o in other) < 1e-5
    turns = augmentation.rotate90(tf.repeat(x, 64, 0), uniform=lambda s: drawn()(s, 0)).numpy()
    assert {t.tobytes() for t in turns} == {np.rot90(x[0], k).tobytes() for k in range(4)}


def test_crops_come_from_everywhere_and_shifts_are_whole():
    x = tf.reshape(tf.range(30.0), [1, 5, 6, 1])
    crops = augmentation.random_crop(tf.repeat(x, 500, 0), (3, 4), uniform=lambda s: drawn()(s, 0))
    assert set(crops[:, 0, 0, 0].numpy()) == {6.0 * row + column for row in range(3) for column in range(3)}
    np.testing.assert_array_equal(crops - crops[:, :1, :1], tf.repeat(x[:, :3, :4], 500, 0))
    moved = augmentation.shift(tf.repeat(x, 500, 0), 1, uniform=lambda s: drawn()(s, 0)).numpy()
    assert set(moved[:, 2, 2, 0]) == {6.0 * row + column for row in (1, 2, 3) for column in (1, 2, 3)}


@pytest.mark.parametrize("transform", GEOMETRIC + PHOTOMETRIC, ids=lambda transform: transform[0])
def test_augmentations_compile_with_xla(transform):
    x = tf.random.stateless_uniform([2, 16, 16, 1], [0, 0])
    mask = tf.cast(x[..., 0] > 0.5, tf.int64)

    def uniform(shape, place):  # XLA draws other numbers from the same seed
        return tf.constant(np.random.default_rng(place).random([2, *shape[1:]]), tf.float32)

    def both(x, mask):
        return transforms.apply(x, (transform,), uniform), transforms.apply_to_mask(mask, (transform,), uniform)

    plain = both(x, mask)
    compiled = tf.function(both, jit_compile=True, autograph=False)(x, mask)
    np.testing.assert_allclose(plain[0], compiled[0], atol=1e-5)
    assert np.mean(plain[1] != compiled[1]) < 0.01, "but for ties of the nearest pixel"


# ---------------------------------------------------------------------- batches of pairs


def test_batches_of_a_stack_are_images_in_0_1_and_classes(tmp_path):
    source = load(stack(tmp_path), test_last=3)
    assert source.has_masks and source.num_classes == 2 and source.sizes == {"train": 7, "test": 3}
    x, y = next(iter(batches(source, "train", 4, training=True, with_labels=True)))
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((4, 20, 20, 1), tf.float32, (4, 20, 20), tf.int64)
    np.testing.assert_array_equal(x[..., 0] > 0.5, y == 1)


@pytest.mark.parametrize("form", ["memory", "files", "records"])
@pytest.mark.by_default("files")
def test_augmented_pairs_are_resumed_and_weighted_alike_wherever_they_are_stored(tmp_path, form):
    if form == "records":
        source = load("cells", memory_limit=10)
    elif form == "files":
        source = load(folder_of_pairs(tmp_path), memory_limit=10)
    else:
        source = load(stack(tmp_path))
    source = weighted(source)
    names = (("random_crop", 12), ("elastic", 2.0), ("flip",), ("brightness", 0.1))
    options = {"training": True, "with_labels": True, "transforms": names, "seed": 3}
    whole = list(islice(batches(source, "train", 4, **options), 3))[1:]
    resumed = list(islice(batches(source, "train", 4, first_step=1, **options), 2))
    tf.nest.map_structure(np.testing.assert_array_equal, whole, resumed)
    shares = [list(islice(batches(source, "train", 4, share=(i, 2), **options), 1))[0] for i in range(2)]
    first = next(iter(batches(source, "train", 4, **options)))
    if form != "records":  # whose shares are others' examples
        joined = tf.nest.map_structure(lambda *parts: tf.concat(parts, 0), *shares)
        tf.nest.map_structure(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), joined, first)
    x, y = first
    assert set(y) == {"label", "weight"}
    assert (y["label"].dtype, y["weight"].dtype) == (tf.int64, tf.float32)
    assert x.shape[1:3] == y["label"].shape[1:] == y["weight"].shape[1:] == (12, 12)
    if source.in_memory:
        inside = resident(source, "train", 4, **{k: v for k, v in options.items() if k != "training"})
        values = inside.values(tf.distribute.get_strategy())
        found = tf.function(lambda step: inside.batch(values, step))(tf.constant(0, tf.int64))
        tf.nest.map_structure(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), found, first)


def test_evaluation_sees_plain_images(tmp_path):
    source = weighted(load(stack(tmp_path), test_last=3))
    names = (("pad", 24), *GEOMETRIC, *PHOTOMETRIC)
    x, y = next(iter(batches(source, "test", 3, training=False, with_labels=True, transforms=names)))
    want = np.pad(source.array("test", "label"), [[0, 0], [2, 2], [2, 2]])
    np.testing.assert_array_equal(y["label"], want)
    np.testing.assert_array_equal(x[..., 0] > 0.5, want == 1)
    np.testing.assert_array_equal(y["weight"][:, 2:-2, 2:-2], source.array("test", "weight"))
    assert np.all(y["weight"][:, :2] == 0), "padding is not learned from"
    assert transformed_shape(source, names) == (12, 12, 1)
    assert transformed_shape(source, names, training=False) == (24, 24, 1)


def test_resize_keeps_labels(tmp_path):
    source = load(stack(tmp_path))
    options = {"training": False, "with_labels": True, "transforms": (("resize", 7),)}
    x, y = next(iter(batches(source, "test", 1, **options)))
    assert x.shape == (1, 7, 7, 1) and y.shape == (1, 7, 7) and set(np.unique(y)) <= {0, 1}
    loaded = load(stack(tmp_path), image_size=(10, 10))
    assert loaded.shapes == {"image": (10, 10, 1), "label": (10, 10)}
    assert np.mean((loaded.array("train")[..., 0] > 125) == loaded.array("train", "label")) > 0.9


# ---------------------------------------------------------------------- weight maps


def test_weights_have_the_values_of_the_formula():
    label = np.zeros([7, 40], int)
    label[:, :10] = label[:, 19:] = 1  # between them columns 10..18
    weights = border_weights(label, [1.0, 2.0])
    np.testing.assert_allclose(weights[:, 14] - 1, 10 * np.exp(-2), rtol=1e-6)  # d1 = d2 = 5: 1.353
    np.testing.assert_allclose(weights[:, 10] - 1, 10 * np.exp(-(10**2) / 50), rtol=1e-6)  # 1 and 9
    np.testing.assert_array_equal(weights[:, :10], 2)
    label = np.zeros([1, 9], int)
    label[0, [3, 5]] = 1
    assert border_weights(label)[0, 4] - 1 == pytest.approx(9.231, abs=5e-4)  # d1 = d2 = 1


def test_the_midline_of_a_border_weighs_what_all_of_it_does_and_the_rest_less():
    label = np.zeros([1, 21], int)
    label[0, [5, 15]] = 1
    whole, line = border_weights(label), border_weights(label, midline=2.0)
    assert line[0, 10] == whole[0, 10]  # 5 pixels from both
    distance = np.abs(np.arange(21) - 10)
    between = distance < 5
    expected = 1 + (whole[0] - 1) * np.exp(-np.square(2 * distance) / 8)  # d2 - d1 is twice the distance
    np.testing.assert_allclose(line[0, between], expected[between], rtol=1e-6)
    alone = np.zeros([1, 9], int)
    alone[0, 4] = 1
    np.testing.assert_array_equal(border_weights(alone, midline=2.0), 1)


@pytest.mark.parametrize("count", [0, 1])
def test_without_two_cells_only_the_class_weighs(count):
    label = np.zeros([12, 12], int)
    label[3:6, 3:6] = count
    np.testing.assert_array_equal(border_weights(label, [1.0, 3.0]), np.where(label, 3, 1))


def test_pixels_that_do_not_count_weigh_nothing_and_are_no_cell(tmp_path):
    label = np.zeros([1, 21], int)
    label[0, [5, 15]] = 1
    void = label.copy()
    void[0, 18:] = -1
    want = border_weights(label, [1.0, 2.0])
    want[0, 18:] = 0
    np.testing.assert_array_equal(border_weights(void, [1.0, 2.0]), want)
    mask = np.load(stack(tmp_path))["label"]
    mask[:, :5] = 255
    source = weighted(load(stack(tmp_path, label=mask), ignore=255), w0=0.0)
    label, weight = source.array("train", "label"), source.array("train", "weight")
    assert weight[label == 0].sum() == pytest.approx(weight[label == 1].sum(), rel=1e-4)
    np.testing.assert_array_equal(weight[:, :5], 0)


def test_weights_of_many_cells_are_those_of_all_distances():
    instances = draw_instances(np.random.RandomState(0))
    distances = np.sort([ndimage.distance_transform_edt(instances != n) for n in range(1, instances.max() + 1)], axis=0)
    border = 10 * np.exp(-((distances[0] + distances[1]) ** 2) / 50) * (instances == 0)
    np.testing.assert_allclose(border_weights(instances > 0), 1 + border, atol=1e-5)
    np.testing.assert_allclose(border_weights(instances > 0, instances=7 * instances), 1 + border, atol=1e-5)


def test_instances_part_what_a_mask_connects():
    label = np.ones([6, 12], int)
    label[:, 6] = 0
    label[3, 6] = 1  # a bridge
    instances = np.where(np.arange(12) < 6, 1, 2) * label
    joined, parted = border_weights(label), border_weights(label, instances=instances)
    np.testing.assert_array_equal(joined, 1)
    assert parted[0, 6] == pytest.approx(1 + 10 * np.exp(-4 / 50))


def test_balanced_classes_count_alike(tmp_path):
    np.testing.assert_allclose(balanced_class_weights([5, 0, 15]), [2, 1, 2 / 3])
    source = weighted(load(stack(tmp_path)), w0=0.0)
    label, weight = source.array("train", "label"), source.array("train", "weight")
    assert weight.mean() == pytest.approx(1, rel=1e-5)
    assert weight[label == 0].sum() == pytest.approx(weight[label == 1].sum(), rel=1e-4)
    np.testing.assert_array_equal(
        weighted(load(stack(tmp_path)), w0=0.0, class_weights=None).array("test", "weight"), 1
    )
    own = weighted(load(stack(tmp_path)), w0=0.0, class_weights=(1, 4)).array("train", "weight")
    np.testing.assert_array_equal(own, 1 + 3 * label)


@pytest.mark.parametrize("form", ["files", "records"])
@pytest.mark.by_default("files")
def test_maps_of_data_in_files_are_those_in_memory_and_made_once(tmp_path, form, monkeypatch):
    name = "cells" if form == "records" else folder_of_pairs(tmp_path)
    held = weighted(load(name), class_weights=(1.0, 2.0))
    made = []

    def counted(*args, **options):
        made.append(1)
        return border_weights(*args, **options)

    monkeypatch.setattr(sys.modules["keraszoo.data.views.weighted"], "border_weights", counted)
    read = weighted(load(name, memory_limit=10), class_weights=(1.0, 2.0))
    assert not read.in_memory and not made
    for _ in range(2):
        labels = [y for _, y in batches(read, "test", 3, training=False, with_labels=True)]
        for feature in ("label", "weight"):
            found = np.concatenate([y[feature] for y in labels])
            np.testing.assert_array_equal(found, np.reshape(held.array("test", feature), found.shape))
    assert len(made) == held.sizes["test"]
    assert weighted(load(name, memory_limit=10)).split("train").dtypes["weight"] == tf.float32
    assert read.fingerprint().keys() == held.sizes.keys()


def test_a_recipe_asks_for_weights_and_the_last_slices(tmp_path):
    recipe = Recipe(
        name="a/b", title="", model="UNet", input_shape=(20, 20, 1),
        data=Data(str(stack(tmp_path)), prepare=(("weighted", {"w0": 5.0, "class_weights": (1.0, 2.0)}),), test_last=3),
    )  # fmt: skip
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe
    source = PreparedData.open(again).source
    assert source.sizes["test"] == 3 and source.weight == "weight"


# ---------------------------------------------------------------------- datasets


def test_the_last_slices_are_for_testing_and_the_others_in_order(tmp_path):
    path = stack(tmp_path, image=np.arange(10, dtype="uint8").repeat(400).reshape(10, 20, 20))
    source = load(path, test_last=4)
    assert source.array("train")[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert source.array("test")[:, 0, 0, 0].tolist() == [6, 7, 8, 9]


def test_black_and_white_masks_are_two_classes(tmp_path):
    plain = load(stack(tmp_path))
    white = np.where(np.load(tmp_path / "stack.npz")["label"], 255, 0).astype("uint8")
    source = load(stack(tmp_path, name="white.npz", label=white))
    assert source.num_classes == 2
    np.testing.assert_array_equal(source.array("train", "label"), plain.array("train", "label"))


def folder_of_pairs(tmp_path, count=12, split="", white=True):
    folder = tmp_path / "pairs"
    random = np.random.default_rng(0)
    for kind in ("images", "masks"):
        (folder / split / kind).mkdir(parents=True, exist_ok=True)
    for i in range(count):
        mask = random.integers(0, 2, (4, 5)).repeat(4, 0).repeat(4, 1).astype("uint8")
        Image.fromarray(100 * mask + i).save(folder / split / "images" / f"{i:02d}.png")
        Image.fromarray(255 * mask if white else mask).save(folder / split / "masks" / f"{i:02d}.png")
    return folder


@pytest.mark.parametrize("limit", [2**30, 10])
@pytest.mark.parametrize("white", [True, False])
def test_a_folder_of_pairs_keeps_images_with_their_masks(tmp_path, limit, white):
    folder = folder_of_pairs(tmp_path, white=white)
    source = load(folder, memory_limit=limit, test_last=3)
    assert source.sizes == {"train": 9, "test": 3} and source.num_classes == 2 and source.has_masks
    assert source.shapes == {"image": (16, 20, 1), "label": (16, 20)}
    x, y = next(iter(batches(source, "train", 9, training=True, with_labels=True)))
    np.testing.assert_array_equal(x[..., 0] > 0.3, y == 1)
    x, _ = next(iter(batches(source, "test", 3, training=False, with_labels=True)))
    np.testing.assert_array_equal(np.rint(255 * x).astype(int).reshape(3, -1).min(1) % 100, [9, 10, 11])
    small = load(folder, memory_limit=limit, image_size=(8, 10))
    x, y = next(iter(batches(small, "train", 5, training=False, with_labels=True)))
    np.testing.assert_array_equal(x[..., 0] > 0.3, y == 1)


def test_train_and_test_folders_of_pairs(tmp_path):
    folder_of_pairs(tmp_path, 3, "train")
    folder = folder_of_pairs(tmp_path, 2, "test")
    assert load(folder).sizes == {"train": 3, "test": 2}
    with pytest.raises(InputError, match="test_last divides a dataset that is one split.*train, test"):
        load(folder, test_last=1)


def test_cells_touch_and_are_numbered():
    source = load("cells")
    assert source.sizes == {"train": 160, "test": 40} and source.has_masks and source.num_classes == 2
    touching = 0
    for label, instances in zip(source.array("test", "label"), source.array("test", "instances"), strict=True):
        label, instances = label[..., 0], instances[..., 0].astype(int)
        parts, count = ndimage.label(label)
        assert count >= 3 and len(np.unique(np.stack([parts, instances]).reshape(2, -1), axis=1).T) == count + 1
        bridged, _ = ndimage.label(ndimage.binary_dilation(label))
        touching += count - bridged.max()
    assert touching > 100, "many cells are parted by a pixel or two"
    images, inside = source.array("test")[..., 0], source.array("test", "label")[..., 0] == 1
    assert images[inside].mean() > images[~inside].mean() + 50


@pytest.mark.slow
def test_cells_are_the_same_each_time(tmp_path):
    builder = tfds.builder("cells", data_dir=tmp_path)
    builder.download_and_prepare()
    assert load("cells", data_dir=tmp_path).fingerprint() == load("cells").fingerprint()


def test_pets_have_three_classes_from_zero_on(tmp_path):
    with tfds.core.registered.skip_registration():

        class OxfordIiitPet(tfds.core.GeneratorBasedBuilder):
            """As tfds describes the pets, with other pictures."""

            VERSION = tfds.core.Version("4.0.0")

            def _info(self):
                image = tfds.features.Image(encoding_format="jpeg")
                mask = tfds.features.Image(shape=(None, None, 1), use_colormap=True)
                features = {
                    "image": image,
                    "segmentation_mask": mask,
                    "label": tfds.features.ClassLabel(num_classes=37),
                }
                return tfds.core.DatasetInfo(
                    builder=self, features=tfds.features.FeaturesDict(features), supervised_keys=("image", "label")
                )

            def _split_generators(self, dl_manager):
                return {"train": self._generate_examples(6), "test": self._generate_examples(3)}

            def _generate_examples(self, count):
                for i in range(count):
                    mask = np.repeat([[1, 2, 2, 3]], 4 + i, axis=0).repeat(2, axis=1).astype("uint8")[..., None]
                    yield i, {"image": np.full([4 + i, 8, 3], 40 * i, "uint8"), "segmentation_mask": mask, "label": i}

    OxfordIiitPet(data_dir=tmp_path).download_and_prepare()
    for limit in (2**30, 10):
        source = load(
            "oxford_iiit_pet", tmp_path, (4, 8), supervised_keys=("image", "segmentation_mask"), memory_limit=limit
        )
        assert source.num_classes == 3 and source.has_masks
        _, y = next(iter(batches(source, "test", 1, training=False, with_labels=True)))
        np.testing.assert_array_equal(y[0], np.repeat([[0, 0, 1, 1, 1, 1, 2, 2]], 4, axis=0))


# ---------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    "changes, options, message",
    [
        ({"label": np.zeros([10, 20, 19], "uint8")}, {}, r"size of its image.*\[10, 20, 19\], images \[10, 20, 20\]"),
        ({"label": np.full([10, 20, 20], -1)}, {}, "classes, 0, 1, 2 and so on. Received: -1.*--ignore=-1"),
        ({"label": np.arange(4000).reshape(10, 20, 20) % 256}, {}, "classes, 0, 1, 2 .*Received: 0, 1, 2"),
        ({}, {"test_last": 10}, "from 1 to 9 of the 10 .*Received: 10"),
        ({}, {"test_last": 0}, "from 1 to 9 .*Received: 0"),
        ({}, {"test_last": 2.0}, "from 1 to 9 .*Received: 2.0"),
    ],
)
def test_stacks_that_cannot_be_learned_from(tmp_path, changes, options, message):
    with pytest.raises(InputError, match=message) as error:
        load(stack(tmp_path, **changes), **options)
    assert "\n" not in str(error.value)


def spoil(folder, what):
    masks, images = folder / "masks", folder / "images"
    white = Image.fromarray(np.full([16, 20], 255, "uint8"))
    if what == "alone":
        (masks / "03.png").unlink()
    elif what == "extra":
        white.save(masks / "3b.png")
    elif what == "size":
        white.resize((20, 15)).save(masks / "03.png")
    elif what == "colour":
        Image.fromarray(np.full([16, 20, 3], [255, 0, 0], "uint8")).save(masks / "03.png")
    elif what == "lossy":
        (masks / "03.png").unlink()
        white.save(masks / "03.jpg")
    elif what == "values":
        Image.fromarray(np.full([16, 20], 7, "uint8")).save(masks / "03.png")
    elif what == "broken":
        (masks / "03.png").write_bytes(b"no image")
    elif what == "twice":
        white.save(images / "03.bmp")
    elif what == "missing":
        (folder / "masks").rename(folder / "mask")
    elif what == "empty":
        for path in [*masks.iterdir(), *images.iterdir()]:
            path.unlink()


@pytest.mark.parametrize(
    "what, message",
    [
        ("alone", r"images/03.png: no file of that name in .*masks/. Closest: "),
        ("extra", r"masks/3b.png: no file of that name in .*images/. "),
        ("size", r"size of its image, 16x20 of .*03.png. Received: .*03.png, 15x20"),
        ("colour", "03.png: a mask in colours needs mask_values"),
        ("lossy", "stored without loss.*03.jpg"),
        ("values", "0 and 255 for two. Received: 0, 7, 255"),
        ("broken", "Cannot read the mask .*03.png"),
        ("twice", "Two files of one name"),
        ("empty", "no images in it.*images .an empty folder., masks"),
    ],
)
def test_folders_of_pairs_that_cannot_be_learned_from(tmp_path, what, message):
    folder = folder_of_pairs(tmp_path)
    spoil(folder, what)
    with pytest.raises(InputError, match=message) as error:
        load(folder)
    assert "\n" not in str(error.value)


def test_an_empty_mask_is_an_example_like_others(tmp_path):
    source = weighted(load(stack(tmp_path, label=np.zeros([10, 20, 20], "uint8")), test_last=2))
    assert source.num_classes == 1
    np.testing.assert_array_equal(source.array("train", "weight"), 1)


@pytest.mark.parametrize(
    "transform, message",
    [
        (("random_crop", 30), "at most the image's, 20x20. Received: 30x30"),
        (("random_crop",), "takes size: missing"),
        (("flip", "sideways"), "horizontal, vertical, .*Received: 'sideways'"),
        (("rotate", "a"), "an angle in degrees, a number >= 0. Received: 'a'"),
        (("shift", 1.5), "an integer >= 0. Received: 1.5"),
        (("elastic", -1), "number >= 0. Received: -1"),
        (("elastic", 1, 1), "at least 2 points a side. Received: 1"),
        (("elastic", 1, 3, True), "elastic takes sd=10.0, grid=3: too many"),
        (("contrast", float("nan")), "a factor, a number >= 0. Received: nan"),
        (("brightness", True), "Received: True"),
        (("elastik", 1), "Unknown transform 'elastik'. Closest: elastic"),
    ],
)
def test_augmentations_that_cannot_be_made(tmp_path, transform, message):
    with pytest.raises(InputError, match=message):
        transformed_shape(load(stack(tmp_path)), (transform,))


def test_quarter_turns_need_squares_and_brightness_grey_values(tmp_path):
    np.savez(tmp_path / "wide.npz", image=np.ones([4, 3, 5]))
    np.savez(tmp_path / "large.npz", image=np.full([4, 3, 3], 7.0))
    with pytest.raises(InputError, match="square images.*Received: 3x5"):
        transformed_shape(load(tmp_path / "wide.npz"), (("rotate90",),))
    with pytest.raises(InputError, match="brightness takes pixels as grey values, so they must be from 0 to 1"):
        transformed_shape(load(tmp_path / "large.npz"), (("brightness", 0.1),))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"sigma": 0}, "sigma must be a number > 0. Received: 0"),
        ({"w0": -1}, "w0 must be a number >= 0. Received: -1"),
        ({"class_weights": (1.0,)}, "each of the 2 classes. Received: "),
        ({"class_weights": (1.0, -2.0)}, "a positive number for each"),
        ({"class_weights": "balance"}, "a positive number for each .*'balance'"),
    ],
)
def test_weights_that_cannot_be_made(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        weighted(load(stack(tmp_path)), **options)


def test_weights_need_masks_and_the_service_does_not_make_them():
    with pytest.raises(InputError, match="made for masks. Received: digits, whose label is no mask"):
        weighted(load("digits"))
    with pytest.raises(InputError, match="a tf.data service does not make it"):
        weighted(load("cells", memory_limit=10)).split("train").repeated(0)
    with pytest.raises(InputError, match=r"instances must have the label's size. Received: \[2, 2\] and \[3, 3\]"):
        border_weights(np.zeros([3, 3], int), instances=np.zeros([2, 2], int))
    with pytest.raises(InputError, match="midline must be a number > 0. Received: 0"):
        border_weights(np.zeros([3, 3], int), midline=0)
