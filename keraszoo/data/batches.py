"""The one pipeline from a dataset to the batches of a model."""

import numbers

import tensorflow as tf

from ..errors import InputError
from . import transforms as named
from .records import RecordSplit
from .source import ArraySplit, scale_of


def batches(source, split, batch_size, *, training, transforms=(), with_labels=False, seed=0, first_step=0):
    """Batches of a dataset's inputs, ready for `model.fit` and `model.evaluate`.

    In training the batches go on for ever, epoch after epoch. Every epoch visits the examples in an order
    that depends on (seed, epoch) only, each at most once: the remainder that does not fill a batch is left
    out, other examples in every epoch. The position is one integer: a stream that starts at `first_step=k`
    gives what an uninterrupted one gives from its k-th batch on, random transforms included. In evaluation
    every example comes once, in order, and the last batch may be smaller.

    The order is the same on any number of replicas; a strategy splits each batch among them.

    Args:
        source: what `load` returned.
        split: name of one of its splits.
        batch_size: global batch size.
        training: whether to shuffle and repeat.
        transforms: sequence of `(name, *arguments)`: pad, resize, grayscale, rgb, flatten, threshold or
            binarize. Before them uint8 and uint16 are scaled to [0, 1]; other numbers are taken as they are.
        with_labels: give (x, y) with the source's target as y.
        seed: integer, for the order and for random transforms.
        first_step: number of training steps already done.

    Returns:
        A `tf.data.Dataset` of x [batch, ...] float32, or of (x, y) with y [batch, ...] int64 (float32 where
        the target is stored as floats). Its cardinality is infinite in training, the number of batches in
        evaluation.

    Raises:
        InputError: unknown split or transform, wrong arguments, a batch larger than the training split, no
            labels, or inputs outside [0, 1] to binarize.

    Example:
        >>> from keraszoo.data import batches, load
        >>> digits = load("digits")
        >>> data = batches(digits, "train", 64, training=True, transforms=(("pad", 16), ("binarize",)))
        >>> data.element_spec
        TensorSpec(shape=(64, 16, 16, 1), dtype=tf.float32, name=None)
    """
    part = source.split(split)
    shape = transformed_shape(source, transforms)
    _check_integer("batch_size", batch_size, least=1)
    _check_integer("seed", seed)
    _check_integer("first_step", first_step, least=0)
    if with_labels and source.target not in part.shapes:
        raise InputError(f"{source.name}, split {split!r}, has no labels. Its features: {', '.join(part.shapes)}.")

    def finish(features, uniform):
        x = tf.cast(features[source.input], tf.float32) / scale_of(source.dtypes[source.input])
        x = tf.ensure_shape(named.apply(x, transforms, uniform), [None, *shape])
        if not with_labels:
            return x
        y = features[source.target]
        return x, tf.cast(y, tf.float32 if y.dtype.is_floating else tf.int64)

    if training:
        data = _training(part, batch_size, steps_per_epoch(source, split, batch_size), seed, first_step, finish)
    elif first_step:
        raise InputError(f"first_step belongs to training; evaluation starts at the beginning. Received: {first_step}.")
    else:
        data = _evaluation(part, batch_size, seed, finish)
    options = tf.data.Options()
    options.deterministic = True
    if isinstance(part, ArraySplit):
        # A gather needs no tuning, and with a tuner the end of an iterator was seen to wait for nearly as long as it
        # had run. One thread of its own is enough, and leaves the model's operations alone.
        options.autotune.enabled = False
        options.threading.private_threadpool_size = 1
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return data.prefetch(tf.data.AUTOTUNE).with_options(options)


def steps_per_epoch(source, split, batch_size):
    """Training steps in one epoch of `split`: full batches only.

    Raises:
        InputError: unknown split, or a batch larger than the split.

    Example:
        >>> from keraszoo.data import load, steps_per_epoch
        >>> steps_per_epoch(load("digits"), "train", 64)
        22
    """
    size = source.split(split).size
    _check_integer("batch_size", batch_size, least=1)
    if batch_size > size:
        raise InputError(
            f"batch_size must be at most the number of training examples, "
            f"{size} in split {split!r} of {source.name}. Received: {batch_size}."
        )
    return size // batch_size


def transformed_shape(source, transforms=()):
    """Shape of one example after `transforms`, found without reading data.

    Raises:
        InputError: unknown transform, wrong arguments, or inputs that a transform does not take.

    Example:
        >>> from keraszoo.data import load, transformed_shape
        >>> transformed_shape(load("digits"), (("pad", 16), ("rgb",)))
        (16, 16, 3)
    """
    binarized = "binarize" in [name for name, _ in named.parse(transforms)]
    if binarized and source.input_range and not 0 <= source.input_range[0] <= source.input_range[1] <= 1:
        raise InputError(
            "binarize takes pixels as probabilities, so they must be from 0 to 1. "
            f"Received: {source.name} with {source.input!r} from %g to %g." % source.input_range
        )
    inputs = tf.TensorSpec([None, *source.shapes[source.input]], tf.float32)
    transformed = tf.function(lambda x: named.apply(x, transforms, lambda shape, _: tf.zeros(shape)), autograph=False)
    return tuple(transformed.get_concrete_function(inputs).structured_outputs.shape[1:])


def _training(part, batch_size, steps, seed, first_step, finish):
    """Batches without end from `first_step` on."""

    def shuffled(step):
        # The order is a function, not a list: epoch and seed give the place of each example.
        places = step % steps * batch_size + tf.range(batch_size, dtype=tf.int64)
        order = tf.stack([tf.constant(seed, tf.int64), step // steps])
        indices = tf.random.experimental.index_shuffle(places, order, tf.constant(part.size - 1, tf.int64))
        return part.gather(tf.ensure_shape(indices, [batch_size]))

    def finished(features, step):
        return finish(
            features,
            lambda shape, position: tf.random.stateless_uniform(shape, _seed_at(seed, position, step)),
        )

    counter = tf.data.Dataset.counter(first_step)
    if isinstance(part, RecordSplit):
        examples = part.shuffled(steps * batch_size, seed, first_step * batch_size)
        features = examples.batch(batch_size, drop_remainder=True)
        return tf.data.Dataset.zip(features, counter).map(_plain(finished))
    # One map: for small batches each further one costs more than its work.
    return counter.map(_plain(lambda step: finished(shuffled(step), step)), num_parallel_calls=part.parallel_calls)


def _evaluation(part, batch_size, seed, finish):
    """Every example once, in order."""

    def finished(features, indices):
        def uniform(shape, position):
            # One draw an example, so that batches of any size see the same values.
            return tf.map_fn(
                lambda index: tf.random.stateless_uniform(shape[1:], _seed_at(seed, position, index)),
                indices,
                fn_output_signature=tf.float32,
            )

        return finish(features, uniform)

    indices = tf.data.Dataset.range(part.size).batch(batch_size)
    if isinstance(part, RecordSplit):
        features = part.in_order().batch(batch_size)
        return tf.data.Dataset.zip(features, indices).map(_plain(finished))
    return indices.map(
        _plain(lambda indices: finished(part.gather(indices), indices)), num_parallel_calls=part.parallel_calls
    )


_plain = tf.autograph.experimental.do_not_convert


def _seed_at(seed, position, step):
    """A seed for the random transform at `position` of the list, in one step."""
    return tf.random.experimental.stateless_fold_in(tf.constant([seed, position], tf.int64), step)


def _check_integer(name, value, least=None):
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or (least is not None and value < least):
        rule = "an integer" if least is None else f"an integer of at least {least}"
        raise InputError(f"{name} must be {rule}. Received: {value!r}.")
