"""Datasets, and the one pipeline from them to batches.

    from keraszoo.data import batches, load

    digits = load("digits")
    model.fit(batches(digits, "train", 128, training=True), steps_per_epoch=11)

Importing it makes the zoo's own datasets known to tensorflow-datasets: `tfds.load("digits")`.
"""

from .batches import batches, resident, steps_per_epoch, transformed_shape
from .few_labels import few_labels
from .loading import load
from .repeated import repeated
from .resident_batches import Resident
from .service import Service
from .source import Source
from .unpaired import unpaired
from .weighted import weighted

__all__ = [
    "Resident",
    "Service",
    "Source",
    "batches",
    "few_labels",
    "load",
    "repeated",
    "resident",
    "steps_per_epoch",
    "transformed_shape",
    "unpaired",
    "weighted",
]
