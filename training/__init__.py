"""What `keraszoo train`, `evaluate`, `sample`, `compress`, `search`, `anomaly` and `restore` do, as functions.

    from keraszoo.training import train
    run = train("vae/digits", "runs/vae")

and `keraszoo latent`, as the functions of `keraszoo.training.latent`.

Importing this package imports no TensorFlow; the functions do.
"""

import importlib

_FUNCTIONS = {
    "train": ".fit",
    "evaluate": ".evaluation",
    "sample": ".sampling",
    "compress": ".applications",
    "search": ".applications",
    "anomaly": ".applications",
    "restore": ".applications",
    "choose_strategy": ".strategy",
}

__all__ = sorted(_FUNCTIONS)


def __getattr__(name):
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(_FUNCTIONS[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
