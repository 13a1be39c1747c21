"""The gate: a batch in any of the forms that users have, as what a model takes."""

import tensorflow as tf

from ..errors import InputError
from .arrays import any_rows, pixels, tensor_of

#: keys under which datasets of dictionaries, such as tensorflow-datasets', keep their examples, and weights of them;
#: those of targets are the declarations', of which the first group counts that is there
INPUT_KEYS = ("image", "features", "x", "input", "inputs")
WEIGHT_KEYS = ("sample_weight", "weight", "weights")


def batch_of(inputs, targets, data, who):
    """A batch as a model takes it, whatever it came as.

    Args:
        inputs, targets: declarations, or None where anything will do.
        data: x, (x,), (x, y) or (x, y, weights); x may be a list of one array, or a dictionary such as
            tensorflow-datasets'.
        who: the model's name, for messages.

    Returns:
        x, y, and the examples' weights [batch] float32, or None.

    Raises:
        InputError: for another structure, rank, size or dtype.
    """
    data = data if isinstance(data, tuple) else (data,)
    if len(data) > 3:
        raise InputError(f"{who} takes batches of x, (x, y) or (x, y, weights). Received: {len(data)} parts.")
    data = [None if isinstance(part, tf.experimental.Optional) else part for part in data]
    x, y, weights = [*data, None, None][:3]
    x, found, beside = unpacked(inputs, targets, x, who)
    y, weights = found if y is None else y, beside if weights is None else weights
    if targets is not None:
        y = targets.tensor(y, who)
    weights = None if weights is None else _weights(weights, y, who)
    if isinstance(weights, dict):  # of each pixel
        y, weights = {**y, **weights}, None
    return x, y, weights


def unpacked(inputs, targets, x, who):
    """x through its declaration, and the target and the weights that lie beside it where it came as a dictionary."""
    if inputs is None:
        return tf.nest.map_structure(_float32, x), None, None
    if not isinstance(x, dict):
        return inputs.tensor(x, who), None, None
    keys = tuple(dict.fromkeys((inputs.name, *INPUT_KEYS)))
    key = _one_key(x, [keys], who) or (next(iter(x)) if len(x) == 1 else None)
    if key is None:
        raise InputError(
            f"{who} looks for its examples under one of {', '.join(keys)}. Received: a dictionary of "
            f"{', '.join(map(str, x))}. Nearest: dataset.map(lambda d: d['...'])."
        )
    target = None if targets is None else x.get(_one_key(x, targets.keys, who))
    return inputs.tensor(x[key], who), target, x.get(_one_key(x, [WEIGHT_KEYS], who))


def _one_key(dictionary, groups, who):
    """The key of the first group that is in a dictionary, or None; two of one group could both be meant."""
    for group in groups:
        found = [key for key in group if key in dictionary]
        if len(found) > 1:
            raise InputError(
                f"{who} takes one of {', '.join(group)} from a dictionary. Received: {' and '.join(found)}. "
                "Nearest: dataset.map(lambda d: {...}) with the one that is meant."
            )
        if found:
            return found[0]
    return None


def _weights(weights, y, who):
    """[batch] float32 of weights [batch] or [batch, 1]; `{"weight": ...}` of weights of each pixel."""
    weights = tensor_of(weights, who, "weights")
    if weights.shape.rank == 2 and weights.shape[1] == 1:
        weights = weights[:, 0]
    if weights.shape.rank == 1:
        return tf.cast(weights, tf.float32)
    of_pixel = pixels(weights)
    if isinstance(y, dict) and of_pixel.shape.rank == 3:
        return {"weight": tf.cast(of_pixel, tf.float32)}
    of_pixels = " or, of each pixel, [batch, height, width]" if isinstance(y, dict) else ""
    raise InputError(
        f"{who} takes weights of shape [batch] or [batch, 1]{of_pixels}. Received: {any_rows(weights.shape)}."
    )


def check_rows(tensor, who):
    """Raises InputError for a batch of no examples: convolutions crash on it."""
    if tensor.shape.rank and tensor.shape[0] == 0:
        raise InputError(f"{who} takes at least one example. Received: x of shape {tuple(tensor.shape)}.")


def _float32(values):
    """An array of real numbers in float32, any other as it is."""
    return tf.cast(values, tf.float32) if tf.as_dtype(values.dtype).is_floating else values
