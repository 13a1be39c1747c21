"""The account of a data set that was read from files: what was found, what is used and by which rule."""

import collections
import os

NAMED = 20  # up to so many files that are passed over are named
FIRST = 5  # of more, these are named; the others are counted by their endings
CLASSES = 12  # classes whose numbers are told


def account(folder, used, passed, rule, sizes, divided, classes=""):
    """One line that says what became of each file.

    Args:
        folder: path of the data set.
        used: number of files that are examples, or parts of them.
        passed: `[(path, reason)]` of the others.
        rule: how the files were understood.
        sizes: `{split: number of examples}`.
        divided: how a data set of one split was divided; "" for splits that were there.
        classes: what `counted` says of the classes.

    Example:
        >>> account("photos", 9, [("photos/a.txt", "no image")], "images", {"train": 8, "test": 1}, "the last 1")
        'photos: 10 files found, 9 used as images: train 8, test 1 (the last 1); passed over 1: a.txt (no image)'
    """
    parts = [splits_told(sizes, divided)]
    if classes:
        parts.append(classes)
    if passed:
        shown = named([f"{_below(path, folder)} ({reason})" for path, reason in passed], [path for path, _ in passed])
        parts.append(f"passed over {len(passed):,}: {shown}")
    return f"{folder}: {used + len(passed):,} files found, {used:,} used as {rule}: {'; '.join(parts)}"


def held(name, shape, dtype, sizes, divided, more=""):
    """One line that says what a file of arrays or a stack holds.

    Args:
        name: of the file.
        shape: of an example.
        dtype: its name.
        sizes: `{split: number of examples}`.
        divided: how a data set of one split was divided; "" for splits that were there.
        more: what else is to be said.

    Example:
        >>> held("a.npz", (8, 8, 1), "uint8", {"train": 9, "test": 1}, "the last 1")
        'a.npz: 10 examples of 8x8x1, uint8: train 9, test 1 (the last 1)'
    """
    parts = [splits_told(sizes, divided), *([more] if more else [])]
    of = "x".join(map(str, shape))
    return f"{name}: {sum(sizes.values()):,} examples of {of}, {dtype}: {'; '.join(parts)}"


def splits_told(sizes, divided):
    """The sizes of the splits, and how they were divided."""
    return ", ".join(f"{split} {size:,}" for split, size in sizes.items()) + (f" ({divided})" if divided else "")


def how_divided(test_last):
    """How a data set of one split was divided."""
    return "a random tenth" if test_last is None else f"the last {test_last}"


def counted(counts, names=None, unit="", void=0):
    """The classes and how often each is there.

    Args:
        counts: numbers, of class 0 first.
        names: of the classes, or None.
        unit: what is counted.
        void: how many are of no class.

    Example:
        >>> counted([30, 10], ("cat", "dog"))
        '2 classes: cat 30, dog 10'
        >>> counted([70, 20], unit=" pixels", void=10)
        '2 classes: 0 has 70 pixels (70 %), 1 has 20 pixels (20 %), ignored 10 pixels (10 %)'
    """
    names = [str(name) for name in (range(len(counts)) if names is None else names)]
    total = max(sum(counts) + void, 1)

    def number(name, count):
        if not unit:
            return f"{name} {count:,}"
        return f"{name} {count:,}{unit} ({100 * count / total:.3g} %)"

    between = "" if names and not names[0].isdigit() else " has"
    shown = [number(f"{name}{between}", int(count)) for name, count in zip(names, counts, strict=True)][:CLASSES]
    if len(counts) > CLASSES:
        shown.append(f"and {len(counts) - CLASSES} others")
    if void:
        shown.append(number("ignored", int(void)))
    return f"{len(counts)} class{'es' * (len(counts) != 1)}: {', '.join(shown)}"


def named(words, paths):
    """Words about files, of which there may be many: all of up to 20, else the first and how many others of which kind.

    Example:
        >>> named(["a.txt (no image)"], ["a.txt"])
        'a.txt (no image)'
    """
    if len(words) <= NAMED:
        return ", ".join(words)
    return f"{some(words)} ({_endings(paths[FIRST:])})"


def some(words):
    """The first five of many, and how many others there are.

    Example:
        >>> some(["a", "b"]), some("abcdefg")
        ('a, b', 'a, b, c, d, e and 2 others')
    """
    others = f" and {len(words) - FIRST:,} others" if len(words) > FIRST else ""
    return ", ".join(map(str, words[:FIRST])) + others


def _endings(paths):
    """How many files have which ending, the commonest first."""
    counts = collections.Counter(os.path.splitext(path)[1] or "no ending" for path in paths)
    return ", ".join(f"{count:,} {ending}" for ending, count in counts.most_common())


def _below(path, folder):
    """The path as it lies in the folder, printable whatever its bytes are."""
    text = str(path).removeprefix(f"{folder}/")
    return text.encode("utf-8", "backslashreplace").decode()
