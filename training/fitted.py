"""A recipe as its data ask for it: the split to test on, void, sizes, classes, and what a table's columns need."""

import dataclasses

from keraszoo.data.sources.mask_values import VOID

from .build import model_arguments, model_class
from .sizes import sized
from .tables import suited_to_table


def fitted(recipe, prepared, options, resumed):
    """The recipe, and a line for each thing that was chosen and is no part of the recipe's own.

    Args:
        recipe: a `Recipe`.
        prepared: its `PreparedData`.
        options: `Options` of the training; the model's arguments that they give stay.
        resumed: whether the recipe is that of a run, which was fitted when the run began.

    Raises:
        InputError: no split to test on.
    """
    recipe = dataclasses.replace(recipe, data=prepared.data)  # what it expects is of these data
    prepared.source.split(recipe.data.test)
    if prepared.source.has_void and "ignore" in model_arguments(model_class(recipe)):
        recipe = recipe.replace(arguments={**recipe.arguments, "ignore": VOID})
    lines = ["tested on the validation split, as there is no other"] if recipe.data.test == "validation" else []
    if resumed:
        return recipe, lines
    given = options.arguments or {}
    classes = prepared.source.num_classes if options.dataset else None
    recipe, sizes = sized(recipe, prepared.shape, classes, given)
    if sizes:
        chosen = ", ".join(f"{name} {value}" for name, value in sizes.items())
        lines.append(f"sizes for these data: {chosen}; --set NAME=VALUE chooses another")
    recipe, of_table = suited_to_table(recipe, prepared.source, given)
    return recipe, lines + ([of_table] if of_table else [])
