"""Trained weights: those that come with the library, and those that were made on this machine.

    from keraszoo import load

    vae = load("vae/digits")

Each is a `.keras` file without its optimizer, and a card beside it, which tells what it is and is checked on loading.
"""

import os
import pathlib
from typing import Any

from ..core.errors import InputError, closest
from ..recipes import all_recipes
from ..system.places import cache
from .card import Card

FOLDER = pathlib.Path(__file__).parent
#: the classifiers by whose features samples are judged
CLASSIFIERS = ("classifier/digits", "classifier/mnist", "classifier/cifar10")


def folders():
    """Where weights are looked for: those of the library, then those made here, in KERASZOO_WEIGHTS or the cache."""
    return FOLDER, own_folder()


def own_folder():
    own = os.environ.get("KERASZOO_WEIGHTS")
    return pathlib.Path(own).expanduser() if own else cache() / "weights"


def names() -> tuple:
    """The recipes of which there are weights, in the order of the recipes."""
    return tuple(name for name in all_recipes() if path(name) is not None)


def of_the_library() -> tuple:
    """The recipes whose weights come with the library."""
    return tuple(name for name in all_recipes() if path(name, FOLDER) is not None)


def path(name, *where):
    """The `.keras` file of a recipe's weights, or None; looked for in these folders, or else in `folders()`."""
    for folder in where or folders():
        file = pathlib.Path(folder) / f"{name}.keras"
        if file.exists() and file.with_suffix(".json").exists():
            return file
    return None


def card(name) -> Card:
    """The card of a recipe's weights.

    Raises:
        InputError: (a ValueError) there are none, or the card is damaged.

    Example:
        >>> card("classifier/digits").licence
        "CC BY 4.0 (UCI, scikit-learn's copy)"
    """
    return Card.read(_path(name).with_suffix(".json"))


def load(name: str) -> Any:
    """The trained model of a recipe, its file checked against its card; not compiled.

    Args:
        name: of a recipe, such as "vae/mnist"; `names()` are those there are.

    Raises:
        InputError: (a ValueError) there are no weights of that recipe, or they are damaged.

    Example:
        >>> load("classifier/digits").image_shape
        (8, 8, 1)
    """
    import keras

    from .. import models  # noqa: F401  registers the names that files hold

    file = _path(name)
    Card.read(file.with_suffix(".json")).check(file)
    return keras.saving.load_model(file, compile=False)


def of_class(name, preset):
    """The weights of a class by the name of a recipe of it: "vae/mnist", or "mnist" alone.

    Raises:
        InputError: none, or several.
    """
    of_it = [recipe for recipe in all_recipes().values() if recipe.model == name]
    fitting = [each.name for each in of_it if preset in (each.name, each.name.split("/")[1])]
    if len(fitting) != 1:
        known = [each.name for each in of_it if path(each.name) is not None]
        told = f"Those of {name}: {', '.join(known)}." if known else f"There are none of {name}."
        raise InputError(f"A preset is the name of a recipe of the class. Received: {preset!r}. {told}")
    return load(fitting[0])


def _path(name):
    found = path(name) if name in all_recipes() else None
    if found is None:
        if name in all_recipes():
            raise InputError(f"There are no trained weights of {name} here. Make them: `keraszoo weights make {name}`.")
        raise InputError(
            f"There are no trained weights of that name. Received: {name!r}. {closest(str(name), names())}"
        )
    return found
