"""Shapes: sprites of every combination of five factors, to see whether a code finds these."""

import numpy as np
import tensorflow_datasets as tfds

from .sprites import SCALES, SHAPES, SIZES, sprite


class Shapes(tfds.core.GeneratorBasedBuilder):
    """Every combination of 3 shapes, 6 scales, 20 rotations and 16 x 16 positions, 92,160 images; a small dSprites.

    Nothing is downloaded. Configurations: `shapes/32` and `shapes/64`, by the side of the images. Features: `image`
    uint8 [side, side, 1], white on black with smooth edges; `factors` int64 [5], the number of shape, scale, rotation,
    x and y, each from 0; and `label`, the shape. One split, in an order that is random and always the same.

    Shape is square, ellipse or heart; scale 0.5, 0.6, ... 1; rotation a multiple of 18 degrees, counter-clockwise; x
    and y go from left to right and from top to bottom in steps of 1/32 of the side. As in dSprites, the square looks
    the same after every quarter of a turn (5 rotations) and the ellipse after every half (10): no code can tell these
    apart. Unlike there, the last rotation is not the first again.

    Example:
        >>> import tensorflow_datasets as tfds
        >>> import keraszoo.data
        >>> tfds.builder("shapes/64").info.features["image"].shape
        (64, 64, 1)
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=str(side), description=f"Images of {side} x {side} pixels.") for side in (32, 64)
    ]

    def _info(self):
        side = int(self.builder_config.name)
        return tfds.core.DatasetInfo(
            builder=self,
            description="A square, an ellipse and a heart of every size, angle and place.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(side, side, 1)),
                    "factors": tfds.features.Tensor(shape=(len(SIZES),), dtype=np.int64),
                    "label": tfds.features.ClassLabel(names=SHAPES),
                }
            ),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        row = 0
        for shape, name in enumerate(SHAPES):
            for scale in range(SIZES["scale"]):
                for rotation in range(SIZES["rotation"]):
                    angle = 2 * np.pi * rotation / SIZES["rotation"]
                    images = sprite(name, SCALES[scale], angle, int(self.builder_config.name))
                    for x, y in np.ndindex(SIZES["x"], SIZES["y"]):
                        factors = np.array([shape, scale, rotation, x, y])
                        yield row, {"image": images[x, y][..., None], "factors": factors, "label": shape}
                        row += 1
