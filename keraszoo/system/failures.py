"""Failures that are nobody's fault but can be told in one line: full disks and memories, files that cannot be read."""

import re
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
        return f"{name}{reason(error)}"
    if isinstance(error, UnicodeError):
        return f"a text that cannot be read or written: {_text(error)}"
    errors = getattr(sys.modules.get("tensorflow"), "errors", None)
    if errors and isinstance(error, errors.ResourceExhaustedError):
        return f"not enough memory or disk. {_text(error)}"
    if errors and isinstance(error, errors.OpError):
        return _text(error)
    return None


def reason(error):
    """In few words, why a file cannot be read or written: of an OSError or of one of TensorFlow's errors.

    Numpy raises OSErrors without a number, TensorFlow errors that begin with the node of a graph and a path.
    """
    if isinstance(error, OSError):
        return error.strerror or _text(error) or type(error).__name__
    return _text(error).rpartition("; ")[2] or type(error).__name__


def _text(error):
    """The message on one line, without the node of the graph that TensorFlow puts before it."""
    text = " ".join(re.sub(r"\{\{.*?\}\}|\[Op:.*?\]", "", str(error)).split())
    return text if len(text) <= 400 else f"{text[:200]} ... {text[-200:]}"
