"""Folders as people have them: what is read and by which rule, and what is refused with which remedy."""

import os
import re
import stat

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keraszoo.core.errors import InputError
from keraszoo.data import batches, load
from keraszoo.data.sources.listing import walk
from keraszoo.data.sources.mask_values import MaskRule

HALF = np.repeat([[0, 0, 1, 1]], 4, axis=0).astype("uint8")  # a mask, 4x4
RED = np.stack([255 * HALF, 0 * HALF, 0 * HALF], -1)


def make(folder, files):
    """Makes files by what they are: an array or a grey value is an image, text is text, a tuple is something else."""
    for name, what in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(what, str):
            path.write_text(what)
        elif isinstance(what, (int, np.ndarray)):
            pixels = np.full((4, 4), what, "uint8") if isinstance(what, int) else what
            Image.fromarray(pixels).save(path)
        elif what[0] == "link":
            path.symlink_to(folder / what[1])
        elif what[0] == "folder":
            path.mkdir()
        else:
            os.mknod(path, {"fifo": stat.S_IFIFO, "socket": stat.S_IFSOCK}[what[0]] | 0o600)
    return folder


def images(place, count=3, ending=".png", first=0):
    return {f"{place}{i}{ending}": 10 * i for i in range(first, first + count)}


def pairs(of_images, of_masks, count=3, mask=HALF, ending=".png"):
    return images(of_images, count) | {f"{of_masks}{i}{ending}": mask for i in range(count)}


# ---------------------------------------------------------------------- folders that are read

READ = {
    "Keras' deeper folders of a class": (
        images("a/") | images("a/more/deep/", 2, first=3) | images("b/"),
        {"train": 7, "test": 1},
        "one folder a class.*2 classes: a 5, b 3",
    ),
    "capitals": (images("Train/a/") | images("Test/a/", 2), {"train": 3, "test": 2}, "train 3, test 2;"),
    "training and testing": (
        images("training/") | images("testing/", 2),
        {"train": 3, "test": 2},
        "5 files found, 5 used as images",
    ),
    "dev and ts": (
        images("TR/") | images("dev/", 2) | images("ts/", 1),
        {"train": 3, "validation": 2, "test": 1},
        "train 3, validation 2, test 1",
    ),
    "train and val alone": (images("train/") | images("val/", 2), {"train": 3, "validation": 2}, "validation 2"),
    "Kaggle's set": (
        images("training_set/cats/") | images("training_set/dogs/") | images("test_set/cats/"),
        {"train": 6, "test": 3},
        "9 used as images, one folder a class: train 6, test 3; 2 classes: cats 6, dogs 3",
    ),
    "words beside the split's": (
        images("Training Set/") | images("valid-data/", 2) | images("TestImages/", 1),
        {"train": 3, "validation": 2, "test": 1},
        "",
    ),
    "trn and tst": (images("trn/") | images("tst/", 2), {"train": 3, "test": 2}, ""),
    "numbers around": (images("01_train/") | images("02.test2017/", 2), {"train": 3, "test": 2}, ""),
    "images of splits": (images("train_images/") | images("imgs.test/", 1), {"train": 3, "test": 1}, ""),
    "pairs in sets": (
        pairs("trainset/images/", "trainset/masks/") | pairs("testset/images/", "testset/masks/", 2),
        {"train": 3, "test": 2},
        "10 used as images and masks",
    ),
    "one name with a split's word": (
        images("train station/") | images("bus station/"),
        {"train": 5, "test": 1},
        "2 classes: bus station 3, train station 3",
    ),
    "a folder called images": (images("images/"), {"train": 2, "test": 1}, "3 used as images: "),
    "what is no image": (
        images("")
        | {"notes.txt": "a", ".hidden.png": 1, "pipe.png": ("fifo",), "door.png": ("socket",)}
        | {"gone.png": ("link", "nothing.png"), "up": ("link", "."), "empty": ("folder",)},
        {"train": 2, "test": 1},
        "10 files found, 3 used.*passed over 7: .hidden.png .hidden., door.png .a socket., empty .an empty folder., "
        "gone.png .a link to nothing., notes.txt .no image., pipe.png .a FIFO., up .a link to a folder above it.$",
    ),
    "links to files and folders": (
        {"real/0.png": 1, "real/1.png": 2, "linked": ("link", "real")},
        {"train": 3, "test": 1},
        "linked 2, real 2",
    ),
    "a folder without images beside classes": (
        images("a/") | images("b/") | {"docs/readme.md": "a"},
        {"train": 5, "test": 1},
        "passed over 1: docs/readme.md",
    ),
    "imgs and masks": (pairs("imgs/", "masks/"), {"train": 2, "test": 1}, "6 files found, 6 used as images and masks"),
    "Image and Label": (pairs("Image/", "Label/"), {"train": 2, "test": 1}, "2 classes: 0 has 24 pixels .50 %."),
    "annotations in splits": (
        pairs("train/images/", "train/annotations/") | pairs("val/images/", "val/annotations/", 2),
        {"train": 3, "validation": 2},
        "10 used as images and masks",
    ),
    "splits within": (
        pairs("images/train/", "masks/train/") | pairs("images/val/", "masks/val/", 2),
        {"train": 3, "validation": 2},
        "10 used",
    ),
    "nnU-Net": (
        {f"imagesTr/a{i}_0000.png": i for i in range(3)}
        | {f"labelsTr/a{i}.png": HALF for i in range(3)}
        | {"imagesTs/b_0000.png": 3, "dataset.json": "{}"},
        {"train": 2, "test": 1},
        "8 files found, 6 used.*passed over 2: dataset.json .no image., imagesTs/b_0000.png",
    ),
    "nnU-Net with labels of the test": (
        pairs("imagesTr/", "labelsTr/") | pairs("imagesTs/", "labelsTs/", 2),
        {"train": 3, "test": 2},
        "10 used",
    ),
    "split and kind in one name": (
        pairs("train_images/", "train_masks/") | pairs("test_images/", "test_masks/", 2),
        {"train": 3, "test": 2},
        "",
    ),
    "images and masks by their names": (
        {f"image_{i}.png": i for i in range(3)} | {f"mask_{i}.png": HALF for i in range(3)},
        {"train": 2, "test": 1},
        "6 used as images and masks",
    ),
    "splits, images and masks by their names": (
        {f"{split}_raw_{i}.tif": 7 for split in ("train", "val") for i in range(2)}
        | {f"{split}_gt_{i}.tif": HALF for split in ("train", "val") for i in range(2)},
        {"train": 2, "validation": 2},
        "8 used as images and masks",
    ),
    "images and masks by their names, in folders": (
        {f"images/image-{i}.png": i for i in range(3)} | {f"masks/mask-{i}.png": HALF for i in range(3)},
        {"train": 2, "test": 1},
        "6 used as images and masks",
    ),
    "images and masks by their names, in splits": (
        {f"train/{name}.png": HALF for name in ("volume", "labels")} | {"test/volume.png": 1, "test/labels.png": HALF},
        {"train": 1, "test": 1},
        "4 used as images and masks",
    ),
    "VOC": (
        {f"JPEGImages/2007_{i}.jpg": 9 for i in (3, 5, 8)}
        | {f"SegmentationClass/2007_{i}.png": HALF for i in (3, 5, 8)},
        {"train": 2, "test": 1},
        "6 used as images and masks",
    ),
    "pictures beside the pairs": (
        pairs("images/", "masks/") | {"preview.png": 1, "more/a.png": 2},
        {"train": 2, "test": 1},
        "passed over 2: preview.png .in no folder of images or masks., more/a.png",
    ),
    "pairs in deeper folders": (
        pairs("images/one/", "masks/one/") | pairs("images/two/", "masks/two/"),
        {"train": 6 - 1, "test": 1},
        "12 used",
    ),
}


@pytest.mark.parametrize("what", READ)
def test_folders_that_are_read(tmp_path, what):
    files, sizes, line = READ[what]
    source = load(make(tmp_path, files))
    assert source.sizes == sizes
    assert "\n" not in source.account and source.account.startswith(f"{tmp_path}: ")
    assert re.search(line, source.account), source.account


def test_what_is_passed_over_and_what_is_used_are_all_files(tmp_path):
    """The law of the account: each entry is an image, or is passed over with a reason, once."""
    make(tmp_path, READ["what is no image"][0] | images("a/b/") | {"a/b/c.doc": "x", "a/.git/x.png": "x"})
    tree = walk(tmp_path)
    told = [*tree.all_images(), *(path for path, _ in tree.passed)]
    assert len(told) == len(set(told))
    entries = {path for path in tmp_path.rglob("*") if path.is_symlink() or not path.is_dir()} - {*told}
    assert {path.name for path in entries} == {"x.png"}, "which lies in a hidden folder"


def test_many_files_that_are_passed_over_are_counted_by_their_endings(tmp_path):
    make(
        tmp_path,
        images("") | {f"{i:02}.txt": "" for i in range(30)} | {f"z{i}.json": "" for i in range(9)} | {"zz": ""},
    )
    told = "04.txt (no image) and 35 others (25 .txt, 9 .json, 1 no ending)"
    assert load(tmp_path).account.endswith(told)


def test_deeper_images_are_of_their_class(tmp_path):
    source = load(make(tmp_path, {"a/0.png": 10, "a/b/1.png": 10, "b/a/2.png": 20, "b/3.png": 20}))
    for split in source.splits:
        np.testing.assert_array_equal(source.array(split, "label"), source.array(split)[:, 0, 0, 0] // 20)


def test_a_class_without_training_images_is_told(tmp_path):
    make(tmp_path, images("train/a/") | images("test/a/") | images("test/b/", 2))
    assert load(tmp_path).warnings == (f"{tmp_path}: warning: no training image is of class b",)


def test_two_classes_whose_files_count_alike_are_told_that_they_may_be_pairs(tmp_path):
    counted = images("x/img_") | images("y/img_")
    (line,) = load(make(tmp_path / "two", counted)).warnings
    assert re.search(
        "/two: warning: x/ and y/ hold files of the same 3 names and are read as two classes.*masks/", line
    )
    assert load(make(tmp_path / "three", counted | images("z/img_"))).warnings == ()
    assert load(make(tmp_path / "differ", images("x/") | images("y/", 2))).warnings == ()


# ---------------------------------------------------------------------- folders that are refused

REFUSED = {
    "a split beside another folder": (
        images("train/") | images("test/") | images("extra/"),
        "test/ is a split by its name, .*Received: extra/. Move it into a split",
    ),
    "a split beside images": (images("train/") | {"a.png": 1}, "Received: a.png. Move it"),
    "two names of one split": (
        images("test/") | images("train/") | images("training/"),
        "two names of one split, train",
    ),
    "no training": (images("test/") | images("val/"), "needs train/. Received: test/, val/. To divide .*val"),
    "trainA and testA": (
        images("trainA/") | images("trainB/") | images("testA/") | images("testB/"),
        "testA and trainA are one class in several splits.*Nearest: test/A/ for testA/",
    ),
    "a word beside splits": (
        images("my train/a/") | images("my test/a/"),
        "Received: my test/, my train/. Nearest: test/ for my test/, train/ for my train/; if they are classes",
    ),
    "pictures of splits": (
        images("Testing Pics/") | images("Training Pics/"),
        "Nearest: test/ for Testing Pics/, train/ for Training Pics/;",
    ),
    "a split beside one with a word": (
        images("train/") | images("my test/"),
        "train/ is a split by its name.*Received: my test/",
    ),
    "a folder around": (images("photos/train/") | images("photos/test/"), "splits stand above.*Nearest: .*/photos[.]$"),
    "a folder around classes": (
        images("photos/a/") | images("photos/b/"),
        "photos/ would be the only class, with all of a/, b/ in it. Nearest: .*/photos[.]$",
    ),
    "splits within classes": (
        images("cat/train/") | images("dog/train/"),
        "splits stand above the classes.*Nearest: .*/train/cat/",
    ),
    "mixed": (images("") | images("a/"), "not mixed. Received: the classes a, and without a class 0.png and 2 others"),
    "a test without classes": (
        images("train/cat/") | images("train/dog/", 2) | images("test/", 1),
        "classes cat, dog, and without a class test/0.png. Move them into folders of their classes, or out of",
    ),
    "nothing": ({"a": ("folder",), "b.doc": "x"}, "no images in it.*Received: a .an empty folder., b.doc .no image."),
    "masks alone": (
        images("raw/") | images("masks/"),
        "masks in masks/ have no folder of images.*imgs.*Received: masks/, raw/",
    ),
    "images beside others": (images("images/") | images("raw/"), "images/ holds images by its name, which is no class"),
    "two folders of masks": (pairs("images/", "masks/") | images("labels/"), "one folder of masks.*labels/ and masks/"),
    "a split without masks": (
        pairs("train/images/", "train/masks/") | images("test/images/"),
        "every split has images and masks.*test",
    ),
    "a mask a cell": (
        pairs("a/images/", "a/masks/") | pairs("b/images/", "b/masks/"),
        "one folder each, at the top.*Received: masks/ in a/",
    ),
    "masks beside their images": (
        pairs("", "", ending="_mask.png"),
        "0_mask.png beside 0.png is a mask by its name. Say so: --mask-suffix _mask",
    ),
    "two folders of the same names": (
        {f"{folder}/{name}.png": 1 for folder in ("input", "output") for name in ("17", "cell_3")},
        "input/ and output/ hold files of the same 2 names, such as 17, .*Pairs: .* images/ and masks/. If they are cl",
    ),
    "two folders of the same numbers with gaps": (
        {f"train/{folder}/a{name}.png": 1 for folder in "xyz" for name in (1, 2, 4)},
        "x/ and y/ hold files of the same 3 names, such as a1",
    ),
    "masks by a beginning": (
        images("") | {f"mask_{i}.png": HALF for i in range(3)},
        "mask_0.png beside 0.png is a mask by its name. Move the images into a folder images/ and their masks, under",
    ),
    "masks by a beginning, in folders": (
        images("images/") | {f"masks/mask_{i}.png": HALF for i in range(3)},
        "no file of that name in .*If masks' names begin with mask_: rename them, masks/mask_0.png to 0.png",
    ),
    "a mask by its name within a class": (
        images("a/") | {"b/image_1.png": 1, "b/mask_1.png": HALF},
        "mask_1.png beside image_1.png is a mask by its name. Move",
    ),
    "one without a word beside images and masks by their names": (
        {"image_1.png": 1, "mask_1.png": HALF, "view.png": 1},
        "view.png: by its name neither an image nor the mask of one.*images/",
    ),
    "masks by their names for the test alone": (
        {"train-volume.png": 1, "test-volume.png": 1, "test-labels.png": HALF},
        "needs masks for train. Received: masks for test",
    ),
    "masks with an ending": (
        pairs("images/", "masks/", ending="_seg.png"),
        "no file of that name.*If masks' names end in _seg: --mask-suffix _seg",
    ),
    "further channels": (
        {f"imagesTr/a_000{i}.png": 1 for i in range(2)} | {"labelsTr/a.png": HALF},
        "further channels, which are not read",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_folders_that_are_refused(tmp_path, what):
    files, message = REFUSED[what]
    with pytest.raises(InputError, match=message) as error:
        load(make(tmp_path, files))
    assert "\n" not in str(error.value)


# ---------------------------------------------------------------------- suffixes

SUFFIXED = {
    "beside": pairs("", "", ending="_mask.png"),
    "beside, deeper": pairs("a/", "a/", ending="_mask.png") | pairs("b/", "b/", ending="_mask.png"),
    "in another folder": pairs("photos/", "outlines/", ending="_mask.png"),
    "in masks/": pairs("imgs/", "masks/", ending="_mask.gif"),
    "in splits": pairs("train/", "train/", ending="_mask.png") | pairs("test/", "test/", ending="_mask.png"),
}


@pytest.mark.parametrize("what", SUFFIXED)
def test_masks_are_told_by_an_ending(tmp_path, what):
    files = SUFFIXED[what]
    source = load(make(tmp_path, files), mask_suffix="_mask")
    assert source.has_masks and 2 * sum(source.sizes.values()) == len(files)


def test_an_ending_that_no_mask_has_is_refused(tmp_path):
    make(tmp_path, pairs("images/", "masks/"))
    with pytest.raises(InputError, match="masks' names end in _mask, as mask_suffix says"):
        load(tmp_path, mask_suffix="_mask")
    with pytest.raises(InputError, match="no image's name ends in _mask"):
        load(make(tmp_path / "flat", images("")), mask_suffix="_mask")


# ---------------------------------------------------------------------- values of masks

SOFT = np.uint8([[0, 3, 40, 90], [120, 200, 250, 255]] * 2)  # anti-aliased
VOID = np.where(np.eye(4), 255, HALF).astype("uint8")
MASKS = {
    "0 and 1": (HALF, {}, HALF),
    "0 and 255": (255 * HALF, {}, HALF),
    "0 and 128 by a rule": (128 * HALF, {"mask_values": "0:0,128:1"}, HALF),
    "anti-aliased by ranges": (SOFT, {"mask_values": "0-127:0,128-255:1"}, SOFT > 127),
    "colours that are grey": (np.stack([HALF] * 3, -1), {}, HALF),
    "opaque": (np.stack([HALF] * 3 + [0 * HALF + 255], -1), {}, HALF),
    "a palette": (RED, {"mask_values": "#000000:0,#FF0000:1"}, HALF),
    "grey by a palette": (255 * HALF, {"mask_values": "#000000:0,#ffffff:1"}, HALF),
    "a palette with void": (RED, {"mask_values": "#000000:0,#ff0000:ignore"}, -1 * HALF.astype(int)),
    "black and white of one bit": (HALF.astype(bool), {}, HALF),
    "floats": (HALF.astype("float32"), {}, HALF),
    "half floats by ranges": (SOFT / np.float32(255), {"mask_values": "0-0.5:0,0.5-1:1"}, SOFT > 127),
    "16 bits": (300 * HALF.astype("uint16"), {"mask_values": "0:0,300:1"}, HALF),
    "void of 255": (VOID, {"ignore": 255}, np.where(np.eye(4), -1, HALF.astype(int))),
    "void beside 0 and 200": (
        np.where(np.eye(4), 9, 200 * HALF).astype("uint8"),
        {"ignore": 9, "mask_values": "0:0,200:1"},
        np.where(np.eye(4), -1, HALF.astype(int)),
    ),
}


def archive(tmp_path, mask, count=3):
    np.savez(tmp_path / "a.npz", image=np.zeros([count, 4, 4], "uint8"), label=np.stack([mask] * count))
    return tmp_path / "a.npz"


@pytest.mark.parametrize("form", ["memory", "files", "npz"])
@pytest.mark.parametrize("what", MASKS)
def test_masks_become_classes(tmp_path, what, form):
    mask, options, want = MASKS[what]
    if form == "npz":
        path = archive(tmp_path, mask)
    else:
        path = make(tmp_path, pairs("images/", "masks/", mask=np.asarray(mask), ending=".tif"))
    source = load(path, memory_limit=10 if form == "files" else 2**30, **options)
    x, y = next(iter(batches(source, "train", 2, training=False, with_labels=True)))
    assert y.dtype == tf.int64
    np.testing.assert_array_equal(y, [want, want])
    assert source.has_void == (np.min(want) < 0 or "ignore" in options)
    assert source.num_classes == max(np.max(want) + 1, 1)


def test_the_first_entry_that_fits_decides():
    rule = MaskRule.parse("0-5:0,5-9:1,9:ignore,10:ignore", ignore=3)
    np.testing.assert_array_equal(rule.classes(np.array([0, 3, 5, 6, 9, 10]), ""), [0, -1, 0, 1, 1, -1])


REFUSED_MASKS = {
    "0 and 128": (128 * HALF, {}, "Received: 0, 128. Say which is which: --mask-values 0:0,128:1"),
    "noise": (SOFT, {}, "--mask-values 0:0,3:1,40:2"),
    "a whole range": (np.arange(256).reshape(16, 16).astype("uint8"), {}, "0, 1, 2, .*--mask-values 0-127:0,128-255:1"),
    "void that is not named": (VOID, {}, "Received: 0, 1, 255. If pixels of 255 do not count: --ignore 255"),
    "colours": (RED, {}, "in colours needs mask_values.*--mask-values '#000000:0,#ff0000:1'"),
    "a value without a class": (128 * HALF, {"mask_values": "0:0,127:1"}, "names no class for 128"),
    "a colour without a class": (RED, {"mask_values": "#000000:0"}, "names no class for #ff0000"),
    "half floats": (SOFT / np.float32(255), {}, "whole numbers.*--mask-values 0-0.5:0,0.5-1:1"),
    "transparent": (np.stack([HALF] * 3 + [255 * HALF], -1), {}, "must be opaque"),
    "names for too few classes": (HALF, {"class_names": ("a",)}, "names every class, 2 of them. Received: a"),
    "no rule": (HALF, {"mask_values": "0=0"}, "mask_values is written .*Received: '0=0'"),
    "values and colours": (HALF, {"mask_values": "0:0,#ff0000:1"}, "values or colours, not both"),
    "a range turned round": (HALF, {"mask_values": "9-0:1"}, "lowest-highest. Received: '9-0:1'"),
    "only void": (HALF, {"mask_values": "0-9:ignore"}, "must name a class"),
    "void that is no number": (HALF, {"ignore": "255"}, "an integer. Received: '255'"),
}


@pytest.mark.parametrize("form", ["files", "npz"])
@pytest.mark.parametrize("what", REFUSED_MASKS)
def test_masks_that_are_refused(tmp_path, what, form):
    mask, options, message = REFUSED_MASKS[what]
    if form == "npz":
        np.savez(tmp_path / "a.npz", image=np.zeros([3, *mask.shape[:2]], "uint8"), label=np.stack([mask] * 3))
        path = tmp_path / "a.npz"
    else:
        files = pairs("images/", "masks/", mask=mask, ending=".tif")
        path = make(tmp_path, files | {f"images/{i}.png": np.zeros(mask.shape[:2], "uint8") for i in range(3)})
    with pytest.raises(InputError, match=message) as error:
        load(path, **options)
    assert "\n" not in str(error.value)


def test_jpeg_masks_need_ranges(tmp_path):
    large = np.kron(HALF, np.ones([4, 4], "uint8"))
    files = {f"images/{i}.png": large for i in range(3)} | {f"masks/{i}.jpg": 255 * large for i in range(3)}
    make(tmp_path, files)
    with pytest.raises(InputError, match="stored without loss.*--mask-values 0-127:0,128-255:1. Received: .*0.jpg"):
        load(tmp_path)
    source = load(tmp_path, mask_values="0-127:0,128-255:1")
    np.testing.assert_array_equal(source.array("train", "label")[0], large)


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({"label": np.stack([HALF, 1 - HALF], -1)[None].repeat(3, 0)}, r"look one-hot. Nearest: label.argmax\(-1\)"),
        ({"label": np.zeros([3, 4, 4, 7], "uint8")}, r"one number a pixel.*Received: \[3, 4, 4, 7\]"),
        ({"image": np.zeros([3, 2, 4, 4]), "label": np.zeros([3, 2, 4, 4], int)}, "volumes"),
        ({"image": np.zeros([3, 2, 4, 4, 1]), "label": np.zeros([3, 2, 4, 4], int)}, "volumes"),
        ({"label": np.full([3, 4, 4], -1)}, "from 0 on|0, 1, 2 and so on. Received: -1.*--ignore=-1"),
        ({"label": HALF[None].repeat(3, 0) - 1.5}, "whole numbers from 0 on. Received: -1.5, -0.5"),
    ],
)
def test_arrays_that_are_no_masks(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **{"image": np.zeros([3, 4, 4], "uint8"), **arrays})
    with pytest.raises(InputError, match=message) as error:
        load(tmp_path / "a.npz")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("options", [{"ignore": 255}, {"mask_values": "0:0"}, {"mask_suffix": "_mask"}])
@pytest.mark.parametrize("name", ["digits", "folder"])
def test_options_of_masks_are_refused_where_there_are_none(tmp_path, name, options):
    with pytest.raises(InputError, match="is for masks.*Received|no image's name ends in _mask"):
        load(make(tmp_path, images("")) if name == "folder" else name, **options)


# ---------------------------------------------------------------------- accounts, names and warnings


def test_classes_have_names_and_counts(tmp_path):
    options = {"class_names": ("background", "cell", "wall"), "ignore": 255}
    source = load(archive(tmp_path, VOID), **options)
    assert (source.num_classes, source.class_names) == (3, options["class_names"])
    assert "3 classes: background 18 pixels (37.5 %), cell 18 pixels (37.5 %), wall 0 pixels (0 %), ignored 12" in (
        source.account
    )
    np.savez(tmp_path / "labels.npz", image=np.zeros([4, 2, 2], "uint8"), label=[0, 1, 0, 1])
    assert load(tmp_path / "labels.npz", class_names=("a", "b", "c")).num_classes == 3
    with pytest.raises(InputError, match="label must be from 0 to 0"):
        load(tmp_path / "labels.npz", class_names=("a",))
    with pytest.raises(InputError, match="class_names names every class, 10 in digits. Received: a"):
        load("digits", class_names=("a",))


@pytest.mark.parametrize("mask, line", [(0 * HALF, "no mask has foreground"), (1 + HALF, "no pixel is of class 0")])
def test_masks_of_one_kind_are_read_with_a_warning(tmp_path, mask, line):
    for path in (archive(tmp_path, mask), make(tmp_path / "pairs", pairs("images/", "masks/", mask=mask))):
        (warning,) = load(path).warnings
        assert line in warning and "warning" in warning
    assert load(archive(tmp_path, HALF)).warnings == ()


def test_pixels_that_do_not_count_stay_so_in_every_transform(tmp_path):
    """Void is moved as the image is, mixed with nothing, and lies around what is padded."""
    mask = np.kron(np.where(np.eye(4), 255, HALF), np.ones([2, 2])).astype("uint8")
    image = np.where(mask == 255, 200, 50 * mask).astype("uint8")
    np.savez(tmp_path / "a.npz", image=np.stack([image] * 8), label=np.stack([mask] * 8))
    source = load(tmp_path / "a.npz", ignore=255, test_last=1)
    options = {"training": True, "with_labels": True}
    for names in ((("flip", "horizontal_and_vertical"), ("rotate90",), ("shift", 2)), (("random_crop", 5),)):
        x, y = next(iter(batches(source, "train", 7, transforms=names, **options)))
        np.testing.assert_array_equal(y == -1, x[..., 0] > 0.5)
    for names in ((("rotate", 40),), (("elastic", 2.0),), (("resize", 5),)):
        _, y = next(iter(batches(source, "train", 7, transforms=names, **options)))
        assert set(np.unique(y)) == {-1, 0, 1}
    _, y = next(iter(batches(source, "train", 7, transforms=(("pad", 12),), **options)))
    assert np.all(y[:, :2] == -1) and np.all(y[:, -2:] == -1)
    small = load(tmp_path / "a.npz", ignore=255, image_size=4)
    np.testing.assert_array_equal(small.array("train", "label")[0], np.where(np.eye(4), -1, HALF.astype(int)))
