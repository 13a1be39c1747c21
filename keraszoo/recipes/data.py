"""Data: what a recipe learns from. Imports no TensorFlow."""

import dataclasses

#: the data sets that KerasZoo makes itself
OFFLINE = ("digits", "cells", "photos", "points", "shapes")


@dataclasses.dataclass(frozen=True)
class Data:
    """What a model learns from, how it is read and what is done to it, as plain values.

    Attributes:
        name: in tensorflow-datasets (KerasZoo's offline ones included), folder of images or of .npy files, .npz file,
            or table.
        prepare: steps `(name, *arguments)`, see `keraszoo.data.preparation`: `(("unpaired", "3", "8"),)`.
        transforms: names and arguments, in order: `(("pad", 32),)`; scaling to [0, 1] is automatic.
        supervised_keys: (input, target) features of a dataset of tfds in place of its own, or None.
        image_size: (height, width) to which a folder's images are resized, or None.
        test_last: the last so many examples are the test split, where the dataset is one split; None: a random tenth.
        train, test: names of the splits.
        label: the column of a table that holds the classes, or None.
        context: the columns of a table on which a density depends, or None.
    """

    name: str = "digits"
    prepare: tuple = ()
    transforms: tuple = ()
    supervised_keys: tuple | None = None
    image_size: tuple | None = None
    test_last: int | None = None
    train: str = "train"
    test: str = "test"
    label: str | None = None
    context: tuple | None = None

    @property
    def offline(self):
        """Whether these data are made here, without a download."""
        return self.name.split("/")[0] in OFFLINE

    def has_step(self, name):
        """Whether a step of that name prepares the data."""
        return any(step[0] == name for step in self.prepare)

    def replace(self, **changes):
        """These data with other values; `domains` are the arguments of the step "unpaired"."""
        if "domains" in changes:
            domains = changes.pop("domains")
            steps = [("unpaired", *domains) if step[0] == "unpaired" else step for step in self.prepare]
            changes["prepare"] = tuple(steps)
        return dataclasses.replace(self, **changes)
