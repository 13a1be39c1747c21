"""The recipes, one file a family. Importing them imports no TensorFlow."""

import functools
import importlib

from ..errors import InputError, closest
from .recipe import Optimizer, Recipe

__all__ = ["FAMILIES", "Optimizer", "Recipe", "all_recipes", "get"]

#: in the order in which `keraszoo list` shows them
FAMILIES = (
    "vae",
    "beta_vae",
    "burgess_vae",
    "beta_tc_vae",
    "dip_vae",
    "info_vae",
    "factor_vae",
    "iwae",
    "conditional_vae",
    "vamp",
    "dfc_vae",
    "vae_gan",
    "vq_vae",
    "autoencoder",
    "denoising",
    "sparse",
    "contractive",
    "inpainting",
    "colorization",
    "super_resolution",
    "semi_supervised",
    "adversarial",
    "gan",
    "dcgan",
    "lsgan",
    "sngan",
    "wgan",
    "wgan_gp",
    "pacgan",
    "conditional_gan",
    "acgan",
    "infogan",
    "cyclegan",
    "realnvp",
    "maf",
    "iaf",
    "nsf",
    "glow",
    "planar_flow",
    "continuous_flow",
    "residual_flow",
    "flow_vae",
    "classifier",
    "unet",
)


@functools.cache
def all_recipes():
    """`{name: Recipe}`, families in order and each family's default first."""
    recipes = {}
    for family in FAMILIES:
        for recipe in importlib.import_module(f".{family}", __name__).RECIPES:
            recipes[recipe.name] = recipe
    return recipes


def get(name):
    """The recipe of that name; a family's name stands for its first recipe.

    Raises:
        InputError: with the closest names when there is none.
    """
    recipes = all_recipes()
    if name in FAMILIES:
        return next(recipe for recipe in recipes.values() if recipe.family == name)
    if name not in recipes:
        raise InputError(f"Unknown recipe. Received: {name!r}. {closest(name, recipes)}")
    return recipes[name]
