"""Pictures of an attribute coming and going: `keraszoo latent attribute`."""

import numpy as np

from keraszoo.analysis.attributes import attribute_vector
from keraszoo.core.errors import InputError
from keraszoo.models.abilities import Decodes

from ..evaluators.pictures import tile
from ..image_files import check_png, write_png
from .space import LatentSpace, check_integers, class_number


def attribute(run, out, attribute, *, against=None, rows=8, steps=9, reach=1.5, data_dir=None):
    """Writes a picture in whose rows test examples move along an attribute vector.

    The vector leads from the mean code of the training examples of other classes to that of a class. In each row the
    first image is the example, the next is decoded from its code less `reach` times the vector, the last from its code
    plus that.

    Args:
        run: a `Run` or the path of one.
        out: PNG to write; a file that is there is replaced.
        attribute: name or number of the class that has it.
        against: that of the class that it is compared with; by default all others. The examples are of this class.
        rows: examples, >= 1.
        steps: >= 2.
        reach: how many times the vector, > 0.
        data_dir: where tensorflow-datasets keeps its data.

    Returns:
        The vector, [dim].

    Raises:
        InputError: missing or unfinished run, a model that does not encode and decode images, data without classes, no
            such class, impossible numbers, a file that cannot be written.
    """
    check_png(out)
    check_integers(rows=(rows, 1), steps=(steps, 2))
    if not 0 < reach < np.inf:
        raise InputError(f"reach is how many times the vector is added, > 0. Received: {reach!r}.")
    space = LatentSpace(run, Decodes, data_dir=data_dir)
    space.check_encodes()
    data = space.data
    codes, labels, names = space.labelled_codes(data.data.train)
    label = class_number(attribute, names)
    other = None if against is None else labels == class_number(against, names)
    vector = attribute_vector(codes, labels == label, other)
    source, split = data.source, data.data.test
    test = source.array(split, source.target) if source.in_memory else _labels(space, split)
    without = np.flatnonzero(test != label if other is None else test == class_number(against, names))[:rows]
    examples = space.examples(split, without)
    starts = space.encode(examples)
    moved = [space.decode(starts + times * vector) for times in np.linspace(-reach, reach, steps)]
    write_png(out, tile(np.stack([examples, *moved], axis=1)))
    return vector


def _labels(space, split):
    """The classes of a split's examples, those that are encoded at most."""
    return np.concatenate([labels.numpy() for _, labels in space.batches(split, labels=True)])
