"""A folder of images and of their masks as a Source."""

import zlib

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from ...core.errors import InputError, closest
from .folder import SPLITS, FileSplit, common_shape, image_files, read_images
from .masks import are_black_and_white
from .source import Source, check_test_last, divide, from_arrays

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
    height, width, channels = common_shape(folder, paths, image_size)
    check_test_last(folder, listed, test_last)
    if len(listed) == 1:
        pairs = next(iter(listed.values()))
        listed = {split: [pairs[row] for row in rows] for split, rows in divide(folder, len(pairs), test_last).items()}
    white = are_black_and_white(folder, values)
    num_classes = 2 if white else max(values) + 1
    splits = {
        split: PairSplit(pairs, (height, width, channels), resize=bool(image_size), white=white)
        for split, pairs in listed.items()
    }
    about = {"input": "image", "target": "label", "num_classes": num_classes}
    if sum(part.size for part in splits.values()) * height * width * (channels + 1) > memory_limit:
        return Source(str(folder), splits, input_range=(0.0, 1.0), **about)
    arrays = {split: {f: part.read(f, range(part.size)) for f in part.shapes} for split, part in splits.items()}
    return from_arrays(str(folder), arrays, **about)


class PairSplit(FileSplit):
    """Images and masks that stay in their files.

    Args:
        pairs: [(path of the image, path of its mask)].
        shape: (height, width, channels) of every image.
        resize: whether the files' own sizes may differ from it.
        white: whether the masks are 0 and 255.
    """

    def __init__(self, pairs, shape, resize, white):
        super().__init__([image for image, _ in pairs], {}, shape, resize)
        self.masks, self.white = [str(mask) for _, mask in pairs], white
        self.shapes["label"], self.dtypes["label"] = shape[:2], tf.uint8

    def read(self, feature, rows):
        """The values of one feature in these rows: [rows, ...] uint8."""
        if feature == "image":
            return read_images([self.paths[row] for row in rows], self.shapes["image"], self.resize)
        return _read_masks([self.masks[row] for row in rows], self.shapes["label"], self.resize, self.white)

    def gather(self, indices):
        labels = tf.numpy_function(lambda rows: self.read("label", rows), [indices], tf.uint8, stateful=False)
        labels = tf.ensure_shape(labels, [*indices.shape, *self.shapes["label"]])
        return {**super().gather(indices), "label": labels}

    def checksum(self):
        masks = FileSplit(self.masks, {}, self.shapes["image"], self.resize)
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
    """The values of a mask, once it is known to be one and of its image's size."""
    if mask_path.suffix.lower() not in MASK_SUFFIXES:
        raise InputError(f"Masks are stored without loss, {', '.join(MASK_SUFFIXES)}. Received: {mask_path}.")
    try:
        with Image.open(image_path) as image:
            size = ImageOps.exif_transpose(image).size if image.getexif() else image.size
        with Image.open(mask_path) as mask:
            if mask.mode not in MASK_MODES:
                raise InputError(f"A mask has one channel of 8 bits. Received: {mask_path} of mode {mask.mode!r}.")
            if mask.size != size:
                raise InputError(
                    f"A mask has the size of its image, {size[1]}x{size[0]} of {image_path}. "
                    f"Received: {mask_path}, {mask.size[1]}x{mask.size[0]} (height x width)."
                )
            return set(np.unique(np.asarray(mask)).astype(int).tolist())
    except (OSError, Image.DecompressionBombError) as error:
        raise InputError(f"Cannot read {image_path} or {mask_path}: {error}.") from error


def _read_masks(paths, shape, resize, white):
    """The masks [n, *shape] uint8."""
    masks = np.empty((len(paths), *shape), np.uint8)
    for mask, path in zip(masks, paths, strict=True):
        try:
            with Image.open(path) as file:
                values = Image.fromarray(np.asarray(file).astype("uint8"))
        except (OSError, Image.DecompressionBombError) as error:
            raise InputError(f"Cannot read the mask {path}: {error}.") from error
        if resize:
            values = ImageOps.fit(values, shape[::-1], Image.Resampling.NEAREST)
        mask[...] = np.asarray(values) // 255 if white else np.asarray(values)
    return masks
