"""A first look at the numbers that `fit`, `evaluate` and `predict` were given, before anything is learned."""

import numbers

import numpy as np
import tensorflow as tf

from ..system.tables import as_array
from .errors import InputError
from .inputs.batches import unpacked

WIDTH = 9  # numbers that tell of a batch: summaries of x and of y, the lowest weight, how many are NaN, and its rows


def check_arrays(model, arguments, inputs=None):
    """Raises InputError where arrays among the arguments of `fit` and the like are not the model's, as a whole.

    Args:
        arguments: {"x": ..., "y": ..., "sample_weight": ..., ...}, whatever else there is.
        inputs: declaration of x; None: the model's.

    Returns:
        The arguments, an array in a list of one taken out of it.
    """
    who = type(model).__name__
    for name, what in (("x", "x"), ("y", "y"), ("sample_weight", "weights")):
        if arguments.get(name) is not None:
            arguments[name] = as_array(arguments[name], who, what)
    x, y, weights = (arguments.get(name) for name in ("x", "y", "sample_weight"))
    if isinstance(x, (list, tuple)) and len(x) == 1:
        x = arguments["x"] = as_array(x[0], who, "x")
    if isinstance(x, (numbers.Number, np.ndarray)) and not np.ndim(x):
        raise InputError(f"{who} takes batches of examples. Received: {x!r}.")
    if isinstance(x, np.ndarray) and x.ndim and not len(x):
        raise InputError(f"{who} takes at least one example. Received: x of shape {x.shape}.")
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and y.ndim and len(x) != len(y):
        raise InputError(f"{who} takes a target for each example. Received: {len(x)} examples and {len(y)} targets.")
    for declared, values in ((inputs or model.inputs, x), (model.targets, y)):
        if declared is not None and isinstance(values, np.ndarray) and len(values):
            declared.tensor(values[:1], who)
            declared.check(_summary(declared.counting(values)), who, whole=True)
    if weights is not None:
        if np.ndim(weights) == 0 or isinstance(x, np.ndarray) and len(x) != len(weights):
            raise InputError(
                f"{who} takes a weight for each example, [{len(x) if isinstance(x, np.ndarray) else 'examples'}]. "
                f"Received: weights of shape {np.shape(weights)}."
            )
        lowest = np.min(weights) if np.size(weights) else 0.0
        if not lowest >= 0:
            lowest = "NaN" if np.isnan(lowest) else f"{lowest:g}"
            raise InputError(f"{who} takes weights >= 0. Received: {lowest} among them.")
        if y is None and x is not None:  # Keras drops sample weights where there are no labels
            arguments["y"] = np.zeros(len(weights), "float32")
    return arguments


def first_look(model, first, look):
    """What the first batch holds, and whether the model takes it, inside a graph.

    Args:
        first: an optional of the first batch on all replicas.
        look: boolean tensor, whether to look at all.

    Returns:
        [replicas, WIDTH] float32, which `refuse` understands, and a boolean tensor.
    """
    strategy = model.distribute_strategy
    replicas = strategy.num_replicas_in_sync
    nothing = tf.zeros([replicas, WIDTH])
    if model.inputs is None and model.targets is None:
        return nothing, tf.constant(True)

    def on_replica(batch):
        place = tf.distribute.get_replica_context().replica_id_in_sync_group
        return tf.where((tf.range(replicas) == place)[:, None], _row(model, batch), 0.0)

    def body(_, rows):
        return False, strategy.reduce("SUM", strategy.run(on_replica, args=(first.get_value(),)), axis=None)

    # A loop of one round: replicas cannot meet inside a tf.cond.
    _, rows = tf.while_loop(lambda todo, _: tf.logical_and(todo, first.has_value()), body, (look, nothing))
    good = [declared.accepts(tf.transpose(part)) for declared, part in _parts(model, rows)]
    accepted = tf.reduce_all(tf.stack([*good, (rows[:, 6] >= 0) & (rows[:, 7] == 0)]))
    accepted = accepted & (tf.reduce_sum(rows[:, 8]) >= model.smallest_batch)
    return rows, tf.logical_or(tf.logical_not(look), accepted)


def refuse(model, rows):
    """Raises InputError where what `first_look` saw is not the model's."""
    who = type(model).__name__
    for declared, part in _parts(model, rows):
        lowest, highest, missing = part.T
        declared.check((lowest.min(), highest.max(), missing.sum()), who)
    if rows[:, 7].any() or not (rows[:, 6] >= 0).all():
        lowest = "NaN" if rows[:, 7].any() else f"{rows[:, 6].min():g}"
        raise InputError(f"{who} takes weights >= 0. Received: {lowest} among them.")
    check_size(model, int(rows[:, 8].sum()))


def check_size(model, rows):
    """Raises InputError for a batch, of all replicas together, of fewer rows than the model learns from."""
    if rows < model.smallest_batch:
        raise InputError(
            f"{type(model).__name__} learns from the examples of a batch beside each other, at least "
            f"{model.smallest_batch} of them. Received: a batch of {rows}."
        )


def check_batch(model, batch):
    """Raises InputError for an eager batch, of all replicas, that is not the model's."""
    parts = model.distribute_strategy.experimental_local_results(batch)
    refuse(model, np.stack([np.asarray(_row(model, part)) for part in parts]))


def check_examples(model, batch):
    """The same for a batch of examples alone, as `predict` gets them."""
    declared = model.call_inputs
    if declared is None:
        return
    for part in model.distribute_strategy.experimental_local_results(batch):
        x = part[0] if isinstance(part, tuple) else part
        x = x[0] if isinstance(x, (tuple, list)) else x  # with a context
        x, *_ = unpacked(declared, None, x, type(model).__name__)
        declared.check(declared.summary(x), type(model).__name__)


def _row(model, batch):
    """The WIDTH numbers of a batch."""
    x, y, weights = model.gate(batch)
    zeros = tf.zeros([3])
    of_x = zeros if model.inputs is None else model.inputs.summary(x)
    of_y = zeros if model.targets is None else model.targets.summary(y)
    of_weights = tf.zeros([2])
    if weights is not None:
        of_weights = tf.stack([
            tf.reduce_min(tf.concat([weights, [0.0]], 0)),
            tf.reduce_sum(tf.cast(tf.math.is_nan(weights), tf.float32)),
        ])  # fmt: skip
    rows = tf.cast(tf.shape(tf.nest.flatten(x)[0])[:1], tf.float32)
    return tf.concat([of_x, of_y, of_weights, rows], 0)


def _parts(model, rows):
    """Each declaration beside its columns."""
    declared = ((model.inputs, rows[:, :3]), (model.targets, rows[:, 3:6]))
    return [(one, part) for one, part in declared if one is not None]


def _summary(values):
    lowest, highest = float(np.min(values)), float(np.max(values))
    if not np.isnan(lowest):
        return lowest, highest, 0.0
    numbers = values[~np.isnan(values)]
    return float(np.min(numbers, initial=np.inf)), float(np.max(numbers, initial=-np.inf)), values.size - numbers.size
