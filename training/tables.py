"""A recipe's arguments where the data are a table: what follows from its columns, unless the user chose it."""

from keraszoo.distributions import likelihoods

from .build import model_arguments, model_class


def suited_to_table(recipe, source, chosen):
    """The recipe with the arguments that a table asks for, and a line that says so, or None.

    Where the model has them: the number of classes of a label, the length of a context, `standardize`, and for values
    outside of [0, 1] a likelihood of any real number.

    Args:
        recipe: a `Recipe`.
        source: its `keraszoo.data.Source`, in which `columns` tells a table.
        chosen: arguments of the model that the user gave, `{name: value}` or None.
    """
    if source.columns is None:
        return recipe, None
    known, chosen, given = model_arguments(model_class(recipe)), chosen or {}, recipe.arguments
    asked = {}
    if source.target == "label" and source.class_names and "num_classes" in known:
        asked["num_classes"] = source.num_classes
    if source.target == "context" and "context_dim" in known:
        asked["context_dim"] = source.shapes["context"][0]
    lowest, highest = source.input_range
    if "likelihood" in known and not 0 <= lowest <= highest <= 1:
        asked["likelihood"] = "gaussian_learned_variance"
    asked = {name: value for name, value in asked.items() if name not in chosen}
    arguments = {**given, **asked}
    if "standardize" in known and "standardize" not in given and _real(arguments, known, source):
        asked["standardize"] = True
    asked = {name: value for name, value in asked.items() if given.get(name) != value}
    if not asked:
        return recipe, None
    said = " ".join(f"--set {name}={value}" for name, value in asked.items())
    return recipe.replace(arguments={**given, **asked}), f"as the data are a table: {said}"


def _real(arguments, known, source):
    """Whether a model of these arguments takes any real number for one of its features."""
    if "likelihood" in known:
        return likelihoods.get(arguments.get("likelihood", "bernoulli")).support is None
    angles = arguments.get("circular") or ()
    all_angles = angles is True or len(angles) == source.shapes[source.input][0]
    return not (arguments.get("logit") or arguments.get("levels") or all_angles)
