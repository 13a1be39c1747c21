"""Cell kinds: drawn pictures, in colours, of cells of three kinds that touch; always there."""

import numpy as np
import tensorflow_datasets as tfds
from scipy import ndimage

from .cells import SIDE, TEST, TRAIN, draw_instances

KINDS = ("background", "plain", "ring", "speckled")
GROUND = (0.86, 0.80, 0.84)
COLOURS = ((0.55, 0.45, 0.70), (0.60, 0.48, 0.66), (0.57, 0.50, 0.68))  # of a kind on average, nearly alike
VARIATION = 0.05  # of a cell's colour
RIM = 2.5  # pixels of a ring that are dark
SPECKLES = 0.25  # share of a speckled cell
NOISE = 0.04


class CellKinds(tfds.core.GeneratorBasedBuilder):
    """Pictures in colours of the bumpy, touching cells of `cells`, of three kinds, which differ in texture.

    Plain cells are even, rings have a dark rim, speckled ones dark grains; colours vary more from cell to cell than
    from kind to kind. Nothing is downloaded. Features: `image` uint8 [128, 128, 3]; `label` uint8 [128, 128, 1], 0
    between the cells, 1 plain, 2 ring, 3 speckled; `instances` uint16 [128, 128, 1], the number of each pixel's cell
    from 1 on. Splits: train 160, test 40, the same on every machine.

    Example:
        >>> import tensorflow_datasets as tfds
        >>> import keraszoo.data
        >>> tfds.builder("cell_kinds").info.features["image"].shape
        (128, 128, 3)
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="128x128 drawings of three kinds of touching cells, with masks and the numbers of the cells.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(SIDE, SIDE, 3)),
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
            random = np.random.RandomState(1000 + number)  # numpy promises that its numbers never change
            instances = draw_instances(random)
            kinds = np.append(0, random.randint(1, len(KINDS), int(instances.max())))
            yield (
                number,
                {
                    "image": draw_image(instances, kinds, random),
                    "label": kinds[instances].astype("uint8")[..., None],
                    "instances": instances[..., None],
                },
            )


def draw_image(instances, kinds, random):
    """A picture of cells, [128, 128, 3] uint8, out of focus and with noise.

    Args:
        instances: [128, 128], the number of each pixel's cell, 0 in none.
        kinds: of each number.
        random: a `numpy.random.RandomState`.
    """
    colours = np.array([GROUND, *(COLOURS[kind - 1] for kind in kinds[1:])])
    colours[1:] += random.normal(0, VARIATION, (len(colours) - 1, 3))
    inside = ndimage.distance_transform_edt(instances > 0)
    grains = ndimage.gaussian_filter(random.standard_normal(instances.shape), 1.0)
    grainy = grains > np.quantile(grains, 1 - SPECKLES)
    kind = kinds[instances]
    dark = ((kind == 2) & (inside < RIM)) | ((kind == 3) & grainy)
    image = colours[instances] * np.where(dark, 0.6, 1.0)[..., None]
    image = ndimage.gaussian_filter(image, (0.7, 0.7, 0)) + random.normal(0, NOISE, image.shape)
    return np.rint(255 * image.clip(0, 1)).astype("uint8")
