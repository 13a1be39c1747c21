"""A recipe with the user's values in the place of its own, checked."""

import ast
import dataclasses
import json
import math

from keraszoo.core.config import constructor_arguments
from keraszoo.core.errors import InputError
from keraszoo.recipes.recipe import tuples

from .build import model_class

#: options that are a recipe's values
OF_RECIPE = ("epochs", "batch_size", "seed", "arguments")
#: options that are values of every optimizer
OF_OPTIMIZERS = ("learning_rate", "decay", "warmup")
#: a model's network where its recipe names none, and the arguments that suit one network
NETWORK, OF_NETWORK = "dense", ("hidden", "features", "activation", "initialization")
#: option: name of the same in `Data`
OF_DATA = {
    "dataset": "name",
    "domains": "domains",
    "image_size": "image_size",
    "augment": "augment",
    "test_last": "test_last",
    "hold_out": "hold_out",
    "ignore": "ignore",
    "mask_values": "mask_values",
    "mask_suffix": "mask_suffix",
    "class_names": "class_names",
    "scale": "scale",
    "label": "label",
    "context": "context",
}


def changed(recipe, options):
    """The recipe with what the options replace.

    Raises:
        InputError: domains for data that have none.
    """
    given = {name: getattr(options, name) for name in (*OF_RECIPE, *OF_OPTIMIZERS, *OF_DATA)}
    changes = {name: value for name, value in given.items() if value is not None}
    of_data = {OF_DATA[name]: changes.pop(name) for name in OF_DATA if name in changes}
    if "domains" in of_data and not recipe.data.has_step("unpaired"):
        raise InputError(f"{recipe.name} has no domains to translate between. Received: {of_data['domains']!r}.")
    if of_data:
        changes["data"] = recipe.data.replace(**of_data)
    of_optimizers = {name: changes.pop(name) for name in OF_OPTIMIZERS if name in changes}
    if of_optimizers:
        changes["optimizers"] = {
            name: dataclasses.replace(spec, **of_optimizers) for name, spec in recipe.optimizers.items()
        }
    if "arguments" in changes:
        arguments = {**_kept(model_class(recipe), recipe.arguments, changes["arguments"]), **changes["arguments"]}
        changes["arguments"] = tuples(json.loads(json.dumps(arguments)))  # as the run will keep them
    return recipe.replace(**changes)


def _kept(model, own, given):
    """The recipe's arguments without those that belong to its network, where the user gives another one.

    A named encoder is another one too, unless there is a decoder, whose sizes these are.
    """
    of_encoder = {} if "decoder" in constructor_arguments(model) else {"network": given.get("encoder")}
    now = own.get("network", NETWORK)
    same = (given.get("network") or of_encoder.get("network") or now) == now
    return own if same else {name: value for name, value in own.items() if name not in OF_NETWORK}


def to_resume(own, named, options):
    """A run's own recipe, of which only the number of epochs may change.

    Args:
        own: the run's recipe.
        named: the recipe that the user named, or None.
        options: `Options`.

    Raises:
        InputError: another recipe, or another value of it.
    """
    asked = changed(own, dataclasses.replace(options, epochs=None))
    differing = [name for name in _differing(asked, own) if name not in ("data", "expected")]
    differing += [
        "dataset" if name == "name" else name for name in _differing(asked.data, own.data) if name != "scaling"
    ]
    if named is not None and named.name != own.name:
        differing.insert(0, f"recipe ({named.name} instead of {own.name})")
    if differing:
        raise InputError(
            "A run is resumed with what it was started with; only --epochs may change. "
            f"Received another: {', '.join(differing)}."
        )
    return own.replace(epochs=own.epochs if options.epochs is None else options.epochs)


def _differing(one, other):
    """Names of the fields in which two of a dataclass differ."""
    names = [field.name for field in dataclasses.fields(one)]
    return [name for name in names if getattr(one, name) != getattr(other, name)]


def checked(recipe, options):
    """Raises InputError for numbers that no training can have."""
    numbers = {
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "keep": options.keep,
        "features_every": 1 if options.features_every is None else options.features_every,
        "checkpoint_every": 1 if options.checkpoint_every is None else options.checkpoint_every,
    }
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**31:
            raise InputError(f"{name} must be an integer from 1 to {2**31 - 1}. Received: {value!r}.")
    if isinstance(recipe.seed, bool) or not isinstance(recipe.seed, int) or not 0 <= recipe.seed < 2**32:
        raise InputError(f"seed must be an integer from 0 to {2**32 - 1}. Received: {recipe.seed!r}.")
    for spec in recipe.optimizers.values():
        if not (0 < spec.learning_rate < math.inf):
            raise InputError(f"The learning rate must be > 0 and finite. Received: {spec.learning_rate!r}.")


def parse_assignments(assignments):
    """`["latent_dim=10", "hidden=[64]"]` -> `{"latent_dim": 10, "hidden": (64,)}`; words stay strings."""
    values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise InputError(f"--set takes NAME=VALUE. Received: {assignment!r}.")
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            value = text
        values[name] = tuple(value) if isinstance(value, list) else value
    return values
