"""The recipes, one file a family. Importing them imports no TensorFlow."""

import functools
import importlib
from typing import Any

from ..core.errors import InputError, closest
from .data import Data
from .recipe import Optimizer, Recipe

__all__ = ["Data", "Optimizer", "Recipe", "all_recipes", "families", "get", "names"]

#: the files of recipes, in the order in which `keraszoo list` shows them
FILES = (
    "vae",
    "autoencoders",
    "restoration",
    "gan",
    "flows",
    "densities",
    "classifiers",
    "self_supervised",
    "segmentation",
)


@functools.cache
def all_recipes() -> dict[str, Recipe]:
    """`{name: Recipe}`, families in order and each family's default first."""
    files = [importlib.import_module(f".{file}", __name__).RECIPES for file in FILES]
    return {recipe.name: recipe for recipes in files for recipe in recipes}


@functools.cache
def families() -> tuple[str, ...]:
    """The names before the slash, such as "vae", in order."""
    return tuple(dict.fromkeys(recipe.family for recipe in all_recipes().values()))


def names(**_: Any) -> list[str]:
    """What `get` takes: families and recipes."""
    return [*families(), *all_recipes()]


def get(name: str) -> Recipe:
    """The recipe of that name; a family's name stands for its first recipe.

    Raises:
        InputError: with the closest names when there is none.
    """
    recipes = all_recipes()
    if name in families():
        return next(recipe for recipe in recipes.values() if recipe.family == name)
    if name not in recipes:
        raise InputError(f"Unknown recipe. Received: {name!r}. {closest(name, recipes)}")
    return recipes[name]
