"""From a trained model to a version that TensorFlow Serving loads, proven before it is published.

    from keraszoo.export import doctor, export
    version = export("runs/vae", to="served")    # what `keraszoo export` does
    checks = doctor(version)                     # what `keraszoo doctor` does
    serve("served")                              # what `keraszoo serve` does
    Client("http://127.0.0.1:8501", "vae").predict({"image": images}, "encode")

Importing this package costs no TensorFlow: each name is imported when it is first used.
"""

import importlib

_HOMES = {
    "export": ".pipeline",
    "doctor": ".outside.examination",
    "Check": ".outside.examination",
    "Client": ".client.client",
    "ServingError": ".client.errors",
    "serve": ".server",
    "publish": ".published.versions",
    "write_server_config": ".published.server_config",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_HOMES])
