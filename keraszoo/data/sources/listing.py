"""A folder walked once: each file in it is an image, or is passed over with a reason."""

import dataclasses
import os
import stat
from pathlib import Path

from ...core.errors import InputError

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclasses.dataclass(frozen=True)
class Folder:
    """A folder and all below it.

    Attributes:
        path: a `Path`.
        images: paths of the files in it that are images by their names, sorted.
        folders: `{name: Folder}` of the folders in it that hold images at any depth, sorted.
        passed: `((path, reason), ...)` of all else, at any depth.
    """

    path: Path
    images: tuple = ()
    folders: dict = dataclasses.field(default_factory=dict)
    passed: tuple = ()

    def all_images(self):
        """Paths of the images at any depth: its own, then those of its folders in order."""
        return [*self.images, *(path for sub in self.folders.values() for path in sub.all_images())]

    def below(self):
        """Every folder that holds images, at any depth."""
        for sub in self.folders.values():
            yield sub
            yield from sub.below()


def walk(path, above=()):
    """The `Folder` of a path.

    Links are followed, but none to a folder that is being walked. Hidden files and folders, what is neither a file nor
    a folder, links to nothing, files that are no images by their names, and empty folders are passed over.

    Args:
        path: of a folder.
        above: (device, inode) of the folders that it lies in, for links.

    Raises:
        InputError: a folder that cannot be read.
    """
    path = Path(path)
    try:
        names = sorted(os.listdir(path))
        own = path.stat()
    except OSError as error:
        raise InputError(f"Cannot read the folder {path}: {error.strerror}.") from error
    above = (*above, (own.st_dev, own.st_ino))
    images, folders, passed = [], {}, []
    for name in names:
        entry = path / name
        reason = _reason(entry, above)
        if reason:
            passed.append((entry, reason))
        elif not entry.is_dir():
            images.append(entry)
        else:
            sub = walk(entry, above)
            passed += sub.passed
            if sub.images or sub.folders:
                folders[name] = sub
            elif not sub.passed:
                passed.append((entry, "an empty folder"))
    return Folder(path, tuple(images), folders, tuple(passed))


def _reason(entry, above):
    """Why an entry is passed over; None for a folder or an image."""
    if not os.fsencode(entry.name).isascii():
        try:
            entry.name.encode()
        except UnicodeEncodeError:
            return "a name that is not UTF-8"
    if entry.name.startswith("."):
        return "hidden"
    try:
        found = entry.stat()
    except OSError:
        return "a link to nothing" if entry.is_symlink() else "cannot be read"
    if stat.S_ISDIR(found.st_mode):
        return "a link to a folder above it" if (found.st_dev, found.st_ino) in above else None
    if not stat.S_ISREG(found.st_mode):
        return _KINDS.get(stat.S_IFMT(found.st_mode), "no file")
    return None if entry.suffix.lower() in SUFFIXES else "no image"
