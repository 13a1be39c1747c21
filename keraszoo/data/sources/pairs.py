"""A folder of images and of their masks as a Source."""

import itertools
import zlib

import numpy as np
import tensorflow as tf

from ...core.errors import InputError, closest
from .account import account
from .folder import FileSplit, divided_list, held_or_read
from .layouts import IMAGES, MASKS, pair_folders, role_in, split_folders, split_in
from .masks import Classes, read_masks
from .pages import Page, form_of, survey

_FIRST_CHANNEL = "_0000"  # of nnU-Net, whose images end in the number of a channel


def find_pairs(tree, suffix=None):
    """`{split or None: [(image, mask), ...]}` of a folder, and `[(path, reason)]` of the images that are in no pair.

    Args:
        tree: a `Folder`.
        suffix: what the masks' names have more than their images', such as "_mask"; None: nothing.

    Returns:
        The pairs, {} for a folder without masks, and what is passed over.

    Raises:
        InputError: folders that do not fit together, a file without its partner, several of one name.
    """
    if suffix is not None and (not isinstance(suffix, str) or not suffix or "/" in suffix):
        raise InputError(f"mask_suffix is the end of the masks' names, such as _mask. Received: {suffix!r}.")
    pairs, passed = {}, []
    for split, part in split_folders(tree).items():
        halves = pair_folders(part)
        if split is not None and halves and set(halves) != {None}:
            raise InputError(
                f"{part.path}: splits stand above images/ and masks/ or within them, not both. Received: "
                f"{', '.join(part.folders)}."
            )
        if halves:
            for inner, (images, masks) in halves.items():
                if masks is None:
                    passed += [(path, "an image without a folder of masks") for path in images.all_images()]
                else:
                    found, lone = _pairs(images, masks, suffix, inner or split)
                    pairs, passed = {**pairs, **found}, passed + lone
            used = [half for both in halves.values() for half in both if half is not None]
            inside = {path for half in used for path in half.all_images()}
            passed += [(path, "in no folder of images or masks") for path in part.all_images() if path not in inside]
        elif suffix is not None:
            pairs[split] = _beside(part, suffix)
        else:
            found, lone = _by_words(part.images, split) if not part.folders else ({}, [])
            pairs, passed = {**pairs, **(found or {split: None})}, passed + lone
    without = [split for split, found in pairs.items() if found is None]
    if len(without) == len(pairs):
        return {}, ()
    if without:
        raise InputError(f"{tree.path}: every split has images and masks. Missing: masks in {without[0]}.")
    return pairs, passed


def load_pairs(tree, listed, passed, image_size, memory_limit, test_last, options):
    """The Source of a folder of images and masks; see `keraszoo.data.load`. The masks are the feature `label`.

    Args:
        tree: a `Folder`.
        listed, passed: what `find_pairs` found.
        options: `MaskOptions`.
    """
    folder = tree.path
    paths = [path for pairs in listed.values() for path, _ in pairs]
    classes = Classes(folder, options.rule, options.class_names)
    for pairs in listed.values():
        for pair in pairs:
            _check_pair(*pair, classes)
    classes.choose()
    pages, shape, dtype = survey(folder, paths, image_size)
    listed = {
        split: [
            (Page(str(image), number), Page(str(mask), number))
            for image, mask in pairs
            for number in range(pages[image])
        ]
        for split, pairs in listed.items()
    }
    listed, divided = divided_list(folder, listed, test_last)
    splits = {
        split: PairSplit(pairs, shape, dtype, resize=bool(image_size), classes=classes)
        for split, pairs in listed.items()
    }
    about = {
        "input": "image",
        "target": "label",
        "num_classes": classes.num_classes,
        "class_names": classes.class_names,
        "has_void": classes.rule.has_void,
        "account": account(
            folder,
            2 * len(paths),
            [*tree.passed, *passed],
            f"images and {classes.words}",
            {split: len(pairs) for split, pairs in listed.items()},
            divided,
            classes.told(),
        ),
        "warnings": tuple(classes.warnings()),
    }
    return held_or_read(str(folder), splits, memory_limit, about)


class PairSplit(FileSplit):
    """Images and masks that stay in their files.

    Args:
        pairs: [(`Page` of the image, `Page` of its mask)].
        shape: (height, width, channels) of every image.
        dtype: of every image.
        resize: whether the files' own sizes may differ from it.
        classes: the `Classes` of the masks.
    """

    def __init__(self, pairs, shape, dtype, resize, classes):
        super().__init__([image for image, _ in pairs], {}, shape, dtype, resize)
        self.masks, self.classes = [mask for _, mask in pairs], classes
        self.shapes["label"], self.dtypes["label"] = shape[:2], tf.as_dtype(classes.dtype)

    def read(self, feature, rows):
        if feature == "image":
            return super().read(feature, rows)
        shape, row = self.shapes[feature], 0
        masks = np.empty((len(rows), *shape), self.classes.dtype)
        wanted = [self.masks[number] for number in rows]
        for path, together in itertools.groupby(wanted, lambda page: page.path):
            numbers = [page.number for page in together]
            for values in read_masks(path, self.classes.rule, numbers, shape if self.resize else None):
                masks[row] = self.classes.of(values, path)
                row += 1
        return masks

    def checksum(self):
        masks = FileSplit(self.masks, {}, self.shapes["image"], "uint8", self.resize)
        return zlib.crc32(repr((super().checksum(), masks.checksum())).encode())


def _pairs(images, masks, suffix, split):
    """`{split: [(image, mask)]}` of the files in two folders that have one name but for suffixes, and what is passed.

    Where no two have one name, their words may tell: `train-volume` and `train-labels`.
    """
    of_masks = masks.all_images()
    if suffix is not None:
        wrong = [path for path in of_masks if not path.stem.endswith(suffix)]
        if wrong:
            raise InputError(f"{wrong[0]}: the masks' names end in {suffix}, as mask_suffix says. This one does not.")
    listed = {"image": _by_name(images.all_images(), images.path)}
    listed["mask"] = _by_name(of_masks, masks.path, suffix or "")
    together = set(listed["image"]) & set(listed["mask"])
    if all(name.endswith(_FIRST_CHANNEL) for name in listed["image"]) and not together:
        listed["image"] = {name.removesuffix(_FIRST_CHANNEL): path for name, path in listed["image"].items()}
    roles = [[role_in(path.stem)[0] for path in part.values()] for part in listed.values()]
    if suffix is None and not together and set(roles[0]) == {IMAGES} and set(roles[1]) == {MASKS}:
        found, lone = _by_words([*listed["image"].values(), *of_masks], split)
        if found:
            return found, lone
    return {split: _matched(listed["image"], listed["mask"], images.path, masks.path)}, []


def _by_words(paths, split):
    """`{split: [(image, mask)]}` of files whose names say what they are, and `[(path, reason)]` of what is passed over.

    Such are `train-volume.tif`, `train-labels.tif` and `test-volume.tif`; ({}, []) where no image has a mask so.

    Args:
        paths: of images and masks.
        split: of all of them, or None where their names may tell.
    """
    roles = {path: role_in(path.stem) for path in paths}
    halves = {kind: {rest for own, rest in roles.values() if own == kind} for kind in (IMAGES, MASKS)}
    if not halves[IMAGES] & halves[MASKS]:
        return {}, []
    splits = {path: split_in(rest) for path, (_, rest) in roles.items()}
    if split is not None or None in splits.values():
        splits = dict.fromkeys(paths, split)
    found, passed = {}, []
    for own in dict.fromkeys(splits.values()):
        listed = {IMAGES: {}, MASKS: {}}
        for path in paths:
            kind, rest = roles[path]
            if splits[path] != own:
                continue
            if kind is None or rest in listed[kind]:
                raise InputError(
                    f"{path}: by its name neither an image nor the mask of one, as the files beside it are. Move the "
                    "images into a folder images/ and their masks, under the same names, into masks/ beside it."
                )
            listed[kind][rest] = path
        if listed[MASKS]:
            folders = [next(iter((listed[kind] or listed[MASKS]).values())).parent for kind in (IMAGES, MASKS)]
            found[own] = _matched(listed[IMAGES], listed[MASKS], *folders)
        else:
            passed += [(path, f"an image without a mask, of {own}") for path in listed[IMAGES].values()]
    if "train" not in found and None not in found and split is None:
        raise InputError(
            f"{paths[0].parent}: a data set of splits needs masks for train. Received: masks for {', '.join(found)}."
        )
    order = (None, "train", "validation", "test")
    return {own: found[own] for own in sorted(found, key=order.index)}, passed


def _beside(folder, suffix):
    """[(image, mask)] of the files in one folder, at any depth, of which the masks' names end in `suffix`."""
    paths = folder.all_images()
    masks = [path for path in paths if path.stem.endswith(suffix)]
    images = [path for path in paths if not path.stem.endswith(suffix)]
    if not masks:
        raise InputError(f"{folder.path}: no image's name ends in {suffix}, as mask_suffix says of masks.")
    return _matched(_by_name(images, folder.path), _by_name(masks, folder.path, suffix), folder.path, folder.path)


def _by_name(paths, folder, suffix=""):
    """`{name: path}`: the file's name without its ending, or where one occurs twice its path below the folder."""
    names = [path.stem.removesuffix(suffix) for path in paths]
    if len(set(names)) < len(names):
        names = [str(path.relative_to(folder).with_name(name)) for path, name in zip(paths, names, strict=True)]
    found = {}
    for path, name in zip(paths, names, strict=True):
        if name in found:
            raise InputError(f"Two files of one name: {found[name]} and {path}.")
        found[name] = path
    return found


def _matched(images, masks, images_folder, masks_folder):
    """[(image, mask)] of files by their names, sorted; InputError where one is alone."""
    for own, others, where in ((images, masks, masks_folder), (masks, images, images_folder)):
        alone = sorted(set(own) - set(others))
        if alone:
            more = f" and {len(alone) - 1} others" if len(alone) > 1 else ""
            raise InputError(f"{own[alone[0]]}{more}: no file of that name in {where}/. {_hint(images, masks, others)}")
    if not images:
        raise InputError(f"{images_folder}: there are no images in it.")
    return [(images[name], masks[name]) for name in sorted(images)]


def _hint(images, masks, others):
    """What would bring files of differing names together."""
    if not others:
        return "There are none."
    if any(name[-5:-1] == "_000" for name in images) and not set(images) & set(masks):
        return "Names that end in _0001 and so on are further channels, which are not read; only _0000 is."
    for name in sorted(images):
        ending = next((mask[len(name) :] for mask in masks if mask != name and mask.startswith(name)), "")
        if ending and not ending[0].isalnum() and name + ending not in images:
            return f"If masks' names end in {ending}: --mask-suffix {ending}."
        longer = next((mask for mask in masks if mask != name and mask.endswith(name)), name)
        beginning = longer.removesuffix(name)
        if beginning and not beginning[-1].isalnum() and longer not in images:
            path = masks[longer]
            return (
                f"If masks' names begin with {beginning}: rename them, {path.parent.name}/{path.name} to "
                f"{name}{path.suffix} and so on."
            )
    alone = sorted((set(images) | set(masks)) - (set(images) & set(masks)))
    return closest(alone[0], others)


def _check_pair(image_path, mask_path, classes):
    """Looks at the masks of a file, once it is known to hold one for each image of its image file, of its size."""
    image = form_of(image_path)
    masks = read_masks(mask_path, classes.rule)
    if len(masks) != image.pages:
        raise InputError(
            f"A stack of images and its masks have equally many pages. Received: {image.pages} in {image_path}, "
            f"{len(masks)} in {mask_path}."
        )
    for values in masks:
        if values.shape != (image.height, image.width):
            received = "x".join(map(str, values.shape))
            raise InputError(
                f"A mask has the size of its image, {image.height}x{image.width} of {image_path}. "
                f"Received: {mask_path}, {received} (height x width)."
            )
        classes.look(values, mask_path)
