"""Trained weights that come with the library: the classifiers by whose features samples are judged.

What each file is, and how it was made, is told in README.md beside it.
"""

import pathlib

import keras

from .. import models  # noqa: F401  registers the names that files hold
from ..core.errors import InputError, closest

FOLDER = pathlib.Path(__file__).parent
#: the recipes whose weights are here
NAMES = ("classifier/digits", "classifier/mnist", "classifier/cifar10")


def load(name):
    """The trained model of a recipe, not compiled.

    Args:
        name: one of `NAMES`.

    Raises:
        InputError: (a ValueError) for a recipe whose weights are not here.

    Example:
        >>> load("classifier/digits").image_shape
        (8, 8, 1)
    """
    if name not in NAMES:
        raise InputError(f"There are no trained weights of that recipe. Received: {name!r}. {closest(name, NAMES)}")
    return keras.saving.load_model(FOLDER / f"{name}.keras", compile=False)
