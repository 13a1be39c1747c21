"""Data: what a recipe learns from. Imports no TensorFlow."""

import dataclasses
from typing import Any, Self

from .augment import augmented

#: the data sets that KerasZoo makes itself
OFFLINE = ("digits", "cells", "cell_kinds", "photographs", "photos", "points", "shapes")


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
        ignore: value of the pixels of masks that do not count, or None.
        mask_values: which values of masks are which class, "0:0,128:1", or None: the values are the classes.
        mask_suffix: what masks' names have more than their images', such as "_mask", or None.
        class_names: names of the classes, or None: the data set's own.
        train, test: names of the splits.
        scale: which stored values of images become 0 to 1: "dtype", "data" or "LOW:HIGH", see
            `keraszoo.data.rescaled`. None: all that 8 or 16 bits can hold; other numbers stay as they are.
        scaling: (dtype, low, high), what that came to: recorded when the data are first read, for images that are not
            of plain 8 bits.
        label: the column of a table that holds the classes, or None.
        context: the columns of a table on which a density depends, or None.
    """

    name: str = "digits"
    prepare: tuple = ()
    transforms: tuple = ()
    supervised_keys: tuple | None = None
    image_size: tuple | None = None
    test_last: int | None = None
    ignore: int | None = None
    mask_values: str | None = None
    mask_suffix: str | None = None
    class_names: tuple | None = None
    train: str = "train"
    test: str = "test"
    scale: str | None = None
    scaling: tuple | None = None
    label: str | None = None
    context: tuple | None = None

    @property
    def offline(self) -> bool:
        """Whether these data are made here, without a download."""
        return self.name.split("/")[0] in OFFLINE

    def has_step(self, name: str) -> bool:
        """Whether a step of that name prepares the data."""
        return any(step[0] == name for step in self.prepare)

    def replace(self, **changes: Any) -> Self:
        """These data with other values.

        `domains` are the arguments of the step "unpaired", `hold_out` that of the step of this name, 0 for none;
        `augment` names random transforms, "flip,crop".
        """
        if "augment" in changes:
            changes["transforms"] = augmented(changes.get("transforms", self.transforms), changes.pop("augment"))
        if "hold_out" in changes:
            count = changes.pop("hold_out")
            others = tuple(step for step in self.prepare if step[0] != "hold_out")
            changes["prepare"] = ((("hold_out", count),) if count else ()) + others
        if "domains" in changes:
            domains = changes.pop("domains")
            steps = [("unpaired", *domains) if step[0] == "unpaired" else step for step in self.prepare]
            changes["prepare"] = tuple(steps)
        if any(changes.get(name, getattr(self, name)) != getattr(self, name) for name in ("name", "train", "scale")):
            changes.setdefault("scaling", None)  # it was measured on others
        return dataclasses.replace(self, **changes)
