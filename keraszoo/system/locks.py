"""A directory that one process has at a time."""

import errno
import os

try:
    import fcntl
except ImportError:  # no POSIX system
    fcntl = None  # type: ignore[assignment]


def lock(path, wait=False):
    """Locks a directory for this process.

    Returns:
        A handle that unlocks it when it is closed, or when the process ends; None where the system knows no locks.

    Raises:
        BlockingIOError: when another process has it, unless one is to `wait`.
    """
    if fcntl is None:
        return None
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        return handle
    except OSError as error:
        os.close(handle)
        if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
            return None
        raise
