"""Cells: drawn pictures of cells that touch, for segmentation, always there."""

import numpy as np
import tensorflow_datasets as tfds
from scipy import ndimage

SIDE = 128
TRAIN, TEST = 160, 40
CELLS = (10, 22)  # about how many lie in a picture
RADIUS = (9.0, 17.0)  # pixels
BUMPS = 4  # waves of the outline
LEAST = 30  # pixels of a cell; what is smaller is left out
NOISE = 0.08  # standard deviation, where the grey values go from 0 to 1


class Cells(tfds.core.GeneratorBasedBuilder):
    """Grey pictures of bumpy cells, many of which touch; what parts two of them is one pixel wide and blurred.

    Nothing is downloaded. Features: `image` uint8 [128, 128, 1]; `label` uint8 [128, 128, 1], 1 in cells, 0 between
    them; `instances` uint16 [128, 128, 1], the number of each pixel's cell from 1 on, 0 between them. The cells are the
    parts of `label` that are connected by edges. Splits: train 160, test 40, the same on every machine.

    Example:
        >>> import tensorflow_datasets as tfds
        >>> import keraszoo.data
        >>> tfds.builder("cells").info.features["instances"].shape
        (128, 128, 1)
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="128x128 drawings of touching cells with noise, with masks and the numbers of the cells.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(SIDE, SIDE, 1)),
                    "label": tfds.features.Image(shape=(SIDE, SIDE, 1)),
                    "instances": tfds.features.Image(shape=(SIDE, SIDE, 1), dtype=np.uint16, encoding_format="png"),
                }
            ),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager):
        return {
            "train": self._generate_examples(range(TRAIN)),
            "test": self._generate_examples(range(TRAIN, TRAIN + TEST)),
        }

    def _generate_examples(self, numbers):
        for number in numbers:
            random = np.random.RandomState(number)  # numpy promises that its numbers never change
            instances = draw_instances(random)
            yield (
                number,
                {
                    "image": draw_image(instances, random)[..., None],
                    "label": (instances > 0).astype("uint8")[..., None],
                    "instances": instances[..., None],
                },
            )


def draw_instances(random):
    """The number of each pixel's cell, 0 between them: [128, 128] uint16. Cells do not share edges of pixels."""
    count = random.randint(*CELLS)
    centre = random.uniform(0, SIDE, (count, 2))
    radius = random.uniform(*RADIUS, count)
    wave = random.normal(0, 0.06, (count, BUMPS, 2))
    rows, columns = np.indices((SIDE, SIDE))[:, None] - centre.T[:, :, None, None]
    turn = np.arange(2, BUMPS + 2)[:, None, None, None] * np.arctan2(rows, columns)  # [wave, cell, row, column]
    bumps = (wave.T[0, ..., None, None] * np.cos(turn) + wave.T[1, ..., None, None] * np.sin(turn)).sum(axis=0)
    distance = np.hypot(rows, columns) / (radius[:, None, None] * (1 + bumps))
    owner = np.where(distance.min(axis=0) < 1, 1 + distance.argmin(axis=0), 0)
    parted = owner > 0
    for axis in (0, 1):  # of two neighbours that belong to different cells the first is between them
        here, there = owner.take(range(SIDE - 1), axis), owner.take(range(1, SIDE), axis)
        differ = np.insert((here != there) & (here > 0) & (there > 0), SIDE - 1, False, axis)
        parted &= ~differ
    pieces, _ = ndimage.label(parted)
    large = np.bincount(pieces.reshape(-1)) >= LEAST
    return ndimage.label(large[pieces] & parted)[0].astype("uint16")


def draw_image(instances, random):
    """A picture of the cells, [128, 128] uint8: each of its own brightness, out of focus, with noise."""
    brightness = np.append(0.3, random.uniform(0.5, 0.8, int(instances.max())))
    image = ndimage.gaussian_filter(brightness[instances], 1.0) + random.normal(0, NOISE, instances.shape)
    return np.rint(255 * image.clip(0, 1)).astype("uint8")
