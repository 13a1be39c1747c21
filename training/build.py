"""From a recipe to its model and its compiled optimizers."""

import keras
import tensorflow as tf

from keraszoo import models
from keraszoo.core.checks import share
from keraszoo.core.config import constructor_arguments
from keraszoo.core.errors import InputError, closest
from keraszoo.models.abilities import HasEncoder
from keraszoo.runs.run import Run

#: arguments that are networks, which the command line cannot pass
NETWORKS = (
    "encoder",
    "decoder",
    "generator",
    "discriminator",
    "a_to_b",
    "b_to_a",
    "discriminator_a",
    "discriminator_b",
)


def model_arguments(of_class):
    """Names of the arguments of a model's constructor that a recipe can give: not networks, but those by name."""
    names = set(constructor_arguments(of_class))
    networks = {*NETWORKS} - {*of_class.networks_by_name}
    reusing = {"pretrained"} if "encoder" in names & networks else set()
    networks -= {*of_class.networks_or_names}
    return names - {"name", "dtype", "event_shape", "image_shape", "pair_shape", *networks} | reusing


def model_class(recipe):
    """The class of a recipe's model; InputError where the zoo has none of that name."""
    if recipe.model not in models.MODELS:
        raise InputError(f"Unknown model. Received: {recipe.model!r}. {closest(recipe.model, models.MODELS)}")
    return getattr(models, recipe.model)


def build_model(recipe, dtype=None, class_names=None):
    """The recipe's model, built; `dtype` is a Keras dtype policy such as "mixed_float16".

    `class_names` are those of the data, or None: a model of as many classes that can name them has them.

    The argument `pretrained` is not the model's: it is the path of a finished run, whose model's encoder is reused.

    Raises:
        InputError: an argument that the model does not have, or a value that it refuses.
    """
    made = model_class(recipe)
    known = model_arguments(made)
    for name in recipe.arguments:
        if name not in known:
            raise InputError(f"{recipe.model} has no argument {name!r}. {closest(name, known)}")
    arguments = dict(recipe.arguments)
    if "pretrained" in arguments:
        arguments["encoder"] = _encoder_of(arguments.pop("pretrained"))
    if "scaling" in known and recipe.data.scaling is not None:
        arguments.setdefault("scaling", recipe.data.scaling)
    classes = {**constructor_arguments(made), **arguments}.get("num_classes")
    if "class_names" in known and class_names is not None and len(class_names) == max(2, classes):
        arguments.setdefault("class_names", tuple(map(str, class_names)))
    try:
        return made(recipe.input_shape, dtype=dtype, **arguments)
    except InputError:
        raise
    except (TypeError, ValueError, ArithmeticError, MemoryError, tf.errors.OpError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"{recipe.model} refuses its arguments {recipe.arguments}: {reason}") from error


def _encoder_of(path):
    model = Run.open(path).model()
    if not isinstance(model, HasEncoder):
        raise InputError(f"pretrained is a run whose model has an encoder. Received: {path}, a {type(model).__name__}.")
    return model.encoder


def build_optimizer(spec, steps):
    """A `keraszoo.recipes.Optimizer` as a Keras optimizer; `steps` is how many it takes in the whole training."""
    if spec.decay not in (None, "cosine"):
        raise InputError(f"Unknown decay. Received: {spec.decay!r}. Known: None, 'cosine'.")
    warmup = share("warmup", spec.warmup)
    if warmup and spec.decay is None:
        raise InputError(f"A rate that warms up decays afterwards: decay='cosine'. Received: warmup={warmup:g} alone.")
    steps = max(1, steps)  # an update may have no turn at all
    rate, rising = spec.learning_rate, min(round(warmup * steps), steps - 1)
    if spec.decay and rising:
        options = {"warmup_target": rate, "warmup_steps": rising}
        rate = keras.optimizers.schedules.CosineDecay(0.0, steps - rising, **options)
    elif spec.decay:
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    config = {"learning_rate": rate, **spec.arguments}
    optimizer = keras.optimizers.get(spec.name)
    return type(optimizer)(**config)
