"""Points: samples of distributions that are known, in the plane and on the line."""

import numpy as np
import tensorflow_datasets as tfds

from ...core.errors import InputError, closest
from .checkerboard import Checkerboard
from .circles import Circles
from .curves import Moons, TwoSpirals
from .mixtures import Gaussians, grid, ring
from .pinwheel import Pinwheel

SIZES = {"train": 100_000, "test": 10_000}

#: Mixtures with modes so far apart that it is known which one a sample belongs to. Those of gaussians8_broad are not:
#: the middle between two, where models draw bridges, is 3.06 sd from both, and a sample within 3 sd counts as good.
MIXTURES = {
    "gaussians8": ring(8, radius=2.0, sd=0.02),
    "gaussians25": grid((-4, -2, 0, 2, 4), sd=0.05),
}
DISTRIBUTIONS = MIXTURES | {
    "gaussians8_broad": ring(8, radius=2 * np.sqrt(2), sd=0.5 / np.sqrt(2)),
    "moons": Moons(sd=0.05),
    "circles": Circles(radii=(1.0, 0.5), sd=0.05),
    "rings": Circles(radii=(3.0, 2.25, 1.5, 0.75), sd=0.08),
    "two_spirals": TwoSpirals(width=1 / 6, sd=0.1),
    "pinwheel": Pinwheel(arms=5, radial_sd=0.3, tangential_sd=0.1, rate=0.25),
    "checkerboard": Checkerboard(),
    "two_clouds": Gaussians([0.6, 0.4], [[-1, 0], [1.5, 1]], [[[1, 0.6], [0.6, 0.8]], [[0.5, -0.3], [-0.3, 0.6]]]),
    "two_bumps": Gaussians([0.4, 0.6], [[-1.5], [1.5]], [[[0.25]], [[1.0]]]),
}
FEATURES = {"two_bumps": 1}  # of the others 2
DESCRIPTIONS = {
    "gaussians8": "8 Gaussians on a circle of radius 2, sd 0.02.",
    "gaussians25": "25 Gaussians on the grid {-4, -2, 0, 2, 4}^2, sd 0.05.",
    "gaussians8_broad": "8 Gaussians on a circle of radius 2 sqrt(2), sd 0.5 / sqrt(2).",
    "moons": "2 half circles of radius 1, each reaching into the other, sd 0.05.",
    "circles": "2 concentric circles, radii 1 and 0.5, sd 0.05.",
    "rings": "4 concentric circles, radii 3, 2.25, 1.5 and 0.75, sd 0.08.",
    "two_spirals": "2 spirals of one and a half turns, noise uniform in [0, 1/6]^2 plus a Gaussian of sd 0.1.",
    "pinwheel": "5 bent arms, sd 0.3 along and 0.1 across them.",
    "checkerboard": "Uniform on the 8 black squares of [-4, 4]^2.",
    "two_clouds": "2 Gaussians at (-1, 0) and (1.5, 1), correlated, of weights 0.6 and 0.4.",
    "two_bumps": "1 feature: Gaussians at -1.5, sd 0.5, and 1.5, sd 1, of weights 0.4 and 0.6.",
}


def distribution(config):
    """The distribution of `points/<config>`: `sample(count, random)`, `log_prob(x)` in nats, `num_classes`.

    Raises:
        InputError: unknown name.

    Example:
        >>> distribution("checkerboard").log_prob([[1.0, 1.0]]).round(3)  # -log(32)
        array([-3.466])
    """
    return _known("distribution", config, DISTRIBUTIONS)


def mixture(config):
    """The distribution of `points/<config>` where its modes are apart: a `GaussianMixture` with `means` and `sd`.

    Raises:
        InputError: unknown name.

    Example:
        >>> mixture("gaussians25").means.shape
        (25, 2)
    """
    return _known("mixture", config, MIXTURES)


def known_density(dataset):
    """The distribution of a dataset by the name that `load` takes, with `log_prob(x)`, or None where it is not known.

    Example:
        >>> known_density("points/moons").sd
        0.05
        >>> known_density("digits") is None
        True
    """
    return DISTRIBUTIONS.get(_config(dataset))


def known_mixture(dataset):
    """The `mixture` of a dataset by the name that `load` takes, or None where there is none.

    Example:
        >>> known_mixture("points/gaussians8").sd
        0.02
        >>> known_mixture("points/moons") is None
        True
    """
    return MIXTURES.get(_config(dataset))


def _known(kind, config, known):
    if config not in known:
        raise InputError(f"Unknown {kind}. Received: {config!r}. {closest(str(config), known)}")
    return known[config]


def _config(dataset):
    """The configuration that the name of a dataset means, or None where it is not one of points."""
    name, _, config = dataset.partition(":")[0].partition("/")
    return (config or Points.BUILDER_CONFIGS[0].name) if name == Points.name else None


class Points(tfds.core.GeneratorBasedBuilder):
    """Points drawn from distributions whose density is known, and so what a model should learn.

    Nothing is downloaded. Features: `x` float32 [2], of two_bumps [1], and `label`, the component (Gaussian, curve,
    arm, square).
    Splits: train 100,000, test 10,000, the same on every machine. The density is that of
    `keraszoo.data.datasets.points.distribution(config)`.

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
            description="Points of a known distribution.",
            features=tfds.features.FeaturesDict(
                {
                    "x": tfds.features.Tensor(shape=(FEATURES.get(self.builder_config.name, 2),), dtype=np.float32),
                    "label": tfds.features.ClassLabel(num_classes=DISTRIBUTIONS[self.builder_config.name].num_classes),
                }
            ),
            supervised_keys=("x", "label"),
        )

    def _split_generators(self, dl_manager):
        random = np.random.RandomState(0)  # numpy promises that its numbers never change
        true = DISTRIBUTIONS[self.builder_config.name]
        return {split: self._generate_examples(*true.sample(size, random)) for split, size in SIZES.items()}

    def _generate_examples(self, points, labels):
        for row, (point, label) in enumerate(zip(points, labels, strict=True)):
            yield row, {"x": point, "label": int(label)}
