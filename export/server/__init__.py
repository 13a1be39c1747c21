"""A server of exported models that answers over REST and gRPC as TensorFlow Serving does.

    from keraszoo.export.server import serve
    serve("served")                                  # what `keraszoo serve served` does

Importing this package costs no TensorFlow: each name is imported when it is first used.
"""

import importlib

_HOMES = {"serve": ".embedded", "Limits": ".work"}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_HOMES])
