"""Points: samples in the plane of distributions that are known."""

import numpy as np
import tensorflow_datasets as tfds

from ..errors import InputError, closest
from .mixtures import grid, ring

SIZES = {"train": 100_000, "test": 10_000}

MIXTURES = {
    "gaussians8": ring(8, radius=2.0, sd=0.02),
    "gaussians25": grid((-4, -2, 0, 2, 4), sd=0.05),
}
DESCRIPTIONS = {
    "gaussians8": "8 Gaussians on a circle of radius 2, sd 0.02.",
    "gaussians25": "25 Gaussians on the grid {-4, -2, 0, 2, 4}^2, sd 0.05.",
}


def mixture(config):
    """The distribution of `points/<config>`: a `GaussianMixture` with `means`, `sd` and `log_prob(x)`.

    Raises:
        InputError: unknown name.

    Example:
        >>> mixture("gaussians25").means.shape
        (25, 2)
    """
    if config not in MIXTURES:
        raise InputError(f"Unknown mixture. Received: {config!r}. {closest(str(config), MIXTURES)}")
    return MIXTURES[config]


def known_mixture(dataset):
    """The distribution of a dataset by the name that `load` takes, or None where it is not known.

    Example:
        >>> known_mixture("points/gaussians8").sd
        0.02
        >>> known_mixture("digits") is None
        True
    """
    name, _, config = dataset.partition(":")[0].partition("/")
    return MIXTURES.get(config or Points.BUILDER_CONFIGS[0].name) if name == Points.name else None


class Points(tfds.core.GeneratorBasedBuilder):
    """Points drawn from mixtures of Gaussians, on which it is known what a model should learn.

    Nothing is downloaded. Features: `x` float32 [2] and `label`, the component. Splits: train 100,000, test 10,000, the
    same on every machine. `keraszoo.data.points.mixture(config)` has the modes and the density.

    Example:
        >>> import tensorflow_datasets as tfds
        >>> import keraszoo.data
        >>> tfds.builder("points/gaussians25").info.features["label"].num_classes
        25
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name, description=text) for name, text in DESCRIPTIONS.items()]

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Points in the plane of a known distribution.",
            features=tfds.features.FeaturesDict(
                {
                    "x": tfds.features.Tensor(shape=(2,), dtype=np.float32),
                    "label": tfds.features.ClassLabel(num_classes=len(MIXTURES[self.builder_config.name].means)),
                }
            ),
            supervised_keys=("x", "label"),
        )

    def _split_generators(self, dl_manager):
        random = np.random.RandomState(0)  # numpy promises that its numbers never change
        distribution = MIXTURES[self.builder_config.name]
        return {split: self._generate_examples(*distribution.sample(size, random)) for split, size in SIZES.items()}

    def _generate_examples(self, points, labels):
        for row, (point, label) in enumerate(zip(points, labels, strict=True)):
            yield row, {"x": point, "label": int(label)}
