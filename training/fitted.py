"""A recipe as its data ask for it: the split to test on, void, sizes, classes, and what a table's columns need."""

import dataclasses
import math

from keraszoo.data.sources.mask_values import VOID

from .build import model_arguments, model_class
from .sizes import sized
from .tables import suited_to_table


def fitted(recipe, prepared, options, resumed, replicas=1):
    """The recipe, and a line for each thing that was chosen and is no part of the recipe's own.

    Args:
        recipe: a `Recipe`.
        prepared: its `PreparedData`.
        options: `Options` of the training; the model's arguments that they give stay.
        resumed: whether the recipe is that of a run, which was fitted when the run began.
        replicas: which share a batch evenly.

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
    examples = prepared.seen.split(recipe.data.train).size
    if options.batch_size is None and options.dataset and recipe.batch_size > examples:
        recipe = recipe.replace(batch_size=_batch(examples, replicas))
        lines.append(f"batch {recipe.batch_size}, as there are {examples:,} examples: --batch-size chooses another")
    recipe, of_table = suited_to_table(recipe, prepared.source, given)
    return recipe, lines + ([of_table] if of_table else [])


def _batch(examples, replicas):
    """Four steps an epoch at least: a power of two for each replica."""
    return replicas * 2 ** max(0, int(math.log2(max(1, examples // (4 * replicas)))))
