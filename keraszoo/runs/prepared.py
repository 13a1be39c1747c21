"""A recipe's data, opened: the one place where they are read and made into batches."""

import itertools

import numpy as np
import tensorflow as tf

from .. import data
from ..core.seeds import spread
from ..data.preparation import prepared
from ..data.sources.image_shape import image_size
from ..data.sources.tfds import RecordSplit
from ..data.views.chosen import Chosen
from ..data.views.rescaled import by_dtype, recorded
from ..scaling import Scaling

BATCH_SIZE = 512  # of evaluation, where the user names none
PIECES = 32  # of which a sample of records is made


class PreparedData:
    """What a recipe's model learns from and is tested on.

    Args:
        read: a `Source`.
        described: the recipe's `Data`.
        seed: integer, of steps that draw, of the order and of random transforms.

    Attributes:
        source: the `Source`, of which every split is whole.
        seen: the same as training sees it: with few labels, or repeated.
        shape: of one example as the model sees it.
        data: the recipe's `Data`, with the scaling of its images; where there is no test split but a validation split,
            it is tested on that.
        notes: lines about them that the user should read.

    Raises:
        InputError: steps or transforms that the source does not allow.
    """

    def __init__(self, read, described, seed=0):
        if described.test not in read.splits and set(read.splits) == {described.train, "validation"}:
            described = described.replace(test="validation")  # the only other split there is
        read, self.data, self.notes = _scaled(read, described)
        self.seed = seed
        self.source, self.seen = prepared(read, described.prepare, described.train, seed)
        self.shape = data.transformed_shape(self.source, described.transforms)

    @classmethod
    def open(cls, recipe, data_dir=None, follow=False, **options):
        """A recipe's data, read.

        Args:
            recipe: a `Recipe`.
            data_dir: where tensorflow-datasets keeps its data; by default TFDS_DATA_DIR or ~/tensorflow_datasets.
            follow: whether its random crops become as small as these data, where those are smaller.
            **options: further ones of `keraszoo.data.load`.

        Raises:
            InputError: data that are not there, too.
        """
        described = recipe.data
        read = data.load(
            described.name,
            data_dir=data_dir,
            image_size=described.image_size,
            supervised_keys=described.supervised_keys,
            test_last=described.test_last,
            ignore=described.ignore,
            mask_values=described.mask_values,
            mask_suffix=described.mask_suffix,
            class_names=described.class_names,
            label=described.label,
            context=described.context,
            **options,
        )
        cropped = _crops_within(read, described) if follow else described
        opened = cls(read, cropped, recipe.seed)
        if cropped != described:
            size = "x".join(map(str, opened.shape[:2]))
            opened.notes.append(f"random_crop to {size}, as these images are smaller than the recipe's")
        return opened

    def labelled(self, split):
        """Whether the split's examples have a target."""
        return self.source.target in self.source.split(split).shapes

    def size(self, split):
        """Number of examples."""
        return self.source.split(split).size

    def batches(self, split, batch_size=BATCH_SIZE, *, labels=False, share=(0, 1)):
        """Every example of a split once, in order: a `tf.data.Dataset` of x, or of (x, y) with `labels`."""
        return data.batches(self.source, split, batch_size, training=False, share=share, **self._pipeline(labels))

    def training_batches(self, batch_size, *, labels=False, first_step=0, share=(0, 1), service=None):
        """Those of the training split, shuffled, for ever; see `keraszoo.data.batches`."""
        return data.batches(
            self.seen,
            self.data.train,
            batch_size,
            training=True,
            first_step=first_step,
            share=share,
            service=service,
            **self._pipeline(labels),
        )

    def resident_batches(self, batch_size, *, labels=False):
        """The same as a `keraszoo.data.Resident`, or None where the data are too large."""
        return data.resident(self.seen, self.data.train, batch_size, **self._pipeline(labels))

    def steps_per_epoch(self, batch_size):
        return data.steps_per_epoch(self.seen, self.data.train, batch_size)

    def examples(self, split, count, *, labels=False):
        """The first examples of a split: x [n, ...] with n <= count, or (x, y), as arrays."""
        batches = self.batches(split, min(count, self.size(split)), labels=labels)
        return next(batches.as_numpy_iterator())

    def spread_examples(self, count, *, labels=False):
        """Up to `count` examples spread over all that training sees, the same in every worker: x, or (x, y).

        Of records, which are read in order, they are pieces at even distances.
        """
        split, pipeline = self.data.train, self._pipeline(labels)
        part = self.seen.split(split)
        if not isinstance(part, RecordSplit):
            rows = spread(part.size, count)
            chosen = self.seen.with_splits({split: Chosen(part, rows)})
            return next(iter(data.batches(chosen, split, len(rows), training=False, **pipeline)))
        each = max(1, min(count, part.size) // PIECES)
        shares = max(1, part.size // each)
        pieces = [
            next(iter(data.batches(self.seen, split, each * shares, training=False, share=(place, shares), **pipeline)))
            for place in spread(shares, min(count, PIECES)).tolist()
        ]
        return tf.nest.map_structure(lambda *parts: tf.concat(parts, axis=0), *pieces)

    def seen_examples(self, count, *, labels=False):
        """The first examples that training sees, as tensors: x [n, ...] with n <= count, or (x, y)."""
        count = min(count, self.seen.split(self.data.train).size)
        batches = data.batches(self.seen, self.data.train, count, training=False, **self._pipeline(labels))
        return next(iter(batches))

    def one_by_one(self, split, count):
        """Up to `count` (x, y) of a split, one at a time."""
        yield from itertools.islice(_alone(self.batches(split, 1, labels=True)), count)

    def held_out(self):
        """Each (x, y) that is held out of the training by the step "hold_out"."""
        for count in (step[1] for step in self.data.prepare if step[0] == "hold_out"):
            _, kept = data.held_out(self.source, self.data.train, count)
            batches = data.batches(kept, self.data.train, 1, training=False, **self._pipeline(True))
            yield from _alone(batches)

    def rows(self, split, rows, *, labels=False):
        """The examples of a split at these rows, in the order of `rows`: x [len(rows), ...] float32, or (x, y)."""
        rows, start = np.asarray(rows), 0
        found, classes = np.empty((len(rows), *self.shape), "float32"), np.empty(len(rows), "int64")
        for batch in self.batches(split, labels=labels).as_numpy_iterator():
            if start > rows.max(initial=-1):
                break
            x, *y = batch if labels else (batch,)
            here = (rows >= start) & (rows < start + len(x))
            found[here] = x[rows[here] - start]
            if labels:
                classes[here] = y[0][rows[here] - start]
            start += len(x)
        return (found, classes) if labels else found

    def random_examples(self, split, count, seed):
        """`count` different examples of a split, drawn at random: [count, ...] float32."""
        return self.rows(split, np.random.default_rng(seed).permutation(self.size(split))[:count])

    def _pipeline(self, labels):
        return {"transforms": self.data.transforms, "with_labels": labels, "seed": self.seed}


def _alone(batches):
    """Each (x, y) of batches of one."""
    for x, y in batches.as_numpy_iterator():
        yield x[0], {name: values[0] for name, values in y.items()} if isinstance(y, dict) else y[0]


def _crops_within(read, described):
    """The `Data`, of which no random crop is larger than the images; of these, multiples of 8 where that goes."""
    transforms = described.transforms
    for place, (name, *arguments) in enumerate(transforms):
        if name == "random_crop":
            shape = data.transformed_shape(read, transforms[:place])
            wanted = image_size(arguments[0])
            pairs = zip(wanted, shape, strict=False)
            size = tuple(n if n <= side else side - side % 8 if side > 8 else side for n, side in pairs)
            if len(shape) == 3 and size != wanted:
                transforms = (*transforms[:place], (name, size), *transforms[place + 1 :])
    return described.replace(transforms=transforms)


def _scaled(read, described):
    """(the source scaled as the `Data` say, these with the scaling recorded, lines about it)."""
    notes = []
    if described.scaling is not None:
        read = recorded(read, Scaling.of(described.scaling))
    elif described.scale is not None:
        read = data.rescaled(read, described.scale, described.train)
    else:
        read, note = by_dtype(read, described.train)
        notes += [note] * (note is not None)
    if read.scaling in (None, Scaling("uint8", 0.0, 255.0)):
        return read, described, notes
    notes.append(f"{read.name}: images of {read.scaling}")
    return read, described.replace(scaling=tuple(read.scaling)), notes
