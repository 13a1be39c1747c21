"""Examples of a split, by their rows."""

import numpy as np

from keraszoo import data

BATCH_SIZE = 512


def examples_at(rows, batches):
    """The examples at these rows of one pass over the batches, in the order of `rows`: an array [len(rows), ...]."""
    rows, start = np.asarray(rows), 0
    found = np.empty((len(rows), *batches.element_spec.shape[1:]), "float32")
    for batch in batches.as_numpy_iterator():
        here = (rows >= start) & (rows < start + len(batch))
        found[here] = batch[rows[here] - start]
        start += len(batch)
    return found


def random_examples(source, split, recipe, count, seed):
    """`count` different examples of a split as the recipe's model sees them, drawn at random: [count, ...] float32."""
    rows = np.random.default_rng(seed).permutation(source.split(split).size)[:count]
    options = {"transforms": recipe.transforms, "seed": recipe.seed}
    return examples_at(rows, data.batches(source, split, BATCH_SIZE, training=False, **options))
