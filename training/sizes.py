"""A recipe's sizes, where it is trained on other data than its own."""

from keraszoo.core.config import constructor_arguments

from .build import model_class

#: arguments that belong together: who gives one of them chooses the network
NETWORK = {"network", "hidden", "discriminator_hidden", "encoder", "decoder", "depth", "width"}


def sized(recipe, shape, num_classes, given):
    """The recipe for examples of this shape and number of classes, and what of its model's arguments that changed.

    Args:
        recipe: a `Recipe`.
        shape: of an example of the data.
        num_classes: of the data, or None.
        given: names of the arguments that the user gave, which stay.
    """
    made, fitting = model_class(recipe), {}
    if shape != recipe.input_shape:
        fitting = made.sizes_for(shape)
        if NETWORK & set(given):
            fitting = {name: value for name, value in fitting.items() if name not in NETWORK}
    now = {**constructor_arguments(made), **recipe.arguments}
    if num_classes is not None and now.get("num_classes") is not None:  # None: a density without classes
        fitting["num_classes"] = num_classes
    changed = {
        name: value for name, value in fitting.items() if name in now and name not in given and now[name] != value
    }
    if shape == recipe.input_shape and not changed:
        return recipe, {}
    return recipe.replace(input_shape=shape, arguments={**recipe.arguments, **changed}), changed
