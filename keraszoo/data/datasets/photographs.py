"""Photographs: colour crops of whole photographs, of which one is for testing alone; always there."""

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

SIDE = 64
STRIDE = 16  # of the crops, which overlap
NAMES = {"train": ("china", "grace_hopper"), "test": ("flower",)}


class Photographs(tfds.core.GeneratorBasedBuilder):
    """64x64 colour crops of china.jpg and flower.jpg (427 x 640 pixels) and grace_hopper.jpg (600 x 512).

    Nothing is downloaded: the first two come with scikit-learn, the third with matplotlib. Unlike `photos`, train and
    test are of different photographs, so that what is learned of one must hold for another. Features: `image` uint8
    [64, 64, 3] and `label`, the photograph. Splits: train 1837, of china and grace_hopper; test 851, of flower.

    Example:
        >>> import tensorflow_datasets as tfds
        >>> import keraszoo.data
        >>> tfds.builder("photographs").info.features["image"].shape
        (64, 64, 3)
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="64x64 crops of photographs of a palace and a portrait, and of one of a flower for testing.",
            homepage="https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_sample_images.html",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(SIDE, SIDE, 3)),
                    "label": tfds.features.ClassLabel(names=[name for names in NAMES.values() for name in names]),
                }
            ),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(names) for split, names in NAMES.items()}

    def _generate_examples(self, names):
        for name in names:
            photo = _photograph(name)
            height, width, _ = photo.shape
            for top in range(0, height - SIDE + 1, STRIDE):
                for left in range(0, width - SIDE + 1, STRIDE):
                    crop = photo[top : top + SIDE, left : left + SIDE]
                    yield f"{name}-{top:03d}-{left:03d}", {"image": crop, "label": name}


def _photograph(name):
    """[height, width, 3] uint8."""
    if name != "grace_hopper":
        from sklearn.datasets import load_sample_image

        return load_sample_image(f"{name}.jpg")
    from matplotlib.cbook import get_sample_data

    with get_sample_data(f"{name}.jpg") as file:
        return np.asarray(Image.open(file))
