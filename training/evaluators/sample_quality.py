"""The measures of a model's samples after each epoch, and a warning when they collapse."""

import math

import keras

from ..examples import random_examples
from ..measurement import MEASURES, SampleMeasures, draw, mixture_of
from ..sampling import check_sampler
from .features import FeatureNetwork

COUNT = 2500  # samples in each measurement: enough for 25 modes, seconds for an image model

#: samples count as collapsed when they cover less of the real examples than this,
LEAST_COVERAGE = 0.1
#: when their classes differ as much as if half of equally common ones were missing,
MOST_CLASS_KL = math.log(2)
#: or when they reach fewer than this share of the known modes
LEAST_MODES = 0.5


class SampleQuality(keras.callbacks.Callback):
    """Measures `model.sample(...)` against held-out examples when an epoch ends.

    The values go to the epoch's `logs` as `val_<measure>`, and so to the history, TensorBoard and early stopping. The
    samples are drawn from the same seeds each time.

    Args:
        measures: a `SampleMeasures`, or any function of samples [n, ...] that gives `{measure: value}`.
        count: number of samples; take as many as there are real examples.
        every: number of epochs between measurements; the last epoch is always measured.
        seed: integer.
        say: receives a line of text when the samples collapse.
    """

    def __init__(self, measures, count=COUNT, every=1, seed=0, say=print):
        super().__init__()
        self.measures, self.count, self.every, self.seed, self.say = measures, count, every, seed, say

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every and epoch + 1 < self.params["epochs"]:
            return
        measures = self.measures(draw(self.model, self.count, self.seed))
        if logs is not None:
            logs |= {f"val_{name}": value for name, value in measures.items()}
        modes = len(self.measures.mixture.means) if getattr(self.measures, "mixture", None) else None
        if reasons := collapse(measures, modes):
            self.say(f"samples collapse: {', '.join(reasons)}")


def collapse(measures, modes=None):
    """Why samples with these measures count as collapsed, a few words each; nothing when they do not.

    Args:
        measures: `{measure: value}`.
        modes: number of known modes, when `measures` says how many are reached.

    Example:
        >>> collapse({"coverage": 0.93, "class_kl": 0.01})
        []
        >>> collapse({"modes": 3}, modes=8)
        ['3 of 8 modes']
    """
    reasons = []
    if "modes" in measures and modes and measures["modes"] < LEAST_MODES * modes:
        reasons.append(f"{measures['modes']} of {modes} modes")
    if measures.get("coverage", 1.0) < LEAST_COVERAGE:
        reasons.append(f"coverage {measures['coverage']:.2g}, less than {LEAST_COVERAGE:g}")
    if measures.get("class_kl", 0.0) > MOST_CLASS_KL:
        reasons.append(f"class_kl {measures['class_kl']:.2g}, more than {MOST_CLASS_KL:.2g}")
    return reasons


def open_features(features, model_class):
    """The `FeatureNetwork` that a training was asked to use, or None.

    Raises:
        InputError: it is no classifier's, or the model cannot sample.
    """
    if features is None:
        return None
    check_sampler(model_class)
    return FeatureNetwork(features)


def callbacks_of(model, source, recipe, features, every, say):
    """`[SampleQuality]` where there is something to measure the model's samples by, else `[]`."""
    mixture = mixture_of(recipe)
    if not hasattr(model, "sample") or (features is None and mixture is None):
        return []
    if features:
        features.check_shape(recipe.input_shape)
    count = min(COUNT, source.split(recipe.test_split).size)
    real = random_examples(source, recipe.test_split, recipe, count, recipe.seed)
    return [SampleQuality(SampleMeasures(real, features, mixture), count, every, recipe.seed, say)]


def of_samples(logs):
    """`{measure: value}` of an epoch's `logs`."""
    return {name: logs[f"val_{name}"] for name in MEASURES if f"val_{name}" in logs}
