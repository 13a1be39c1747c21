"""Photos: colour patches of the two photographs that scikit-learn installs, always there."""

import tensorflow_datasets as tfds

SIDE = 32
STRIDE = 16  # of the training patches, which overlap
TRAIN_WIDTH = 480  # columns of each photograph that are for training; the rest is for testing


class Photos(tfds.core.GeneratorBasedBuilder):
    """32x32 colour patches of china.jpg and flower.jpg (427 x 640 pixels each), for restoring images.

    Nothing is downloaded. Features: `image` uint8 [32, 32, 3] and `label`, the photograph (`china`, `flower`). Splits:
    train 1450, patches every 16 pixels of the left three quarters; test 130, patches side by side of the right
    quarter. No pixel is in both.

    Example:
        >>> import tensorflow_datasets as tfds
        >>> import keraszoo.data
        >>> tfds.builder("photos").info.features["image"].shape
        (32, 32, 3)
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="32x32 patches of a photograph of a Chinese palace and of one of a flower.",
            homepage="https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_sample_images.html",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(SIDE, SIDE, 3)),
                    "label": tfds.features.ClassLabel(names=["china", "flower"]),
                }
            ),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager):
        from sklearn.datasets import load_sample_image

        photos = [load_sample_image(f"{name}.jpg") for name in self.info.features["label"].names]
        return {
            "train": self._generate_examples([photo[:, :TRAIN_WIDTH] for photo in photos], STRIDE),
            "test": self._generate_examples([photo[:, TRAIN_WIDTH:] for photo in photos], SIDE),
        }

    def _generate_examples(self, regions, stride):
        for label, region in enumerate(regions):
            height, width, _ = region.shape
            for top in range(0, height - SIDE + 1, stride):
                for left in range(0, width - SIDE + 1, stride):
                    patch = region[top : top + SIDE, left : left + SIDE]
                    yield f"{label}-{top:03d}-{left:03d}", {"image": patch, "label": label}
