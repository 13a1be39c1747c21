"""The measures of a model's samples after each epoch, and a warning when they collapse."""

import math

from keraszoo.models.abilities import Samples

from ..measurement import SampleMeasures, draw, mixture_of
from .evaluator import Evaluator

COUNT = 2500  # samples in each measurement: enough for 25 modes, seconds for an image model

#: samples count as collapsed when they cover less of the real examples than this,
LEAST_COVERAGE = 0.1
#: when their classes differ as much as if half of equally common ones were missing,
MOST_CLASS_KL = math.log(2)
#: or when they reach fewer than this share of the known modes
LEAST_MODES = 0.5


class SampleQuality(Evaluator):
    """Measures `model.sample(...)` against held-out examples when an epoch ends.

    The values go to the epoch's `logs` as `val_<measure>`, and so to the history, TensorBoard and early stopping. The
    samples are drawn from the same seeds each time.

    Where the features of a classifier, or the modes of the data, are known.

    Args:
        measures: a `SampleMeasures`, or any function of samples [n, ...] that gives `{measure: value}`.
        count: number of samples; take as many as there are real examples.
        every: number of epochs between measurements; the last epoch is always measured.
        seed: integer.
        say: receives a line of text when the samples collapse.
    """

    adds_to_logs = True

    def __init__(self, measures, count=COUNT, every=1, seed=0, say=print):
        super().__init__()
        self.measures, self.count, self.every, self.seed, self.say = measures, count, every, seed, say
        self.last = {}

    @classmethod
    def applies(cls, session):
        if session.features:
            session.features.check_shape(session.recipe.input_shape)
        known = session.features is not None or mixture_of(session.recipe) is not None
        return known and isinstance(session.model, Samples)

    @classmethod
    def of(cls, session):
        recipe, split = session.recipe, session.recipe.data.test
        count = min(COUNT, session.data.size(split))
        real = session.data.random_examples(split, count, recipe.seed)
        measures = SampleMeasures(real, session.features, mixture_of(recipe))
        return cls(measures, count, session.options.features_every, recipe.seed, session.say)

    def results(self):
        return {"samples": self.last} if self.last else {}

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every and epoch + 1 < self.params["epochs"]:
            return
        measures = self.last = self.measures(draw(self.model, self.count, self.seed))
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
