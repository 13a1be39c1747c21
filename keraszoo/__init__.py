"""KerasZoo: the generative models that courses teach, in Keras 3, ready to train and to serve.

`import keraszoo` costs nothing: TensorFlow is imported with the first submodule that needs it.

    from keraszoo import load                # a trained model: load("vae/digits")
    from keraszoo.models import VAE          # the models
    from keraszoo.training import train      # what `keraszoo train` does
    from keraszoo.export import export       # what `keraszoo export` does
"""

import importlib

__version__ = "0.1.0"

_SUBMODULES = (
    "analysis", "bijectors", "core", "data", "distributions", "layers", "losses", "metrics", "models", "networks",
    "recipes", "runs", "weights",
)  # fmt: skip


def __getattr__(name):
    if name == "load":
        return importlib.import_module(".weights", __name__).load
    if name in _SUBMODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_SUBMODULES, "load"])
