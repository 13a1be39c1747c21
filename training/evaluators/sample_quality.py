"""The measures of a model's samples after each epoch, and a warning when they collapse."""

import math
from collections.abc import Callable
from typing import Any, Self

from keraszoo.models.abilities import Samples

from ..measurement import SampleMeasures, draw, mixture_of
from .evaluator import Evaluator

COUNT = 2500  # samples in each measurement: enough for 25 modes, seconds for an image model

#: samples count as collapsed when fewer of the real examples than this lie among them, or near one of them,
LEAST_RECALL = 0.1
LEAST_COVERAGE = 0.1
#: when they have fewer than this share of the classes of the real examples,
LEAST_CLASSES = 0.95
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
        known: (modes, classes), how many known modes there are and how many classes the real examples have, or None.
        count: number of samples; take as many as there are real examples.
        every: number of epochs between measurements; the last epoch is always measured.
        seed: integer.
        say: receives a line of text when the samples collapse: when they did not the time before, and at the end. What
            has not learned yet is no collapse.
    """

    adds_to_logs = True

    def __init__(
        self,
        measures: SampleMeasures,
        known: tuple = (None, None),
        *,
        count: int = COUNT,
        every: int = 1,
        seed: int = 0,
        say: Callable[[str], Any] = print,
    ) -> None:
        super().__init__()
        self.measures, self.known = measures, known
        self.count, self.every, self.seed, self.say = count, every, seed, say
        self.last, self.collapsed = {}, True

    @classmethod
    def applies(cls, session: Any) -> bool:
        if session.features is not None:
            session.features.check_shape(session.recipe.input_shape)
        known = session.features is not None or mixture_of(session.recipe) is not None
        return known and isinstance(session.model, Samples)

    @classmethod
    def of(cls, session: Any) -> Self:
        recipe, split = session.recipe, session.recipe.data.test
        count = min(COUNT, session.data.size(split))
        real = session.data.random_examples(split, count, recipe.seed)
        measures = SampleMeasures(real, session.features, mixture_of(recipe))
        unasked = session.features is not None and session.options.features is None
        every = session.options.features_every or (max(1, recipe.epochs // 10) if unasked else 1)
        return cls(measures, measures.known, count=count, every=every, seed=recipe.seed, say=session.say)

    def results(self) -> dict[str, dict[str, Any]]:
        return {"samples": self.last} if self.last else {}

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        ends = epoch + 1 == self.params["epochs"]
        if (epoch + 1) % self.every and not ends:
            return
        self._measure(ends)
        if logs is not None:
            logs |= {f"val_{name}": value for name, value in self.last.items()}

    def on_train_end(self, logs: dict | None = None) -> None:
        if not self.last:  # resumed after the last epoch
            self._measure(ends=True)

    def _measure(self, ends):
        self.last = self.measures(draw(self.model, self.count, self.seed))
        reasons = collapse(self.last, *self.known)
        if reasons and (ends or not self.collapsed):
            self.say(f"samples collapse: {', '.join(reasons)}")
        self.collapsed = bool(reasons)


def collapse(measures, modes=None, classes=None):
    """Why samples with these measures count as collapsed, a few words each; nothing when they do not.

    Args:
        measures: `{measure: value}`.
        modes, classes: how many known modes there are, and how many classes the real examples have, or None.

    Example:
        >>> collapse({"recall": 0.8, "coverage": 0.93, "class_kl": 0.01, "classes": 10}, classes=10)
        []
        >>> collapse({"modes": 3}, modes=8)
        ['3 of 8 modes']
    """
    reasons = []
    for name, known, least in (("modes", modes, LEAST_MODES), ("classes", classes, LEAST_CLASSES)):
        if known and measures.get(name, known) < least * known:
            reasons.append(f"{measures[name]:.0f} of {known} {name}")
    for name, least in (("recall", LEAST_RECALL), ("coverage", LEAST_COVERAGE)):
        if measures.get(name, 1.0) < least:
            reasons.append(f"{name} {measures[name]:.2g}, less than {least:g}")
    if measures.get("class_kl", 0.0) > MOST_CLASS_KL:
        reasons.append(f"class_kl {measures['class_kl']:.2g}, more than {MOST_CLASS_KL:.2g}")
    return reasons
