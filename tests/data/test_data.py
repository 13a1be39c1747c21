"""Laws of the pipeline: what a batch holds, in which order, wherever the data comes from."""

import concurrent.futures
import doctest
import os
import re
import shlex
import sys
import threading
from itertools import islice
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

import keraszoo.data
from keraszoo.core.errors import InputError
from keraszoo.data import batches, load, repeated, resident, steps_per_epoch, transformed_shape
from keraszoo.data.datasets import offline

TFDS_DATA_DIR = os.environ.get("TFDS_DATA_DIR", "")
KINDS = ("memory", "records", "files")


class ZooTestShapes(tfds.core.GeneratorBasedBuilder):
    """Small datasets with what the builders of tfds may have, one a configuration."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=name) for name in ("factors", "nan", "sizes", "text", "secret", "named")
    ]

    def _info(self):
        kind = self.builder_config.name
        features = {"id": tfds.features.Scalar(np.int32), "label": tfds.features.ClassLabel(num_classes=3)}
        if kind == "sizes":
            features["photo"] = tfds.features.Image(shape=(None, None, 3))
            features["mask"] = tfds.features.Image(shape=(None, None, 1))
        elif kind == "named":
            features["photo"] = tfds.features.Image(shape=(2, 2, 3))
            features["mask"] = tfds.features.LabeledImage(labels=["ground", "cat", "dog"], shape=(2, 2, 1))
        elif kind == "text":
            features["text"] = tfds.features.Text()
        elif kind == "secret":
            features["image"] = tfds.features.Image(shape=(4, 4, 1))
        else:
            features["vector"] = tfds.features.Tensor(shape=(2,), dtype=np.float32)
            features["factors"] = {"scale": tfds.features.Scalar(np.float32), "turn": tfds.features.Scalar(np.int64)}
        keys = ("image", "label") if kind == "secret" else None
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features), supervised_keys=keys)

    def _split_generators(self, dl_manager):
        if self.builder_config.name == "secret":
            return {"train": self._generate_examples(10, secret=False), "test": self._generate_examples(5, secret=True)}
        return {"everything": self._generate_examples(20)}

    def _generate_examples(self, count, secret=False):
        for i in range(count):
            example = {"id": i, "label": -1 if secret else i % 3}
            if self.builder_config.name == "named":
                example["photo"] = np.zeros((2, 2, 3), np.uint8)
                example["mask"] = np.uint8([[[0], [1]], [[1], [255]]])
            elif "photo" in self.info.features:
                example["photo"] = np.full((6 + i % 2, 8, 3), 10 * i, np.uint8)
                example["mask"] = np.tile(np.uint8([[0, 0, 0, 0, 200, 200, 200, 200]]), (6 + i % 2, 1))[..., None]
            if "text" in self.info.features:
                example["text"] = str(i)
            if "image" in self.info.features:
                example["image"] = np.full((4, 4, 1), i, np.uint8)
            if "vector" in self.info.features:
                example["vector"] = np.float32([i, np.nan if self.builder_config.name == "nan" and i == 3 else i])
                example["factors"] = {"scale": i / 2, "turn": i % 4}
            yield i, example


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Neither the user's home nor the user's data."""
    for variable in ("HOME", "XDG_CACHE_HOME", "TFDS_DATA_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))


@pytest.fixture
def shapes(monkeypatch):
    """`zoo_test_shapes` as one more of the zoo's own datasets."""
    monkeypatch.setitem(offline.BUILDERS, ZooTestShapes.name, ZooTestShapes)


def numbered(tmp_path, kind, count=37):
    """A source whose training example i has the pixel i (of 255) in the middle, held in memory or in files."""
    pixels = np.zeros((count, 3, 3, 1), np.uint8)
    pixels[:, 1, 1, 0] = np.arange(count)
    if kind == "memory":
        np.savez(tmp_path / "numbered.npz", x_train=pixels, x_test=pixels[:11], y_train=np.arange(count))
        return load(tmp_path / "numbered.npz")
    if kind == "files":
        for split, size in (("train", count), ("test", 11)):
            for i in range(size):
                (tmp_path / split / f"{i:02d}").mkdir(parents=True)
                Image.fromarray(pixels[i, ..., 0]).save(tmp_path / split / f"{i:02d}" / "image.png")
        return load(tmp_path, memory_limit=10)
    return load("digits", memory_limit=10)


def number(x):
    return np.rint(255 * np.asarray(x)[:, 1, 1, 0]).astype(int).tolist()


# ---------------------------------------------------------------------- the order


@pytest.mark.parametrize("kind", ["memory", "files"])
def test_every_epoch_sees_each_example_at_most_once(tmp_path, kind):
    source = numbered(tmp_path, kind)
    steps = steps_per_epoch(source, "train", 5)
    data = batches(source, "train", 5, training=True)
    epochs = [sum((number(x) for x in islice(data.skip(e * steps), steps)), []) for e in range(12)]
    assert steps == 7
    for epoch in epochs:
        assert len(epoch) == 35 == len(set(epoch))
        assert set(epoch) <= set(range(37))
    assert set().union(*epochs) == set(range(37)), "the remainder differs from epoch to epoch"


def test_streamed_epochs_see_each_example_at_most_once():
    held, source = load("digits"), numbered(None, "records")
    known = {image.tobytes() for image in held.array("train")}
    epochs = [
        [
            image.tobytes()
            for x in islice(batches(source, "train", 100, training=True, first_step=14 * e), 14)
            for image in np.rint(255 * x).astype("uint8")
        ]
        for e in range(2)
    ]
    for epoch in epochs:
        assert len(epoch) == 1400 == len(set(epoch))
        assert set(epoch) <= known
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize("kind", KINDS)
def test_order_depends_on_seed_and_epoch(tmp_path, kind):
    source = numbered(tmp_path, kind)
    size = source.sizes["train"]

    def epoch(seed, epoch):
        return next(iter(batches(source, "train", size, training=True, seed=seed, first_step=epoch))).numpy().tolist()

    orders = [epoch(seed, e) for seed, e in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1))]
    assert all(a != b for i, a in enumerate(orders) for b in orders[:i])
    assert orders[0] == epoch(0, 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", [1, 7, 16])
def test_starting_at_step_k_gives_what_an_uninterrupted_stream_gives(tmp_path, kind, start):
    source = numbered(tmp_path, kind)
    size = source.sizes["train"] // 7
    options = {"training": True, "with_labels": True, "transforms": (("binarize",),), "seed": 3}
    whole = list(islice(batches(source, "train", size, **options), start + 3))[start:]
    resumed = list(islice(batches(source, "train", size, first_step=start, **options), 3))
    for (x, y), (again_x, again_y) in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(x, again_x)
        np.testing.assert_array_equal(y, again_y)


def test_resident_batches_are_those_of_the_pipeline(mirrored):
    """With labels and random transforms, across the end of an epoch, whole and in the parts of two replicas."""
    options = {"with_labels": True, "transforms": (("binarize",), ("pad", 10)), "seed": 3}
    source = load("digits")
    expected = list(islice(batches(source, "train", 350, training=True, first_step=2, **options), 3))
    inside = resident(source, "train", 350, **options)
    assert inside.steps_per_epoch == 4
    for strategy in (tf.distribute.get_strategy(), mirrored):
        values = inside.values(strategy)

        @tf.function
        def parts(step, strategy=strategy, values=values):
            return strategy.run(lambda values: inside.batch(values, step), args=(values,))

        for step, batch in enumerate(expected, start=2):
            found = parts(tf.constant(step, tf.int64))
            for mine, theirs in zip(found, batch, strict=True):
                shares = strategy.experimental_local_results(mine)
                assert shares[0].dtype == theirs.dtype and len({share.shape[0] for share in shares}) == 1
                np.testing.assert_array_equal(np.concatenate(shares), theirs)


def test_repeated_examples_come_as_often_and_are_held_once():
    digits = load("digits")
    source = repeated(digits, "train", 3)
    part = source.split("train")
    assert source.sizes == {"train": 3 * 1437, "test": 360} and len(part.values()["image"]) == 1437
    np.testing.assert_array_equal(source.array("train"), np.concatenate([digits.array("train")] * 3))
    options = {"transforms": (("pad", 10),), "with_labels": True}
    epoch = list(islice(batches(source, "train", 1437, training=True, **options), 3))
    images = [image.tobytes() for x, _ in epoch for image in np.rint(16 * x[:, 1:-1, 1:-1]).astype("uint8")]
    once = [image.tobytes() for image in np.rint(digits.array("train") * (16 / 255)).astype("uint8")]
    assert sorted(images) == sorted(3 * once)
    inside = resident(source, "train", 1437, **options)
    found = inside.batch(inside.values(tf.distribute.get_strategy()), tf.constant(2, tf.int64))
    for mine, theirs in zip(found, epoch[2], strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_only_what_fits_in_memory_is_resident(tmp_path, monkeypatch):
    for kind in ("files", "records"):
        assert resident(numbered(tmp_path, kind), "train", 5) is None
    source = load("digits")
    monkeypatch.setattr(
        sys.modules["keraszoo.data.pipeline.batches"], "RESIDENT_LIMIT", source.sizes["train"] * (64 + 8)
    )
    assert resident(source, "train", 5) is not None
    monkeypatch.setattr(
        sys.modules["keraszoo.data.pipeline.batches"], "RESIDENT_LIMIT", source.sizes["train"] * (64 + 8) - 1
    )
    assert resident(source, "train", 5) is None
    with pytest.raises(InputError, match="batch_size must be at most"):
        resident(source, "train", 5000)


@pytest.mark.parametrize("kind", KINDS)
def test_order_ignores_the_global_seed_and_leaves_it_alone(tmp_path, kind):
    source = numbered(tmp_path, kind)
    orders, draws = [], []
    for seed in (0, 99):
        keras.utils.set_random_seed(seed)
        orders.append(next(iter(batches(source, "train", 37, training=True))))
        draws.append(tf.random.uniform([3]))
        keras.utils.set_random_seed(seed)
        np.testing.assert_array_equal(draws[-1], tf.random.uniform([3]))
    np.testing.assert_array_equal(*orders)


@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_sees_every_example_once_and_in_order(tmp_path, kind):
    source = numbered(tmp_path, kind)
    held = load("digits") if kind == "records" else numbered(tmp_path, "memory")
    data = batches(source, "test", 4, training=False)
    x = np.concatenate(list(data))
    np.testing.assert_allclose(x, held.array("test") / 255, rtol=1.5e-7, atol=0)
    np.testing.assert_array_equal(np.rint(255 * x), held.array("test"))
    assert int(data.cardinality()) == -(-source.sizes["test"] // 4)


@pytest.mark.parametrize("kind", KINDS)
def test_training_goes_on_for_ever(tmp_path, kind):
    data = batches(numbered(tmp_path, kind), "train", 5, training=True)
    assert int(data.cardinality()) == tf.data.INFINITE_CARDINALITY
    assert data.element_spec.shape[0] == 5


def test_two_replicas_share_the_batches_of_one(tmp_path, mirrored):
    source = numbered(tmp_path, "memory")
    for options in ({"training": True, "batch_size": 6}, {"training": False, "batch_size": 4}):
        data = batches(source, "test", transforms=(("binarize",),), **options)
        one = [x.numpy() for x in islice(data, 3)]
        shared = islice(mirrored.experimental_distribute_dataset(data), 3)
        two = [np.concatenate([x.numpy() for x in mirrored.experimental_local_results(b)]) for b in shared]
        for ours, theirs in zip(one, two, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_a_dataset_is_held_in_memory_once(tmp_path):
    source = numbered(tmp_path, "memory")
    assert np.shares_memory(source.array("train"), source.array("train"))
    assert not source.array("train").flags.writeable
    assert source.array("train").dtype == np.uint8


def test_a_pipeline_does_not_copy_its_dataset(tmp_path):
    size = 200_000_000
    np.savez(tmp_path / "a.npz", train=np.ones((size // 1000, 1000), "uint8"), test=np.ones((1, 1000), "uint8"))
    source = load(tmp_path / "a.npz")

    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    before = resident()
    for training in (True, False):
        next(iter(batches(source, "train", 5, training=training)))
    assert resident() - before < size / 2


# ---------------------------------------------------------------------- scaling and transforms


def test_labels_are_int64_and_values_float32(tmp_path):
    x = np.arange(12.0).reshape(6, 2)
    np.savez(tmp_path / "classes.npz", image=x, label=np.array([[0], [1], [2], [0], [1], [2]], "uint8"))
    np.savez(tmp_path / "values.npz", image=x, label=np.linspace(-1, 1, 6))
    classes, values = load(tmp_path / "classes.npz"), load(tmp_path / "values.npz")
    first, second = (next(iter(batches(s, "train", 5, training=False, with_labels=True))) for s in (classes, values))
    assert (first[0].dtype, first[1].dtype, second[1].dtype) == (tf.float32, tf.int64, tf.float32)
    assert first[1].shape == (5,)
    assert (classes.num_classes, values.num_classes) == (3, None)
    assert classes.array("train").dtype == np.float64, "arrays stay as stored"


@pytest.mark.parametrize(
    "dtype, value, scaled",
    [("uint8", 51, 0.2), ("uint16", 13107, 0.2), ("bool", True, 1), (">f4", 7, 7), ("int32", -3, -3)],
)
def test_unsigned_pixels_are_scaled_and_other_numbers_are_not(tmp_path, dtype, value, scaled):
    np.savez(tmp_path / "a.npz", train=np.full((2, 3), value, dtype), test=np.full((2, 3), value, dtype))
    x = next(iter(batches(load(tmp_path / "a.npz"), "train", 2, training=False)))
    np.testing.assert_allclose(x, np.full((2, 3), scaled, "float32"), rtol=1e-6)


@pytest.mark.parametrize(
    "shape, transforms, want",
    [
        ((8, 8, 1), (), (8, 8, 1)),
        ((8, 8, 1), (("pad", 32),), (32, 32, 1)),
        ((8, 6, 3), [["pad", [9, 10]]], (9, 10, 3)),
        ((8, 6, 3), (("resize", (4, 3)),), (4, 3, 3)),
        ((8, 8, 3), (("grayscale",),), (8, 8, 1)),
        ((8, 8, 1), ("rgb", "flatten"), (192,)),
        ((8, 8, 1), (("threshold", 0.3), ("flatten",)), (64,)),
        ((5,), (("binarize",),), (5,)),
    ],
)
def test_transformed_shape_is_the_shape_of_the_batches(tmp_path, shape, transforms, want):
    np.savez(tmp_path / "a.npz", train=np.ones((3, *shape), "uint8"), test=np.ones((2, *shape), "uint8"))
    source = load(tmp_path / "a.npz")
    assert transformed_shape(source, transforms) == want
    for training in (True, False):
        assert next(iter(batches(source, "train", 3, training=training, transforms=transforms))).shape == (3, *want)


def test_pad_keeps_the_image_in_the_middle(tmp_path):
    x = next(iter(batches(numbered(tmp_path, "memory"), "test", 11, training=False, transforms=(("pad", 7),))))
    np.testing.assert_array_equal(np.rint(255 * x[:, 3, 3, 0]), np.arange(11))
    assert np.count_nonzero(x) == 10


def test_resize_takes_the_middle_and_keeps_a_constant_image(tmp_path):
    images = np.zeros((2, 4, 8, 1), "uint8")
    images[:, :, 2:6] = 200
    np.savez(tmp_path / "a.npz", train=images, test=images)
    x = next(iter(batches(load(tmp_path / "a.npz"), "train", 2, training=False, transforms=(("resize", 2),))))
    np.testing.assert_allclose(x, np.full((2, 2, 2, 1), 200 / 255), rtol=1e-6)
    loaded = load(tmp_path / "a.npz", image_size=2).array("train")
    np.testing.assert_array_equal(loaded, np.full((2, 2, 2, 1), 200, "uint8"))


def test_binarize_draws_pixels_with_their_probability_anew_each_epoch_and_repeatably(tmp_path):
    images = np.full((200, 50), 64, "uint8")
    np.savez(tmp_path / "a.npz", train=images, test=images)
    source = load(tmp_path / "a.npz")
    options = {"training": True, "transforms": (("binarize",),)}
    first, second = (x.numpy() for x in islice(batches(source, "train", 200, **options), 2))
    assert set(np.unique(first)) == {0.0, 1.0}
    assert abs(first.mean() - 64 / 255) < 4 * np.sqrt(0.25 * 0.75 / first.size)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, next(iter(batches(source, "train", 200, **options))))
    assert not np.array_equal(first, next(iter(batches(source, "train", 200, seed=1, **options))))


def test_binarize_gives_an_example_the_same_pixels_in_every_evaluation(tmp_path):
    images = np.full((20, 50), 128, "uint8")
    np.savez(tmp_path / "a.npz", train=images, test=images)
    source = load(tmp_path / "a.npz")
    small, large = (
        np.concatenate(list(batches(source, "test", size, training=False, transforms=(("binarize",),))))
        for size in (3, 20)
    )
    np.testing.assert_array_equal(small, large)
    assert len(np.unique(small, axis=0)) == 20


# ---------------------------------------------------------------------- datasets of tfds


def test_tfds_knows_the_digits():
    builder = tfds.builder("digits", data_dir=offline.cache_dir())
    load("digits")
    examples = tfds.load("digits", data_dir=offline.cache_dir(), download=False, split="train", batch_size=-1)
    assert builder.info.supervised_keys == ("image", "label")
    assert examples["image"].shape == (1437, 8, 8, 1)


def test_digits_are_those_of_sklearn_divided_alike():
    from sklearn.datasets import load_digits

    source = load("digits")
    ours = np.concatenate([source.array(split)[..., 0] for split in source.splits])
    theirs = np.rint(load_digits().images * 255 / 16)
    assert sorted(map(bytes, ours)) == sorted(map(bytes, theirs.astype("uint8")))
    assert source.sizes == {"train": 1437, "test": 360}
    counts = [np.bincount(source.array(split, "label")) for split in source.splits]
    np.testing.assert_allclose(counts[0] / 1437, counts[1] / 360, atol=0.003)
    assert source.num_classes == 10
    assert source.class_names == tuple("0123456789")


def test_photos_are_patches_of_the_photographs_of_sklearn():
    """Found where they lie: training patches every 16 pixels, test patches side by side, and no pixel in both."""
    from sklearn.datasets import load_sample_images

    source = load("photos")
    assert source.sizes == {"train": 1450, "test": 130}
    assert source.shapes == {"image": (32, 32, 3), "label": ()} and source.class_names == ("china", "flower")
    seen = np.zeros([2, 427, 640, 2], bool)
    for split, (name, stride) in enumerate({"train": 16, "test": 32}.items()):
        patches = [set() for _ in range(2)]
        for patch, label in zip(source.array(name), source.array(name, "label"), strict=True):
            patches[label].add(patch.tobytes())
        for label, photo in enumerate(load_sample_images().images):
            for top in range(0, 427 - 31, stride):
                for left in range(0, 640 - 31, stride):
                    if photo[top : top + 32, left : left + 32].tobytes() in patches[label]:
                        seen[label, top : top + 32, left : left + 32, split] = True
    assert not seen.all(-1).any(), "a pixel is in both splits"
    covered = seen.mean((1, 2))
    assert (covered[:, 0] > 0.72).all() and (covered[:, 1] > 0.24).all()


@pytest.mark.slow
def test_photographs_for_testing_are_others_than_those_for_training():
    from sklearn.datasets import load_sample_image

    source = load("photographs")
    assert source.sizes == {"train": 851 + 986, "test": 851} and source.shapes["image"] == (64, 64, 3)
    train, test = (set(source.array(split, "label")) for split in ("train", "test"))
    assert not train & test and len(train | test) == source.num_classes == 3
    flower = load_sample_image("flower.jpg")
    expected = {
        flower[top : top + 64, left : left + 64].tobytes()
        for top in range(0, 427 - 63, 16)
        for left in range(0, 640 - 63, 16)
    }
    assert {crop.tobytes() for crop in source.array("test")} == expected
    assert not expected & {crop.tobytes() for crop in source.array("train")}


def test_photos_are_the_same_each_time(tmp_path):
    arrays = []
    for folder in ("a", "b"):
        builder = offline.BUILDERS["photos"](data_dir=tmp_path / folder)
        builder.download_and_prepare()
        arrays.append(load("photos", data_dir=tmp_path / folder).fingerprint())
    assert arrays[0] == arrays[1]


def test_a_folder_may_have_the_name_of_a_known_dataset(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for i in range(3):
        Image.fromarray(np.full([4, 4], i, "uint8")).save(tmp_path / "photos" / f"{i}.png")
    assert load("photos").shapes["image"] == (32, 32, 3)
    for name in ("photos/", "./photos", tmp_path / "photos"):
        assert load(name).shapes["image"] == (4, 4, 1)


def test_an_offline_dataset_is_prepared_in_the_cache_and_quietly(tmp_path, monkeypatch, capfd):
    monkeypatch.delenv("KERASZOO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    load("digits", data_dir=tmp_path / "data")
    out, err = capfd.readouterr()
    assert (tmp_path / "cache/keraszoo/tensorflow_datasets/digits").is_dir()
    assert not list((tmp_path / "data").iterdir())
    assert out == ""
    assert [line[:9] for line in err.splitlines() if "0000 00:00" not in line] == ["Preparing"]
    load("digits", data_dir=tmp_path / "data")
    assert "Preparing" not in capfd.readouterr().err


def test_an_offline_dataset_in_the_data_dir_is_used_where_it_is(tmp_path, monkeypatch):
    tfds.builder("digits", data_dir=tmp_path / "data").download_and_prepare()
    monkeypatch.setenv("KERASZOO_CACHE", str(tmp_path / "cache"))
    assert load("digits", data_dir=tmp_path / "data").sizes["test"] == 360
    assert not (tmp_path / "cache").exists()


def test_of_two_that_prepare_a_dataset_one_waits_for_the_other(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASZOO_CACHE", str(tmp_path / "cache"))
    digits = offline.BUILDERS["digits"]
    generate, lock, preparing = digits._split_generators, offline.lock, []
    asked, both_asked = [], threading.Event()

    def asking(*args, **options):
        asked.append(args)
        if len(asked) == 2:
            both_asked.set()
        return lock(*args, **options)

    def not_alone(self, dl_manager):
        preparing.append(self)
        both_asked.wait(20)
        return generate(self, dl_manager)

    monkeypatch.setattr(offline, "lock", asking)
    monkeypatch.setattr(digits, "_split_generators", not_alone)
    with concurrent.futures.ThreadPoolExecutor(2) as two:  # as processes do, each opens the lock for itself
        made = list(two.map(lambda number: offline.prepared("digits", tmp_path), range(2)))
    assert [builder.info.splits["train"].num_examples for builder in made] == [1437, 1437]
    assert len(preparing) == 1
    assert [path.name for path in (offline.cache_dir() / "digits").iterdir()] == ["1.0.0"], "nothing half-written"


def test_a_single_split_is_divided(shapes):
    source = load("zoo_test_shapes/factors")
    assert source.sizes == {"train": 18, "test": 2}
    ids = [source.array(split, "id").tolist() for split in source.splits]
    assert sorted(ids[0] + ids[1]) == list(range(20))


@pytest.mark.parametrize("limit", [2**30, 10])
def test_nested_features_and_vectors_can_be_learned_from(shapes, limit):
    source = load("zoo_test_shapes/factors", memory_limit=limit, supervised_keys=["vector", "factors/turn"])
    x, y = next(iter(batches(source, "train", 18, training=True, with_labels=True)))
    np.testing.assert_array_equal(x[:, 0] % 4, y)
    assert source.features[0] == "vector"
    assert set(source.features[1:]) == {"factors/scale", "factors/turn", "id", "label"}
    assert source.in_memory == (limit > 10)


@pytest.mark.parametrize("limit", [2**30, 10])
def test_images_of_any_size_are_brought_to_one_with_their_masks(shapes, limit):
    options = {"image_size": (3, 4), "supervised_keys": ("photo", "mask"), "memory_limit": limit}
    source = load("zoo_test_shapes/sizes", mask_values="0:0,200:1", **options)
    assert source.num_classes == 2
    x, y = next(iter(batches(source, "test", 2, training=False, with_labels=True)))
    assert x.shape == (2, 3, 4, 3)
    np.testing.assert_array_equal(y, np.tile([0, 0, 1, 1], (2, 3, 1)))
    void = load("zoo_test_shapes/sizes", ignore=200, class_names=("a", "b"), **options)
    _, y = next(iter(batches(void, "test", 2, training=False, with_labels=True)))
    np.testing.assert_array_equal(y, np.tile([0, 0, -1, -1], (2, 3, 1)))


@pytest.mark.parametrize("limit", [2**30, 10])
def test_classes_of_labelled_images_have_names_and_void(shapes, limit):
    options = {"supervised_keys": ("photo", "mask"), "memory_limit": limit, "ignore": 255}
    source = load("zoo_test_shapes/named", **options)
    assert (source.num_classes, source.class_names, source.has_void) == (3, ("ground", "cat", "dog"), True)
    _, y = next(iter(batches(source, "test", 1, training=False, with_labels=True)))
    np.testing.assert_array_equal(y, [[[0, 1], [1, -1]]])
    if limit > 10:
        assert "3 classes: ground 20 pixels (25 %), cat 40 pixels (50 %), dog 0" in source.account


def test_without_supervised_keys_the_first_image_is_the_input(shapes):
    source = load("zoo_test_shapes/sizes", image_size=4, supervised_keys=("photo", None))
    assert load("zoo_test_shapes/sizes", image_size=4, supervised_keys=None).input in ("mask", "photo")
    assert load("zoo_test_shapes/factors").input == "vector"
    assert (source.input, source.target) == ("photo", None)


def test_secret_labels_count_as_none(shapes):
    source = load("zoo_test_shapes/secret")
    assert "label" in source.split("train").shapes
    with pytest.raises(InputError, match="split 'test', has no labels"):
        batches(source, "test", 2, training=False, with_labels=True)


@pytest.mark.skipif(not os.path.isdir(os.path.join(TFDS_DATA_DIR, "mnist")), reason="MNIST is not prepared")
def test_mnist_is_read_in_the_order_of_tfds():
    source = load("mnist", data_dir=TFDS_DATA_DIR, memory_limit=10)
    assert source.sizes == {"train": 60000, "test": 10000}
    labels = [int(e["label"]) for e in tfds.load("mnist", data_dir=TFDS_DATA_DIR, split="test[:50]", download=False)]
    _, y = next(iter(batches(source, "test", 50, training=False, with_labels=True)))
    assert y.numpy().tolist() == labels


def test_a_dataset_that_is_not_prepared_is_not_downloaded(tmp_path):
    with pytest.raises(InputError) as error:
        load("cifar10", data_dir=tmp_path)
    message = str(error.value)
    assert str(tmp_path) in message
    assert "\n" not in message
    program, option, code = shlex.split(message.split("Prepare it with: ")[1])
    assert (program, option) == ("python", "-c")
    assert code == f"import tensorflow_datasets as tfds; tfds.load('cifar10', data_dir='{tmp_path}')"
    assert not list(tmp_path.iterdir())


def test_the_data_dir_comes_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "from_environment"))
    with pytest.raises(InputError, match="from_environment"):
        load("mnist")
    monkeypatch.delenv("TFDS_DATA_DIR")
    monkeypatch.setenv("HOME", str(tmp_path / "from_home"))
    with pytest.raises(InputError, match="from_home/tensorflow_datasets"):
        load("mnist")


# ---------------------------------------------------------------------- folders


def save_image(path, shape=(4, 5), value=100):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(shape, value, "uint8")).save(path)


def test_a_folder_of_a_data_sets_name_is_told_and_found_by_its_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load("digits").warnings == ()
    for index in range(4):
        save_image(tmp_path / "digits" / f"{index}.png")
    (line,) = load("digits").warnings
    assert "digits is the data set of that name" in line and "./digits" in line
    assert sum(load("./digits").sizes.values()) == 4


def test_a_flat_folder_is_divided_the_same_every_time(tmp_path):
    for i in range(20):
        save_image(tmp_path / f"{i:02d}.png", value=i)
    (tmp_path / "notes.txt").write_text("not an image")
    first, second = load(tmp_path), load(str(tmp_path))
    assert first.sizes == {"train": 18, "test": 2}
    assert first.shapes == {"image": (4, 5, 1)}
    assert first.target is None
    np.testing.assert_array_equal(first.array("test"), second.array("test"))
    values = np.concatenate([first.array(split)[:, 0, 0, 0] for split in first.splits])
    assert sorted(values) == list(range(20))


def test_sub_folders_are_classes(tmp_path):
    for i in range(4):
        save_image(tmp_path / "cat" / f"{i}.jpg", (4, 4, 3), 10)
        save_image(tmp_path / "dog" / f"{i}.png", (4, 4), 20)
    source = load(tmp_path)
    assert source.class_names == ("cat", "dog")
    assert source.num_classes == 2
    assert source.shapes["image"] == (4, 4, 3), "one colour image makes all of them colour"
    for split in source.splits:
        np.testing.assert_array_equal(source.array(split, "label"), source.array(split)[:, 0, 0, 0] // 20)


def test_train_and_test_folders_are_splits(tmp_path):
    for split, count in (("train", 3), ("test", 2)):
        for name in ("a", "b"):
            for i in range(count):
                save_image(tmp_path / split / name / f"{i}.png")
    source = load(tmp_path)
    assert source.sizes == {"train": 6, "test": 4}
    assert source.array("test", "label").tolist() == [0, 0, 1, 1]


def test_images_of_differing_size_need_an_image_size(tmp_path):
    save_image(tmp_path / "a.png", (4, 5))
    save_image(tmp_path / "b.png", (6, 5))
    save_image(tmp_path / "c.png", (6, 5))
    with pytest.raises(InputError, match=r"image_size.*6x5 \(2\), 4x5 \(1\)"):
        load(tmp_path)
    assert load(tmp_path, image_size=(3, 2)).shapes["image"] == (3, 2, 1)


def test_photos_stand_upright(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was held upright
    for name in ("a.jpg", "b.jpg"):
        Image.fromarray(np.zeros((4, 8, 3), "uint8")).save(tmp_path / name, exif=turned)
    assert load(tmp_path).shapes["image"] == (8, 4, 3)


@pytest.mark.parametrize("image_size", [None, 3])
def test_files_give_the_same_pixels_from_disk_as_from_memory(tmp_path, image_size):
    for i in range(6):
        Image.fromarray(np.random.default_rng(i).integers(0, 255, (4, 5, 3), "uint8")).save(tmp_path / f"{i}.png")
    held, read = load(tmp_path, image_size=image_size), load(tmp_path, image_size=image_size, memory_limit=10)
    assert (held.in_memory, read.in_memory) == (True, False)
    for options in ({"training": True}, {"training": False}):
        first, second = (next(iter(batches(source, "train", 4, **options))) for source in (held, read))
        np.testing.assert_array_equal(first, second)


# ---------------------------------------------------------------------- archives


@pytest.mark.parametrize(
    "arrays, input, target, sizes",
    [
        (("x_train", "y_train", "x_test", "y_test"), "x", "y", {"train": 20, "test": 20}),
        (("x_train", "x_test"), "x", None, {"train": 20, "test": 20}),
        (("train", "test"), "x", None, {"train": 20, "test": 20}),
        (("image", "label"), "image", "label", {"train": 18, "test": 2}),
        (("image",), "image", None, {"train": 18, "test": 2}),
    ],
)
def test_archives_are_understood_by_the_names_of_their_arrays(tmp_path, arrays, input, target, sizes):
    x = np.arange(20, dtype="uint8")
    is_label = {"y_train", "y_test", "label"}
    np.savez(tmp_path / "a.npz", **{k: x if k in is_label else np.tile(x[:, None, None], (1, 2, 2)) for k in arrays})
    source = load(str(tmp_path / "a.npz"))
    assert (source.input, source.target, source.sizes) == (input, target, sizes)
    assert source.shapes[input] == (2, 2, 1)
    if target:
        for split in source.splits:
            np.testing.assert_array_equal(source.array(split)[:, 0, 0, 0], source.array(split, target))


# ---------------------------------------------------------------------- mistakes

GOOD = np.ones((4, 3), "float32")
NAN = np.array([[1, 1, 1], [1, np.nan, np.inf], [np.nan, 1, 1]], "float32")


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({"train": GOOD, "test": NAN}, r"split 'test', feature 'x'.*finite.*3 NaN or infinite values.*row 1"),
        ({"train": np.full((2, 2), 1e300), "test": np.ones((2, 2))}, "finite in float32"),
        ({"train": np.array([{}, {}]), "test": GOOD}, "dtype object"),
        ({"train": np.array([["a"]]), "test": np.array([["b"]])}, "dtype <U1"),
        ({"train": GOOD.astype("complex64"), "test": GOOD.astype("complex64")}, "dtype complex64"),
        ({"train": GOOD[:0], "test": GOOD}, "Empty: train"),
        ({"train": GOOD, "test": GOOD[:, :2]}, r"agree in shape.*train \[3\] float32, test \[2\] float32"),
        ({"train": GOOD, "test": GOOD.astype("uint8")}, "agree in shape and dtype"),
        ({"train": np.ones(3), "test": np.ones(3)}, r"\[n, features\].*Received: \[3\]"),
        ({"train": np.float32(3), "test": GOOD}, "first dimension"),
        ({"imgs": GOOD, "latents": GOOD}, "must be named .*Received: imgs, latents"),
        ({"image": GOOD, "label": np.array([0, 1, -1, 2])}, r"label must be from 0 to 2.*1 others.*: -1"),
        ({"image": GOOD, "label": np.arange(3)}, "equally many examples.*'image': 4, 'label': 3"),
        ({"image": GOOD[:1]}, "at least two examples"),
    ],
)
def test_arrays_that_cannot_be_learned_from(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=message) as error:
        load(tmp_path / "a.npz")
    assert "\n" not in str(error.value)
    assert "a.npz" in str(error.value)


@pytest.mark.parametrize(
    "name, options, message",
    [
        ("cifar11", {}, "Unknown dataset 'cifar11'.*Closest: .*cifar10"),
        ("digit", {}, "Closest: .*digits"),
        ("qqqqqqqq", {}, "Offline there is digits"),
        ("what is this", {}, "name/config:version"),
        ("mnist/small", {}, "mnist has no configuration 'small'. It has no configurations"),
        ("cifar10_corrupted/brightnes_1", {}, "no configuration.*Closest: .*brightness_1"),
        ("mnist:9.9.9", {}, "cannot open mnist:9.9.9: Dataset mnist cannot be loaded at version 9.9.9"),
        ("digits:9.9.9", {}, "cannot open digits:9.9.9"),
        ("./missing", {}, "No such file or folder"),
        ("missing.npz", {}, "No such file or folder"),
        (3, {}, "by its name or path. Received: 3"),
        ("digits", {"image_size": 0}, "image size is a positive integer.*Received: 0"),
        ("digits", {"image_size": (4, 4, 4)}, r"\(height, width\). Received"),
        ("digits", {"supervised_keys": "image"}, "supervised_keys is"),
        ("digits", {"supervised_keys": ("imag", None)}, "no numeric feature 'imag'. Closest: image"),
        ("digits", {"supervised_keys": ("label", None)}, "must be an array"),
        ("zoo_test_shapes/text", {}, "no image and no array.*text"),
        ("zoo_test_shapes/sizes", {"supervised_keys": ("photo", None)}, "one shape.*Pass image_size"),
        ("zoo_test_shapes/factors", {"image_size": 8}, "image_size is for images"),
        ("zoo_test_shapes/nan", {}, "feature 'vector'.*1 NaN or infinite"),
    ],
)
def test_names_that_are_no_dataset(shapes, name, options, message):
    with pytest.raises(InputError, match=message) as error:
        load(name, **options)
    assert "\n" not in str(error.value)


def test_streamed_nan_stops_the_training(shapes):
    source = load("zoo_test_shapes/nan", memory_limit=10)
    with pytest.raises(tf.errors.InvalidArgumentError, match="zoo_test_shapes.*vector.*NaN"):
        list(batches(source, "train", 5, training=False))


def test_a_cache_that_cannot_be_written_is_one_clear_line(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KERASZOO_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(InputError, match="cache directory .*Set KERASZOO_CACHE") as error:
        load("digits")
    assert "\n" not in str(error.value)


def test_files_that_are_no_dataset(tmp_path):
    (tmp_path / "a.npz").write_text("not an archive")
    (tmp_path / "b.csv").write_text("1,2")
    (tmp_path / "b.txt").write_text("1,2")
    (tmp_path / "empty").mkdir()
    save_image(tmp_path / "mixed" / "a.png")
    save_image(tmp_path / "mixed" / "cat" / "b.png")
    for name in ("a.png", "b.png"):
        (tmp_path / "broken").mkdir(exist_ok=True)
        (tmp_path / "broken" / name).write_bytes(b"not an image")
    save_image(tmp_path / "lonely" / "a.png")
    for name, dtype in (("a.png", "uint16"), ("b.png", "uint8")):
        (tmp_path / "deep").mkdir(exist_ok=True)
        Image.fromarray(np.ones((4, 4), dtype)).save(tmp_path / "deep" / name)
    for name, message in (
        ("a.npz", "not a readable .npz"),
        ("b.csv", "at least two examples are needed"),
        ("b.txt", "is an .npz archive, a table .*, a multi-page TIFF, or a folder"),
        ("empty", "no images in it"),
        ("mixed", "not mixed"),
        ("broken", "Cannot read the image .*a.png"),
        ("lonely", "at least two examples"),
        ("deep", "differ in depth.*16 bits .*a.png.*, 8 bits .*b.png"),
    ):
        with pytest.raises(InputError, match=message):
            load(tmp_path / name)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"split": "valid"}, "no split 'valid'. Known: test, train"),
        ({"split": "tran"}, "Closest: train"),
        ({"batch_size": 38}, "at most the number of training examples, 37 .*Received: 38"),
        ({"batch_size": 0}, "batch_size must be an integer of at least 1. Received: 0"),
        ({"batch_size": 2.5}, "batch_size must be an integer"),
        ({"first_step": -1}, "first_step must be an integer of at least 0"),
        ({"first_step": 2, "training": False}, "first_step belongs to training"),
        ({"seed": "a"}, "seed must be an integer. Received: 'a'"),
        ({"split": "test", "with_labels": True}, "split 'test', has no labels. Its features: x"),
        ({"transforms": (("padd", 8),)}, "Unknown transform 'padd'. Closest: pad"),
        ({"transforms": (("pad",),)}, r"Transform pad takes size: missing .*Received: \('pad',\)"),
        ({"transforms": (("flatten", 3),)}, "Transform flatten takes no arguments"),
        ({"transforms": (("binarize", 3),)}, "Transform binarize takes no arguments"),
        ({"transforms": "pad"}, "transforms is a sequence"),
        ({"transforms": (8,)}, "A transform is written .*Received: 8"),
        ({"transforms": (("pad", 2),)}, "at least the image's, 3x3. Received: 2x2"),
        ({"transforms": (("pad", "8"),)}, "image size is a positive integer.*Received: '8'"),
        ({"transforms": (("flatten",), ("pad", 8))}, r"pad takes images.*Received: examples of \[9\]"),
        ({"transforms": (("threshold", "a"),)}, "threshold takes a number. Received: 'a'"),
    ],
)
def test_batches_that_cannot_be_made(tmp_path, options, message):
    source = numbered(tmp_path, "memory")
    with pytest.raises(InputError, match=message):
        batches(source, **{"split": "train", "batch_size": 5, "training": True, **options})


def test_steps_per_epoch_needs_a_full_batch(tmp_path):
    with pytest.raises(InputError, match="at most the number of training examples, 37"):
        steps_per_epoch(numbered(tmp_path, "memory"), "train", 38)


def test_binarize_needs_probabilities(tmp_path):
    np.savez(tmp_path / "a.npz", train=2 * GOOD, test=GOOD)
    with pytest.raises(InputError, match="from 0 to 1. Received: .* from 1 to 2"):
        transformed_shape(load(tmp_path / "a.npz"), (("binarize",),))


def test_a_streamed_dataset_has_no_array():
    with pytest.raises(InputError, match="larger than memory_limit"):
        load("digits", memory_limit=10).array("train")
    with pytest.raises(InputError, match="no feature 'imag'. Closest: image"):
        load("digits").array("train", "imag")


def test_datasets_are_loaded_outside_a_strategy(mirrored):
    with mirrored.scope(), pytest.raises(InputError, match="outside strategy.scope"):
        load("digits")


@pytest.mark.parametrize("module", ["pipeline.batches", "datasets.digits", "loading"])
def test_examples_run(module):
    module = __import__(f"keraszoo.data.{module}", fromlist=["load"])
    results = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert results.attempted and not results.failed


def test_importing_the_room_makes_its_datasets_known():
    assert set(offline.BUILDERS) <= set(tfds.list_builders(with_community_datasets=False))
    assert keraszoo.data.load is load


@pytest.mark.parametrize(
    "labels, told",
    [
        ([10, 500], "no example is of class 0, 1, 2, 3, 4 and 494 others: 501 classes are learned, .* of which 2 are"),
        ([1, 2, 3], "no example is of class 0: 4 classes are learned.*of which 3 are there. Without gaps: np.unique"),
        ([0, 1, 2], None),
    ],
)
def test_classes_without_examples_are_told(tmp_path, labels, told):
    np.savez(tmp_path / "a.npz", image=np.zeros([12, 4, 4], "uint8"), label=np.resize(labels, 12))
    warnings = load(tmp_path / "a.npz").warnings
    assert len(warnings) == (told is not None)
    assert told is None or re.search(told, warnings[0]), warnings
