"""The one pipeline from a dataset to the batches of a model."""

import numbers
import typing
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from ...core.errors import InputError
from ...core.inputs.resident import RESIDENT_LIMIT, Resident
from ...data.sources.source import Source
from ..sources.mask_values import VOID
from ..sources.source import ArraySplit, byte_size
from ..sources.tfds import RecordSplit
from . import transforms as named
from .service import check_source


def batches(
    source: Source,
    split: str,
    batch_size: int,
    *,
    training: bool,
    transforms: Sequence[Any] = (),
    with_labels: bool = False,
    seed: int = 0,
    first_step: int = 0,
    share: tuple[int, int] = (0, 1),
    service: Any = None,
) -> tf.data.Dataset:
    """Batches of a dataset's inputs, ready for `model.fit` and `model.evaluate`.

    In training the batches go on for ever, epoch after epoch. Every epoch visits the examples in an order
    that depends on (seed, epoch) only, each at most once: the remainder that does not fill a batch is left
    out, other examples in every epoch. The position is one integer: a stream that starts at `first_step=k`
    gives what an uninterrupted one gives from its k-th batch on, random transforms included. In evaluation
    every example comes once, in order, and the last batch may be smaller.

    The order is the same on any number of replicas; a strategy splits each batch among them. Where each reads only
    its share of the data:

    - Data in memory or in image files: share i of n is the i-th of n parts of every batch, so all shares together are
      the batches of one replica.
    - Records of tfds: share i is the i-th of n parts of the split. Parts differ by one example at most, and the files
      of one part are read by nobody else. Shuffling stays within the part.
    - Training takes equally many examples from every share in an epoch. In evaluation every share has equally many
      batches, some of which may be smaller than others or empty.

    Args:
        source: what `load` returned.
        split: name of one of its splits.
        batch_size: global batch size.
        training: whether to shuffle and repeat.
        transforms: sequence of `(name, *arguments)`: pad, resize, grayscale, rgb, flatten, threshold,
            binarize, and in training only the augmentations random_crop, flip, rotate90, rotate, shift, elastic,
            brightness, contrast and noise. Before them uint8 and uint16 are scaled to [0, 1], or as
            `source.scaling` says; other numbers are taken as they are. What moves pixels moves those of a mask alike.
        with_labels: give (x, y) with the source's target as y.
        seed: integer, for the order and for random transforms.
        first_step: number of training steps already done.
        share: (index, count) of the replica that these batches are for, which gets batch_size / count examples of
            each batch.
        service: `keraszoo.data.Service` through which training data are read, for records only. It deals out the
            files to its workers, each file once a pass. The order differs from run to run, and no worker waits at the
            end of a pass for the others: examples come equally often in the long run, not in every epoch.

    Returns:
        A `tf.data.Dataset` of x [batch, ...] float32, or of (x, y) with y [batch, ...] int64 (float32 where
        the target is stored as floats). Where the target is a mask y is [batch, height, width] int64, or, of a source
        with a weight map, {"label": that, "weight": [batch, height, width] float32}. Pixels of a mask that do not count
        have the class -1. Its cardinality is infinite in
        training, the number of batches in evaluation.

    Raises:
        InputError: unknown split or transform, wrong arguments, a batch larger than the training split, no
            labels, inputs outside [0, 1] to binarize, a batch that cannot be shared evenly, or data that the service
            does not read.

    Example:
        >>> from keraszoo.data import batches, load
        >>> digits = load("digits")
        >>> data = batches(digits, "train", 64, training=True, transforms=(("pad", 16), ("binarize",)))
        >>> data.element_spec
        TensorSpec(shape=(64, 16, 16, 1), dtype=tf.float32, name=None)
    """
    part, finish = _finished(source, split, transforms, with_labels, training)
    _check_integer("batch_size", batch_size, least=1)
    _check_integer("seed", seed)
    _check_integer("first_step", first_step, least=0)
    _check_share(share, batch_size, part.size)
    if service:
        check_source(source, split)
        if not training:
            raise InputError("A tf.data service reads for training; evaluation needs every example exactly once.")
    if training:
        order = _Order(part.size, batch_size, steps_per_epoch(source, split, batch_size), seed)
        data = _training(part, order, first_step, share, service, finish)
    elif first_step:
        raise InputError(f"first_step belongs to training; evaluation starts at the beginning. Received: {first_step}.")
    else:
        data = _evaluation(part, batch_size, seed, share, finish)
    options = tf.data.Options()
    options.deterministic = True
    if isinstance(part, ArraySplit):
        # A gather needs no tuning, and with a tuner the end of an iterator was seen to wait for nearly as long as it
        # had run. One thread of its own is enough, and leaves the model's operations alone.
        options.autotune.enabled = False
        options.threading.private_threadpool_size = 1
    if not service:
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return data.prefetch(tf.data.AUTOTUNE).with_options(options)


def resident(
    source: Source,
    split: str,
    batch_size: int,
    *,
    transforms: Sequence[Any] = (),
    with_labels: bool = False,
    seed: int = 0,
) -> Resident | None:
    """The training batches of `batches(..., training=True)`, made inside the training step: a `Resident` for `fit`.

    It saves the iterator's and the transfer's time, which matters for small models and for several replicas.

    Args:
        source, split, batch_size, transforms, with_labels, seed: see `batches`.

    Returns:
        A `Resident`, or None for data that are not in memory or larger than RESIDENT_LIMIT (1 GiB).

    Raises:
        InputError: as `batches` does.

    Example:
        >>> from keraszoo.data import load, resident
        >>> resident(load("digits"), "train", 64).steps_per_epoch
        22
    """
    part, finish = _finished(source, split, transforms, with_labels, training=True)
    _check_integer("seed", seed)
    steps = steps_per_epoch(source, split, batch_size)
    if not isinstance(part, ArraySplit) or byte_size(part.shapes, part.dtypes, part.stored) > RESIDENT_LIMIT:
        return None

    order = _Order(part.size, batch_size, steps, seed)

    def batch_at(gather, step, share):
        return finish(gather(order.rows(step, share)), order.draws(step, share))

    return Resident(part, steps, batch_at)


def steps_per_epoch(source: Source, split: str, batch_size: int) -> int:
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
            f"{size} in split {split!r} of {source.name}. Received: {batch_size}. Nearest: {size}."
        )
    return size // batch_size


def transformed_shape(source: Source, transforms: Sequence[Any] = (), training: bool = True) -> tuple[int, ...]:
    """Shape of one example after `transforms`, found without reading data.

    Args:
        source, transforms: see `batches`.
        training: whether augmentations act: `random_crop` makes the examples of training smaller than the others.

    Raises:
        InputError: unknown transform, wrong arguments, or inputs that a transform does not take.

    Example:
        >>> from keraszoo.data import load, transformed_shape
        >>> transformed_shape(load("digits"), (("pad", 16), ("rgb",)))
        (16, 16, 3)
    """
    unit = [name for name, _ in named.parse(transforms) if name in named.OF_UNIT_RANGE]
    if unit and source.input_range and not 0 <= source.input_range[0] <= source.input_range[1] <= 1:
        raise InputError(
            f"{unit[0]} takes pixels as {'probabilities' if unit[0] == 'binarize' else 'grey values'}, so they must be "
            f"from 0 to 1. Received: {source.name} with {source.input!r} from %g to %g." % source.input_range
        )
    inputs = tf.TensorSpec([None, *source.shapes[source.input]], tf.float32)

    def transformed(x):
        return named.apply(x, transforms, lambda shape, _: tf.zeros(shape), training=training)

    outputs = tf.function(transformed, autograph=False).get_concrete_function(inputs).structured_outputs
    return tuple(outputs.shape[1:])


def _finished(source, split, transforms, with_labels, training):
    """The split, and the function of (its features, uniform) that makes x or (x, y) of them."""
    part = source.split(split)
    shape = transformed_shape(source, transforms, training)
    if with_labels and source.target not in part.shapes:
        raise InputError(f"{source.name}, split {split!r}, has no labels. Its features: {', '.join(part.shapes)}.")

    def finish(features, uniform):
        x = source.scaled(features[source.input])
        x = tf.ensure_shape(named.apply(x, transforms, uniform, training=training), [None, *shape])
        if not with_labels:
            return x
        y = features[source.target]
        y = tf.cast(y, tf.float32 if source.dtypes[source.target].is_floating else tf.int64)
        if not source.has_masks:
            return x, y

        def moved(values, nearest, outside=0):
            values = tf.reshape(values, [-1, *source.shapes[source.input][:2]])
            values = named.apply_to_mask(
                values, transforms, uniform, training=training, nearest=nearest, outside=outside
            )
            return tf.ensure_shape(values, [None, *shape[:2]] if len(shape) == 3 else [None, None, None])

        label = moved(y, nearest=True, outside=VOID if source.has_void else 0)
        if source.weight is None:
            return x, label
        return x, {"label": label, "weight": moved(features[source.weight], nearest=False)}

    return part, finish


class _Order(typing.NamedTuple):
    """What each step of training reads and draws: a function of the step, not a list."""

    size: int  # examples in the split
    batch_size: int  # of all shares together
    steps: int  # in an epoch
    seed: int

    def rows(self, step, share):
        """Rows of the split [batch_size / count] for one share (index, count) of a step's batch."""
        index, count = share
        own = self.batch_size // count
        places = step % self.steps * self.batch_size + tf.cast(index, tf.int64) * own + tf.range(own, dtype=tf.int64)
        epoch = tf.stack([tf.constant(self.seed, tf.int64), step // self.steps])
        rows = tf.random.experimental.index_shuffle(places, epoch, tf.constant(self.size - 1, tf.int64))
        return tf.ensure_shape(rows, [own])

    def draws(self, step, share):
        """The `uniform` of random transforms: every share sees its part of the same draw."""
        index, count = share
        own = self.batch_size // count

        def uniform(shape, position):
            whole = tf.concat([[self.batch_size], shape[1:]], 0)
            values = tf.random.stateless_uniform(whole, _seed_at(self.seed, position, step))
            return values[index * own : (index + 1) * own]

        return uniform


def _training(part, order, first_step, share, service, finish):
    """Batches without end from `first_step` on."""
    own = order.batch_size // share[1]
    counter = tf.data.Dataset.counter(first_step)
    if not service and not isinstance(part, RecordSplit):
        # One map: for small batches each further one costs more than its work.
        def batch_at(step):
            return finish(part.gather(order.rows(step, share)), order.draws(step, share))

        return counter.map(_plain(batch_at), num_parallel_calls=part.parallel_calls)
    if service:
        features = service.read(part.repeated(order.seed).batch(own, drop_remainder=True))
    else:
        examples = part.share(share).shuffled(order.steps * own, order.seed, first_step * own)
        features = examples.batch(own, drop_remainder=True)
    return tf.data.Dataset.zip(features, counter).map(
        _plain(lambda features, step: finish(features, order.draws(step, share)))
    )


def _evaluation(part, batch_size, seed, share, finish):
    """Every example of the share once, in order; equally many batches in every share."""
    index, count = share
    own = batch_size // count

    def finished(features, indices):
        def uniform(shape, position):
            # One draw an example, so that batches of any size see the same values.
            return tf.map_fn(
                lambda index: tf.random.stateless_uniform(shape[1:], _seed_at(seed, position, index)),
                indices,
                fn_output_signature=tf.float32,
            )

        return finish(features, uniform)

    if isinstance(part, RecordSplit):
        first, size = part.bounds(share)
        indices = tf.data.Dataset.range(first, first + size).batch(own)
        features = part.share(share).in_order().batch(own)
        filled = -(-size // own)
        data = tf.data.Dataset.zip(features, indices).map(_plain(finished))
    else:
        indices = tf.data.Dataset.range(part.size).batch(batch_size)
        if count > 1:
            indices = indices.map(lambda rows: rows[index * own : (index + 1) * own])
        filled = part.size // batch_size + (part.size % batch_size > index * own)
        data = indices.take(filled).map(
            _plain(lambda rows: finished(part.gather(rows), rows)), num_parallel_calls=part.parallel_calls
        )
    if filled < -(-part.size // batch_size):
        nothing = tf.nest.map_structure(lambda spec: tf.zeros([0, *spec.shape[1:]], spec.dtype), data.element_spec)
        data = data.concatenate(tf.data.Dataset.from_tensors(nothing))
    return data


_plain = tf.autograph.experimental.do_not_convert


def _seed_at(seed, position, step):
    """A seed for the random transform at `position` of the list, in one step."""
    return tf.random.experimental.stateless_fold_in(tf.constant([seed, position], tf.int64), step)


def _check_share(share, batch_size, size):
    index, count = share
    if not 0 <= index < count:
        raise InputError(f"A share is (index, count) with 0 <= index < count. Received: {share!r}.")
    if batch_size % count:
        raise InputError(f"batch_size must be a multiple of the number of shares, {count}. Received: {batch_size}.")
    if size < count:
        raise InputError(f"There must be an example for each of the {count} shares. Received: {size}.")


def _check_integer(name, value, least=None):
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or (least is not None and value < least):
        rule = "an integer" if least is None else f"an integer of at least {least}"
        raise InputError(f"{name} must be {rule}. Received: {value!r}.")
