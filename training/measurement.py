"""How good samples are: the whole of `keraszoo measure`."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from keraszoo.core.errors import InputError
from keraszoo.data.datasets.points import known_mixture
from keraszoo.metrics import ModeCoverage, classes_reached, compare_samples, mode_coverage
from keraszoo.runs.run import Run

from .evaluators.features import FeatureNetwork, features_of
from .sampling import sampling_model

NEIGHBOURS = 5
DRAWN_TOGETHER = 500

#: every name that a `SampleMeasures` may return
MEASURES = (
    "frechet_distance",
    "kernel_distance",
    "precision",
    "recall",
    "density",
    "coverage",
    "inception_score",
    "class_kl",
    "classes",
    *ModeCoverage._fields,
)


class SampleMeasures:
    """Measures of samples against real examples, whose features are found once.

    Args:
        real: [n, ...], n > NEIGHBOURS.
        features: a `FeatureNetwork`, or None.
        mixture: the `GaussianMixture` that the examples follow, or None.

    Attributes:
        known: (modes, classes), how many modes the mixture has and how many classes the real examples, or None.
    """

    def __init__(self, real: np.ndarray, features: FeatureNetwork | None = None, mixture: Any = None) -> None:
        self.features, self.mixture = features, mixture
        self.real: Any = None if features is None else features(real)
        self.known = (
            len(mixture.means) if mixture else None,
            classes_reached(self.real[1]) if features else None,  # type: ignore[index]
        )

    def __call__(self, samples: np.ndarray) -> dict[str, float]:
        """`{measure: value}` of samples [n, ...]: those of `compare_samples`, of `mode_coverage`, or both."""
        measures = {}
        if self.features:
            (real, real_probabilities), (fake, fake_probabilities) = self.real, self.features(samples)
            measures |= compare_samples(real, fake, real_probabilities, fake_probabilities, NEIGHBOURS)
        if self.mixture:
            measures |= mode_coverage(samples, self.mixture.means, self.mixture.sd)._asdict()
        return measures


def measure(
    run: str | os.PathLike | Run,
    features: str | os.PathLike | None = None,
    count: int = 10_000,
    split: str | None = None,
    seed: int = 0,
    *,
    sampler: str | None = None,
    components: int | None = None,
    data_dir: str | os.PathLike | None = None,
    say: Callable[[str], Any] = print,
) -> dict[str, dict[str, float]]:
    """How good the samples of a run's model are, beside how good real examples would be.

    Args:
        run: a `Run` or the path of one.
        features: the run of a classifier of the same data, its path, or a Keras classifier; see `FeatureNetwork`.
            None: the one that comes with the library, for data that have one; for `points/...` the known modes.
        count: how many samples, or as many as the split has, or half of the training data if that is less.
        split: with which they are compared; by default the recipe's test split.
        seed: integer; the same seed gives the same samples and the same choice of examples.
        sampler, components, say: as for `keraszoo.training.sample`.
        data_dir: where tensorflow-datasets keeps its data.

    Returns:
        `{"samples" | "real vs real": {measure: value}}`. The second compares two disjoint parts of the training data
        of the same size: what a perfect model would reach.

    Raises:
        InputError: missing or unfinished run, a model that does not sample, features that are no classifier's or
            another shape's, nothing to measure by, missing data, unknown split, or too few samples.
    """
    check_count(count)
    run = run if isinstance(run, Run) else Run.open(run)
    recipe = run.recipe
    split, mixture = split or recipe.data.test, mixture_of(recipe)
    features = features_of(recipe) if features is None else FeatureNetwork(features)
    if features is None and mixture is None:
        raise InputError(
            "Samples are judged by a classifier's features (--features RUN) or by the known modes of points/... "
            f"Received: neither, for a run on {recipe.data.name}."
        )
    if features is not None:
        features.check_shape(recipe.input_shape)
    model = sampling_model(run, sampler, components, data_dir=data_dir, say=say)
    prepared = run.data(data_dir)
    count = min(count, prepared.size(split), prepared.size(recipe.data.train) // 2)
    check_count(count)
    halves = prepared.random_examples(recipe.data.train, 2 * count, seed)
    reference = SampleMeasures(halves[:count], features, mixture)(halves[count:])
    compare = SampleMeasures(prepared.random_examples(split, count, seed), features, mixture)
    return {"samples": compare(draw(model, count, seed)), "real vs real": reference}


def mixture_of(recipe):
    """The distribution of a recipe's examples, or None where it is not known."""
    return None if recipe.data.transforms else known_mixture(recipe.data.name)


def check_count(count):
    """Raises InputError when there are too few samples to find their neighbours."""
    if not isinstance(count, int) or count <= NEIGHBOURS:
        raise InputError(
            f"Samples are judged by {NEIGHBOURS} nearest neighbours each, so at least {NEIGHBOURS + 1} are needed. "
            f"Received: {count!r}."
        )


def draw(model, count, seed):
    """`count` samples of a model, a few hundred at a time, each time from another seed: a numpy array [count, ...]."""
    seeds = np.random.default_rng(seed).integers(2**31, size=-(-count // DRAWN_TOGETHER))
    parts = [np.asarray(model.sample(DRAWN_TOGETHER, seed=int(seed))) for seed in seeds]
    return np.concatenate(parts)[:count]
