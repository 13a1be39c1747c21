"""A folder of images and of their masks as a Source."""

import itertools
import zlib

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from ...core.errors import InputError, closest
from .folder import SPLITS, FileSplit, held_or_read, image_files
from .masks import are_black_and_white
from .pages import TIFF, Page, form_of, read_labels, survey
from .source import check_test_last, divide

IMAGES, MASKS = "images", "masks"
MASK_SUFFIXES = (".bmp", ".gif", ".png", ".tif", ".tiff")  # they keep every pixel as it was
MASK_MODES = ("1", "L", "P")


def holds_pairs(folder):
    """Whether a folder, or the folder of a split in it, has both `images/` and `masks/`."""
    return any((root / IMAGES).is_dir() and (root / MASKS).is_dir() for root in (folder, *_splits(folder).values()))


def load_pairs(folder, image_size, memory_limit, test_last=None):
    """The Source of a folder of images and masks; see `keraszoo.data.load`. The masks are the feature `label`."""
    if (folder / IMAGES).is_dir() and (folder / MASKS).is_dir():
        listed = {"train": _pairs(folder)}
    else:
        listed = {split: _pairs(root) for split, root in _splits(folder).items()}
    paths = [path for pairs in listed.values() for path, _ in pairs]
    values = set().union(*(_check_pair(*pair) for pairs in listed.values() for pair in pairs))
    pages, shape, dtype = survey(folder, paths, image_size)
    listed = {
        split: [
            (Page(str(image), number), Page(str(mask), number))
            for image, mask in pairs
            for number in range(pages[image])
        ]
        for split, pairs in listed.items()
    }
    check_test_last(folder, listed, test_last)
    if len(listed) == 1:
        pairs = next(iter(listed.values()))
        listed = {split: [pairs[row] for row in rows] for split, rows in divide(folder, len(pairs), test_last).items()}
    white = are_black_and_white(folder, values)
    num_classes = 2 if white else max(values) + 1
    splits = {
        split: PairSplit(pairs, shape, dtype, resize=bool(image_size), white=white) for split, pairs in listed.items()
    }
    about = {"input": "image", "target": "label", "num_classes": num_classes}
    return held_or_read(str(folder), splits, memory_limit, about)


class PairSplit(FileSplit):
    """Images and masks that stay in their files.

    Args:
        pairs: [(`Page` of the image, `Page` of its mask)].
        shape: (height, width, channels) of every image.
        dtype: of every image.
        resize: whether the files' own sizes may differ from it.
        white: whether the masks are 0 and 255.
    """

    def __init__(self, pairs, shape, dtype, resize, white):
        super().__init__([image for image, _ in pairs], {}, shape, dtype, resize)
        self.masks, self.white = [mask for _, mask in pairs], white
        self.shapes["label"], self.dtypes["label"] = shape[:2], tf.uint8

    def read(self, feature, rows):
        if feature == "image":
            return super().read(feature, rows)
        return _read_masks([self.masks[row] for row in rows], self.shapes["label"], self.resize, self.white)

    def checksum(self):
        masks = FileSplit(self.masks, {}, self.shapes["image"], "uint8", self.resize)
        return zlib.crc32(repr((super().checksum(), masks.checksum())).encode())


def _splits(folder):
    return {split: folder / split for split in SPLITS if (folder / split).is_dir()}


def _pairs(folder):
    """[(image, mask)] of the files in `images/` and `masks/` that have one name but for the suffix, sorted."""
    listed = {}
    for kind in (IMAGES, MASKS):
        if not (folder / kind).is_dir():
            raise InputError(f"{folder}: images and masks lie in {IMAGES}/ and {MASKS}/. Missing: {kind}/.")
        listed[kind] = {}
        for path in image_files(folder / kind):
            if path.stem in listed[kind]:
                raise InputError(f"Two files of one name: {listed[kind][path.stem]} and {path}.")
            listed[kind][path.stem] = path
    images, masks = listed[IMAGES], listed[MASKS]
    for kind, own, others in ((MASKS, images, masks), (IMAGES, masks, images)):
        alone = sorted(set(own) - set(others))
        if alone:
            hint = closest(alone[0], others) if others else "There are none."
            more = f" and {len(alone) - 1} others" if len(alone) > 1 else ""
            raise InputError(f"{own[alone[0]]}{more}: no file of that name in {folder / kind}/. {hint}")
    if not images:
        raise InputError(f"{folder}: no images in {IMAGES}/.")
    return [(images[stem], masks[stem]) for stem in sorted(images)]


def _check_pair(image_path, mask_path):
    """The values of a mask file, once it is known to hold a mask for each image of its image file, of the same size."""
    if mask_path.suffix.lower() not in MASK_SUFFIXES:
        raise InputError(f"Masks are stored without loss, {', '.join(MASK_SUFFIXES)}. Received: {mask_path}.")
    image, mask = form_of(image_path), form_of(mask_path)
    if mask.pages != image.pages:
        raise InputError(
            f"A stack of images and its masks have equally many pages. Received: {image.pages} in {image_path}, "
            f"{mask.pages} in {mask_path}."
        )
    if (mask.height, mask.width) != (image.height, image.width):
        raise InputError(
            f"A mask has the size of its image, {image.height}x{image.width} of {image_path}. "
            f"Received: {mask_path}, {mask.height}x{mask.width} (height x width)."
        )
    _check_mask(mask_path, mask)
    values = set()
    for number in range(mask.pages):
        values |= set(np.unique(read_labels(mask_path, [number])[0]).astype(int).tolist())
    if max(values) > 255 or min(values) < 0:
        raise InputError(f"A mask's values are classes from 0 to 255. Received: {mask_path} with {max(values)}.")
    return values


def _check_mask(path, form):
    """Raises InputError unless a mask file has one channel, or a palette."""
    if path.suffix.lower() in TIFF and form.channels == 1 and form.dtype != "float32":
        return
    with Image.open(path) as mask:
        if mask.mode not in MASK_MODES:
            raise InputError(f"A mask has one channel of 8 bits. Received: {path} of mode {mask.mode!r}.")


def _read_masks(pages, shape, resize, white):
    """The masks [n, *shape] uint8."""
    masks, row = np.empty((len(pages), *shape), np.uint8), 0
    for path, together in itertools.groupby(pages, lambda page: page.path):
        for values in read_labels(path, [page.number for page in together]):
            values = values.astype("uint8")
            if resize:
                values = np.asarray(ImageOps.fit(Image.fromarray(values), shape[::-1], Image.Resampling.NEAREST))
            masks[row] = values // 255 if white else values
            row += 1
    return masks
