"""How a folder of images is arranged: what its sub-folders are, by their names."""

import itertools
import re

from ...core.errors import InputError

#: the usual names of the splits, compared without case
SPLIT_NAMES = {
    "train": ("train", "training", "tr", "trn"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "ts", "tst"),
}
IMAGES, MASKS = "images", "masks"
#: and those of the two halves of a folder of pairs
KIND_NAMES = {
    IMAGES: ("image", "images", "img", "imgs", "jpegimages"),
    MASKS: (
        *("mask", "masks", "label", "labels", "annotation", "annotations", "segmentation", "segmentations"),
        *("seg", "segs", "gt", "groundtruth", "segmentationclass"),
    ),
}
#: endings of masks' names where they lie beside their images
MASK_SUFFIXES = ("mask", "masks", "label", "labels", "seg", "segmentation", "annotation", "gt", "groundtruth")
#: words in the names of files that tell images from masks, as in `train-volume.tif` and `train-labels.tif`
_FILE_WORDS = {
    **{word: IMAGES for word in (*KIND_NAMES[IMAGES], "volume", "volumes", "raw")},
    **{word: MASKS for word in KIND_NAMES[MASKS]},
}

_SPLITS = {name: split for split, names in SPLIT_NAMES.items() for name in names}
_KINDS = {name: kind for kind, names in KIND_NAMES.items() for name in names}
#: `imagesTr`, `train_masks`: both in one name
_BOTH = {
    joined: (_SPLITS[split], _KINDS[kind])
    for split, kind in itertools.product(_SPLITS, _KINDS)
    for joined in (split + kind, kind + split)
}
_BETWEEN = r"[_\-. ]*"
#: `test`, `Training Set`, `01_train`, `TestImages`, `val2017`
_SPLIT = re.compile(
    r"(?:\d+{0})?(?:(?:{1}){0})*({2})(?:{0}(?:{1}))*(?:{0}\d+)?".format(
        _BETWEEN,
        "|".join(("set", "sets", "data", "dataset", "images", "image", "imgs", "img", "split")),
        "|".join(sorted(_SPLITS, key=len, reverse=True)),
    )
)
#: what tells a split within a longer name; `tr` and `ts` are too short for that
_SPLIT_WORDS = {name: split for name, split in _SPLITS.items() if len(name) > 2}


def split_of(name):
    """The split of which a name is a usual one, or None.

    Such a name is a split's word, in any case, perhaps with the words set, data, images or split, a number before it
    and a number or year after it.

    Example:
        >>> split_of("Training Set"), split_of("02_val"), split_of("TestImages"), split_of("cats"), split_of("my test")
        ('train', 'validation', 'test', None, None)
    """
    match = _SPLIT.fullmatch(name.casefold())
    return _SPLITS[match[1]] if match else None


def role_of(name):
    """(split or None, "images" or "masks" or None) of a folder's name.

    Example:
        >>> role_of("imgs"), role_of("labelsTr"), role_of("test_images"), role_of("cats")
        ((None, 'images'), ('train', 'masks'), ('test', 'images'), (None, None))
    """
    plain = re.sub(r"[_\-. ]", "", name.casefold())
    return _BOTH.get(plain, (_SPLITS.get(plain), _KINDS.get(plain)))


def role_in(stem):
    """("images" or "masks" or None, what is left) of a file's name, by its words.

    Example:
        >>> role_in("train-volume"), role_in("mask_07"), role_in("cat.1"), role_in("raw_mask")
        (('images', 'train'), ('masks', '07'), (None, 'cat.1'), (None, 'raw_mask'))
    """
    words = re.split(r"[_\-. ]+", stem)
    kinds = {_FILE_WORDS.get(word.casefold()) for word in words} - {None}
    if len(kinds) != 1:
        return None, stem
    return kinds.pop(), "-".join(word for word in words if word.casefold() not in _FILE_WORDS)


def split_in(stem):
    """The split of which a word is in a file's name; None for no word or several.

    Example:
        >>> split_in("train-01"), split_in("scan-3")
        ('train', None)
    """
    splits = {split_of(word) for word in re.split(r"[_\-. ]+", stem)} - {None}
    return splits.pop() if len(splits) == 1 else None


def split_folders(folder):
    """`{split: Folder}` in the order train, validation, test; `{None: folder}` where no sub-folder is a split.

    Raises:
        InputError: splits beside other folders or beside images, two folders of one split, or splits joined to
            other names, such as `trainA` and `testA`.
    """
    splits = {name: split_of(name) for name in folder.folders}
    if any(role_of(name)[1] == MASKS for name in splits):  # then `train_images` is a half of pairs
        splits = {name: None if role_of(name)[1] else split for name, split in splits.items()}
    if not any(splits.values()):
        _check_joined(folder)
        return {None: folder}
    others = [name for name, split in splits.items() if split is None]
    if others or folder.images:
        beside = f"{others[0]}/" if others else folder.images[0].name
        named = next(name for name, split in splits.items() if split)
        raise InputError(
            f"{folder.path}: {named}/ is a split by its name, and what lies beside a split must be one too. "
            f"Received: {beside}. Move it into a split or out of the folder; if {named} is a class, put all classes "
            "into a folder train/."
        )
    return _by_split(folder, splits)


def pair_folders(folder):
    """`{split or None: (Folder of images, Folder of masks or None)}` of a folder of pairs; {} for another one.

    The splits are those within `images/` and `masks/`, or in their names; masks may lack for a split that is in a
    name.

    Raises:
        InputError: two folders of one role, masks without images, or images without masks beside other folders.
    """
    found = {}
    for name, sub in folder.folders.items():
        split, kind = role_of(name)
        if kind is None:
            continue
        within = split_folders(sub) if split is None else {split: sub}
        for inner, part in within.items():
            if (inner, kind) in found:
                raise InputError(
                    f"{folder.path}: one folder of {kind} is expected. Received: {found[inner, kind].path.name}/ and "
                    f"{part.path.name}/."
                )
            found[inner, kind] = part
    splits = [split for split in (None, *SPLIT_NAMES) if {(split, IMAGES), (split, MASKS)} & set(found)]
    if not found or all(kind == IMAGES for _, kind in found):
        return {}
    for split in splits:
        where = f"{folder.path}, {split}" if split else f"{folder.path}"
        if (split, IMAGES) not in found:
            raise InputError(
                f"{where}: the masks in {found[split, MASKS].path.name}/ have no folder of images beside them. It is "
                f"called one of {', '.join(KIND_NAMES[IMAGES])}. Received: {_names(folder)}."
            )
        if (split, MASKS) not in found and not _is_joined(found[split, IMAGES].path.name):
            raise InputError(
                f"{where}: the images in {found[split, IMAGES].path.name}/ have no folder of masks beside them. It is "
                f"called one of {', '.join(KIND_NAMES[MASKS])}. Received: {_names(folder)}."
            )
    return {split: (found[split, IMAGES], found.get((split, MASKS))) for split in splits}


def only_images(folder):
    """The folder itself, or its only sub-folder where that is called `images` and nothing lies beside it."""
    if len(folder.folders) == 1 and not folder.images:
        (name, sub), *_ = folder.folders.items()
        if role_of(name) == (None, IMAGES):
            return only_images(sub)
    return folder


def check_classes(folder):
    """Raises InputError where a sub-folder that would be a class holds splits, all classes, or images with masks."""
    alone = next(iter(folder.folders.values())) if len(folder.folders) == 1 and not folder.images else None
    if alone and not alone.images and len(alone.folders) > 1 and not any(map(split_of, alone.folders)):
        raise InputError(
            f"{folder.path}: {alone.path.name}/ would be the only class, with all of {_names(alone)} in it. "
            f"Nearest: {alone.path}."
        )
    for name, of_class in folder.folders.items():
        split, kind = role_of(name)
        if kind is not None:
            raise InputError(
                f"{folder.path}: {name}/ holds {kind} by its name, which is no class. A folder of pairs has images/ "
                f"and masks/; classes have other names. Received: {_names(folder)}."
            )
        for sub in (of_class, *of_class.below()):
            splits = [inner for inner in sub.folders if split_of(inner)]
            if splits:
                remedy = (
                    f"Nearest: {sub.path}." if sub is alone else f"Nearest: {folder.path}/{splits[0]}/{sub.path.name}/."
                )
                raise InputError(
                    f"{sub.path}: splits stand above the classes, not within them. Received: {splits[0]}/ in "
                    f"{sub.path.name}/. {remedy}"
                )
            kinds = {role_of(inner)[1]: inner for inner in sub.folders}
            if MASKS in kinds:
                raise InputError(
                    f"{sub.path}: images and masks lie in one folder each, at the top or in a split. Received: "
                    f"{kinds[MASKS]}/ in {sub.path.name}/. Move all images into images/ and all masks into masks/."
                )


def check_no_masks(folder, paths):
    """Raises InputError where images would be classified of which some are masks by their names."""
    stems = {}
    for path in paths:
        stems.setdefault((path.parent, path.stem), path)
    of_images = {}
    for (parent, stem), path in stems.items():
        kind, rest = role_in(stem)
        if kind != MASKS:
            of_images[parent, rest] = of_images[parent, stem] = path
    for (parent, stem), path in stems.items():
        for ending in (separator + word for separator in "_-" for word in MASK_SUFFIXES):
            image = stems.get((parent, stem[: -len(ending)])) if stem.casefold().endswith(ending) else None
            if image is not None:
                raise InputError(
                    f"{folder}: {path.name} beside {image.name} is a mask by its name. Say so: --mask-suffix "
                    f"{stem[-len(ending) :]}. If it is none, give it another name."
                )
        kind, rest = role_in(stem)
        image = of_images.get((parent, rest)) if kind == MASKS else None
        if image is not None:
            raise InputError(
                f"{folder}: {path.name} beside {image.name} is a mask by its name. Move the images into a folder "
                "images/ and their masks, under the same names, into masks/ beside it. If it is none, give it another "
                "name."
            )


def check_twins(folder):
    """A warning, or None, where two classes of a folder hold files of the same names, as images and masks do.

    Names that count, `1.png`, `2.png` and so on, are usual in classes too: they give a warning where there are but two
    classes.

    Raises:
        InputError: the same names, which do not count.
    """
    names = {}
    for name, sub in folder.folders.items():
        stems = frozenset(path.stem for path in sub.all_images())
        if len(stems) < 2 or stems not in names:
            names.setdefault(stems, name)
            continue
        pair = f"{names[stems]}/ and {name}/ hold files of the same {len(stems)} names"
        remedy = "images and their masks lie in folders called images/ and masks/"
        if not _counting(stems):
            raise InputError(
                f"{folder.path}: {pair}, such as {min(stems)}, as images and masks do, and classes do not. "
                f"Pairs: {remedy}. If they are classes, give their files names of their own."
            )
        if len(folder.folders) == 2:
            return f"{folder.path}: warning: {pair} and are read as two classes. If they are pairs: {remedy}"
    return None


def _counting(stems):
    """Whether names are numbers without a gap, all after the same beginning."""
    found = [re.fullmatch(r"(.*?)(\d+)", stem) for stem in stems]
    if not all(found) or len({match[1] for match in found}) > 1:
        return False
    numbers = [int(match[2]) for match in found]
    return max(numbers) - min(numbers) == len(numbers) - 1


def _by_split(folder, splits):
    found = {}
    for split in SPLIT_NAMES:
        names = [name for name, own in splits.items() if own == split]
        if len(names) > 1:
            raise InputError(
                f"{folder.path}: {names[0]}/ and {names[1]}/ are two names of one split, {split}. Keep one folder."
            )
        if names:
            found[split] = folder.folders[names[0]]
    if "train" not in found:
        raise InputError(
            f"{folder.path}: a folder of splits needs train/. Received: {_names(folder)}. To divide the images that "
            f"are there: {next(iter(found.values())).path}."
        )
    return found


def _check_joined(folder):
    """Raises InputError for names that hold words of two splits beside other words: they would become classes.

    Such are `trainA`, `trainB`, `testA` and `testB`, or `my train` and `my test`.
    """
    joined = {}
    for name in folder.folders:
        split, rest = _word_and_rest(name)
        if split and role_of(name)[1] is None:
            joined.setdefault(rest, {})[split] = name
    of_class = {rest: names for rest, names in joined.items() if len(names) > 1}
    if len(joined) > 1 and of_class:
        rest, names = next(iter(of_class.items()))
        split, name = next(iter(names.items()))
        raise InputError(
            f"{folder.path}: {' and '.join(names.values())} are one class in several splits by their names, and "
            f"splits stand above the classes. Nearest: {split}/{rest}/ for {name}/."
        )
    found = {split: name for names in joined.values() for split, name in names.items()}
    if len(found) > 1:
        raise InputError(
            f"{folder.path}: a split is called train, validation or test alone. Received: "
            f"{', '.join(f'{name}/' for name in found.values())}. Nearest: "
            f"{', '.join(f'{split}/ for {name}/' for split, name in found.items())}; if they are classes, put all "
            "classes into a folder train/."
        )


def _word_and_rest(name):
    """The split whose word a name holds beside other words, and what is left of it; (None, name) for none.

    Example:
        >>> _word_and_rest("my train"), _word_and_rest("testA"), _word_and_rest("cats")
        (('train', 'my'), ('test', 'A'), (None, 'cats'))
    """
    words = [word for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Za-z])", name) if word]
    for place, word in enumerate(words):
        split = _SPLIT_WORDS.get(word.casefold())
        if split:
            return split, " ".join(words[:place] + words[place + 1 :])
    match = re.match(r"(training|train|testing|test|validation)(?=.)", name, re.IGNORECASE)
    return (_SPLITS[match[1].casefold()], name[match.end() :]) if match else (None, name)


def _is_joined(name):
    return re.sub(r"[_\-. ]", "", name.casefold()) in _BOTH


def _names(folder):
    return ", ".join(f"{name}/" for name in folder.folders)
