"""Failures that are nobody's fault but can be told in one line: full disks and memories, files that cannot be read."""

import sys


def in_one_line(error):
    """What happened, in one line, or None for an error that is a fault of the code.

    Args:
        error: an exception that reached the top of a command.
    """
    if isinstance(error, MemoryError):
        return f"not enough memory. {_text(error)}".strip()
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}{error.strerror or _text(error) or type(error).__name__}"
    if isinstance(error, UnicodeError):
        return f"a text that cannot be read or written: {_text(error)}"
    errors = getattr(sys.modules.get("tensorflow"), "errors", None)
    if errors and isinstance(error, errors.ResourceExhaustedError):
        return f"not enough memory or disk. {_text(error)}"
    if errors and isinstance(error, errors.OpError):
        return _text(error)
    return None


def _text(error):
    return " ".join(str(error).split())[:300]
