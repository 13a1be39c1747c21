"""Datasets, and the one pipeline from them to batches.

    from keraszoo.data import batches, load

    digits = load("digits")
    model.fit(batches(digits, "train", 128, training=True), steps_per_epoch=11)

Importing it makes the zoo's own datasets known to tensorflow-datasets: `tfds.load("digits")`.
"""

from ..core.inputs.resident import Resident
from .loading import load
from .pipeline.batches import batches, resident, steps_per_epoch, transformed_shape
from .pipeline.service import Service
from .sources.source import Source
from .views.few_labels import few_labels
from .views.held_out import held_out
from .views.repeated import repeated
from .views.rescaled import rescaled
from .views.unpaired import unpaired
from .views.weighted import weighted

__all__ = [
    "Resident",
    "Service",
    "Source",
    "batches",
    "few_labels",
    "held_out",
    "load",
    "repeated",
    "rescaled",
    "resident",
    "steps_per_epoch",
    "transformed_shape",
    "unpaired",
    "weighted",
]
