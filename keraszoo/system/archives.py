"""Archives that unpack to more than the machine holds, refused before they are unpacked."""

import zipfile

import psutil

from ..core.errors import InputError


def check_size(file, name=None):
    """Raises InputError unless what a ZIP archive (.npz, .keras) holds fits into the memory that is free.

    Args:
        file: path of the archive, or a binary file.
        name: what it is called, by default the path.

    Raises:
        InputError: more than that.
        OSError, zipfile.BadZipFile: no archive.
    """
    with zipfile.ZipFile(file) as archive:
        size = sum(member.file_size for member in archive.infolist())
    free = psutil.virtual_memory().available
    if size > free:
        raise InputError(
            f"{name or file} holds {size / 1e9:,.1f} GB once it is unpacked, more than the memory that is free, "
            f"{free / 1e9:,.1f} GB."
        )
