"""What is being written: a draft until it is whole, then one rename; removed when whoever made it is dead.

A draft is a hidden directory beside the target, locked for as long as the process lives that made it. The system
unlocks it however that process ends, so that anybody can tell what is left of a dead one.
"""

import contextlib
import os
import pathlib
import shutil
import tempfile
import time

from ..system.locks import lock

PREFIX = ".draft-"
FORGOTTEN = 86400.0  # seconds after which a draft is removed where the file system knows no locks


@contextlib.contextmanager
def draft_in(folder):
    """A new draft in a folder, its `pathlib.Path`; removed at the end, with whatever was not renamed out of it.

    Drafts of dead processes in that folder are removed first.

    Args:
        folder: an existing directory.

    Raises:
        OSError: when it cannot be written.
    """
    folder = pathlib.Path(folder)
    remove_dead(folder)
    path, handle = _locked(folder)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def write_whole(target, content):
    """Writes a file or a folder whole or not at all, and returns when the disk holds it; what is there is replaced.

    Args:
        target: its path, in an existing directory.
        content: text, bytes, or a function that writes the path that it is given, of the same name.

    Raises:
        OSError: when it cannot be written; nothing is left then.
    """
    target = pathlib.Path(target)
    with draft_in(target.parent) as draft:
        path = draft / target.name
        if callable(content):
            content(path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content)
        to_disk(path)
        if path.is_dir() and target.is_dir():  # a folder takes the place of an empty one only
            os.replace(target, draft / ".before")
        os.replace(path, target)
    flush(target.parent)


def remove_dead(folder):
    """Removes the drafts in a folder whose makers are dead."""
    for path in pathlib.Path(folder).glob(f"{PREFIX}*"):
        try:
            handle = lock(path)
        except OSError:  # its maker has it, or it is gone
            continue
        try:
            if handle is not None or time.time() - path.stat().st_mtime > FORGOTTEN:
                shutil.rmtree(path, ignore_errors=True)
        finally:
            if handle is not None:
                os.close(handle)


def is_draft(path):
    """Whether a path is a draft's."""
    return pathlib.Path(path).name.startswith(PREFIX)


def to_disk(path):
    """Returns when a power failure cannot reach the file, or the directory and everything below it."""
    for parent, _, files in os.walk(path, topdown=False):
        for file in files:
            flush(os.path.join(parent, file))
        flush(parent)
    if not os.path.isdir(path):
        flush(path)


def flush(path):
    """The same for a file, or for the list of a directory's files, alone."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _locked(folder):
    """A new draft and the handle that locks it."""
    while True:
        path = pathlib.Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
        try:
            handle = lock(path, wait=True)
        except FileNotFoundError:
            continue  # somebody took it for dead before it was locked
        if path.exists():
            return path, handle
        if handle is not None:
            os.close(handle)
