"""The versions of a model, base/name/1, 2, 3 ...: publishing the next one and finding one.

A server watches these directories and loads whatever appears under a number. A version is therefore filled, checked
and flushed to disk under a hidden name and appears, whole, by a single rename.
"""

import contextlib
import errno
import os
import pathlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keraszoo.core.errors import InputError
from keraszoo.runs.drafts import draft_in, flush, to_disk
from keraszoo.system.failures import reason


def publish(fill: Callable[[pathlib.Path], Any], to: str | os.PathLike, name: str) -> pathlib.Path:
    """Publishes what `fill` writes as the next version of a model.

    Several processes may publish at once: each gets a number of its own. When anything fails, an interruption
    included, nothing of the attempt remains.

    Args:
        fill: function of a directory (Path) that writes the version into it, and raises when it should not appear.
        to: the base directory, made if need be.
        name: of the model.

    Returns:
        The path of the version.

    Raises:
        InputError: when the name cannot be a model's or the target cannot be written.
    """
    check_name(name)
    home = Path(to) / name
    made = [directory for directory in (home, *home.parents) if not directory.exists()]
    try:
        with _draft(home) as draft:
            version = draft / "version"
            version.mkdir()  # a draft is private; the server may be another user
            fill(version)
            to_disk(version)
            published = _rename(version, home)
        for directory in {home, *(directory.parent for directory in made)}:
            flush(directory)
        return published
    except OSError as error:
        raise InputError(f"Cannot write a version to {home}: {reason(error)}.") from error
    finally:
        for directory in made:
            if not _remove_if_empty(directory):
                break


def find(path, version=None):
    """The directory of a version.

    Args:
        path: of a model (base/name) or of a version itself.
        version: number of the version; the newest by default.

    Raises:
        InputError: when there is no such version.
    """
    path = Path(path)
    if not path.is_dir():
        raise InputError(f"A model's or a version's directory is needed. Received: {path}, which is not a directory.")
    if version is None and (path / "saved_model.pb").exists():
        return path
    known = numbers(path)
    if not known:
        raise InputError(f"There is no version in {path}: a version is a directory with a number as its name.")
    if version is None:
        return path / str(known[-1])
    if version not in known:
        raise InputError(f"{path} has the versions {', '.join(map(str, known))}. Received: {version}.")
    return path / str(version)


def check_name(name):
    """Raises InputError unless `name` can be a model's name."""
    if not is_name(name):
        raise InputError(
            "A model's name takes at most 100 letters, digits, '_' and '-', does not start with '-' and is not just "
            f"a number. Received: {name!r}."
        )


def is_name(name):
    """Whether `name` can be a model's name, in a directory and in a server's addresses."""
    return bool(re.fullmatch(r"(?!\d+$)[A-Za-z0-9_][A-Za-z0-9_-]{0,99}", name))


def models(base):
    """The directories in `base` of models that have a version, in alphabetical order."""
    return sorted(entry for entry in Path(base).iterdir() if entry.is_dir() and is_name(entry.name) and numbers(entry))


def numbers(home):
    """The version numbers in a model's directory, rising."""
    return sorted(int(entry) for entry in os.listdir(home) if re.fullmatch(r"[1-9]\d*", entry, re.ASCII))


@contextlib.contextmanager
def _draft(home):
    """A draft in `home`, which is made if need be."""
    for _ in range(100):
        home.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            try:
                path = stack.enter_context(draft_in(home))
            except FileNotFoundError:
                continue  # another publisher failed and has just removed the empty directory
            yield path
            return
    raise FileNotFoundError(errno.ENOENT, "the directory disappears again and again", str(home))


def _rename(draft, home):
    """Moves `draft` to the next free number."""
    number = max(numbers(home), default=0) + 1
    while True:
        try:
            # Onto a version that is not empty, which is any but a half-made one, this fails.
            os.rename(draft, home / str(number))
            return home / str(number)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            number += 1


def _remove_if_empty(directory):
    try:
        directory.rmdir()
    except OSError:
        return False
    return True
