"""Digits: scikit-learn's 8x8 handwritten digits, the data that is always there."""

import numpy as np
import tensorflow_datasets as tfds


class Digits(tfds.core.GeneratorBasedBuilder):
    """The 1797 digits that scikit-learn installs: the test set of UCI's "Optical Recognition of Handwritten
    Digits".

    Nothing is downloaded. Features: `image` uint8 [8, 8, 1] in 0..255 (the original 0..16 scaled) and
    `label`, 0 to 9. Splits: train 1437, test 360, every digit in the same proportion in both, the same on
    every machine.

    Example:
        >>> import tensorflow_datasets as tfds
        >>> import keraszoo.data
        >>> tfds.builder("digits").info.features["image"].shape
        (8, 8, 1)
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="8x8 grey images of the digits 0 to 9, written by 13 people.",
            homepage="https://archive.ics.uci.edu/dataset/80",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(8, 8, 1)),
                    "label": tfds.features.ClassLabel(num_classes=10),
                }
            ),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager):
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        digits = load_digits()
        images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., None]
        rows = np.arange(len(images))
        train, test = train_test_split(rows, test_size=360, random_state=0, stratify=digits.target)
        return {
            "train": self._generate_examples(images, digits.target, sorted(train)),
            "test": self._generate_examples(images, digits.target, sorted(test)),
        }

    def _generate_examples(self, images, labels, rows):
        for row in rows:
            yield int(row), {"image": images[row], "label": int(labels[row])}
