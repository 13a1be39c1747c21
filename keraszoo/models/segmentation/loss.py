"""The argument `loss` of a network that segments: names, weights and parameters of `keraszoo.losses.segmentation`."""

import functools
import inspect
import math

from ...core.errors import InputError, closest
from ...losses import segmentation as losses
from ...losses.topology import centerline_dice

LOSSES = {
    "cross_entropy": losses.pixel_cross_entropy,
    "focal": losses.focal,
    "dice": losses.dice,
    "jaccard": losses.jaccard,
    "tversky": losses.tversky,
    "centerline_dice": centerline_dice,
}
GIVEN = ("logits", "labels", "weight", "valid")  # what a training gives them


def loss_functions(loss):
    """`{name: function of (logits, labels, weight, valid)}`, each times its weight.

    Args:
        loss: a name; or for each name its weight, or its parameters and perhaps its "weight", as a dictionary.

    Raises:
        InputError: unknown names or parameters, or a weight that is not positive.

    Example:
        >>> list(loss_functions({"dice": 1, "focal": {"gamma": 3, "weight": 0.5}}))
        ['dice', 'focal']
    """
    asked = {loss: 1.0} if isinstance(loss, str) else loss
    if not isinstance(asked, dict) or not asked:
        raise InputError(f"loss is a name, or weights of names such as {{'dice': 1}}. Received: loss={loss!r}.")
    return {name: _one(name, value) for name, value in asked.items()}


def _one(name, value):
    if name not in LOSSES:
        raise InputError(f"Unknown loss. Received: {name!r}. {closest(str(name), LOSSES)}")
    parameters = dict(value) if isinstance(value, dict) else {"weight": value}
    share = parameters.pop("weight", 1.0)
    if not _is_number(share) or not share > 0:
        raise InputError(f"The weight of a loss is a number > 0. Received: {name}={share!r}.")
    known = inspect.signature(LOSSES[name]).parameters
    for parameter, number in parameters.items():
        if parameter not in known or parameter in GIVEN:
            own = [each for each in known if each not in GIVEN]
            nearest = closest(str(parameter), own) if own else "It has none but its weight."
            raise InputError(f"The loss {name} has no parameter {parameter!r}. {nearest}")
        if not _is_number(number) or number < 0:
            raise InputError(f"A parameter of a loss is a number >= 0. Received: {name}, {parameter}={number!r}.")
    function = functools.partial(LOSSES[name], **parameters)
    weighs_pixels = "weight" in known

    def weighted(logits, labels, weight=None, valid=None):
        given = {"weight": weight} if weighs_pixels else {}
        return float(share) * function(logits, labels, valid=valid, **given)

    return weighted


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
