"""How good a representation is: the whole of `keraszoo probe`.

Alain and Bengio, "Understanding intermediate layers using linear classifier probes" (2016),
https://arxiv.org/abs/1610.01644.
"""

import os
import typing
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA

from keraszoo.core.errors import InputError
from keraszoo.models.abilities import HasFeatures
from keraszoo.runs.run import Run

from ..classification.answers import graph_of
from ..image_files import check_csv, check_png, write_csv
from ..latent.space import check_integers
from .learners import chosen, drawn, linear, neighbours, score
from .networks import Supervised, encoder_of

LABELS = (10, 100, 1000, "all")
ROWS = 10_000
BATCH_SIZE = 256


class Score(typing.NamedTuple):
    """What was learned of one representation with so many labels.

    Attributes:
        run: path of the run.
        representation: "features", "untrained", "PCA" or "pixels"; "encoder" where the encoder is part of a network.
        size: numbers in it.
        learner: "linear", "k-NN", "scratch", "frozen" or "fine-tuned".
        labels: how many.
        accuracy: on the test split, the mean over the draws of the labels.
        sd: its standard deviation over the draws; None of a single one.
        draws: how many.
        settings: what was chosen in each: C, k, or a learning rate.
    """

    run: str
    representation: str
    size: int
    learner: str
    labels: int
    accuracy: float
    sd: float | None
    draws: int
    settings: tuple


class Examples(typing.NamedTuple):
    """What a probe sees of a run's data: the pool of training rows, of which some labels are drawn, and the test."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def probe(
    runs: Any,
    labels: Any = LABELS,
    *,
    draws: int = 5,
    rows: int = ROWS,
    fine_tune: bool = False,
    table: str | os.PathLike | None = None,
    out: str | os.PathLike | None = None,
    seed: int = 0,
    data_dir: str | os.PathLike | None = None,
    say: Callable[[str], Any] = print,
) -> Any:
    """What can be learned of the features of runs' models with few labels, beside what can be without the training.

    Of each run's training split `rows` rows are drawn, the pool. Labels are drawn from it, equally many of each class,
    `draws` times, the same for all representations, and two learners learn from them: multinomial logistic regression
    on features that are standardised by the pool, and the k nearest neighbours. C and k are chosen by five-fold
    cross-validation on the labelled rows (of more than 500, by a fifth of them, held out once); of one label a class
    nothing can be held out, and they are 1. The test split, `rows` rows at most, is looked at for the answer alone.

    Beside the features stand as controls the pixels; PCA of the pool, with as many components as there are features;
    the features of the model before its training; and the model's encoder with a dense layer of classes, trained from
    scratch on the same labels. Its learning rate is chosen on a fifth of the labelled rows.

    Args:
        runs: a `Run`, the path of one, or several, of models with `features(x)`.
        labels: how many, each a number or "all" of the pool, which is drawn once.
        draws: of the labels, >= 1.
        rows: of the training split and of the test split at most.
        fine_tune: also trains the dense layer on the trained encoder, as it is ("frozen") and learning with it
            ("fine-tuned"), where the model has an encoder of examples alone.
        table: `.csv` to write.
        out: `.png` to write, accuracy against the number of labels.
        seed: integer, of all that is drawn.
        data_dir: where tensorflow-datasets keeps its data.
        say: receives a line for each representation that is done, and remarks.

    Returns:
        A list of `Score`.

    Raises:
        InputError: missing or unfinished run, a model without features, data without classes, numbers of labels that
            cannot be, files that cannot be written.
    """
    for path, check in ((table, check_csv), (out, check_png)):
        if path is not None:
            check(path)
    check_integers(draws=(draws, 1), rows=(rows, 1), seed=(seed, 0))
    opened = [each if isinstance(each, Run) else Run.open(each) for each in _several(runs)]
    subjects = [(run, _model(run), _examples(run, rows, seed, data_dir)) for run in opened]
    for run, _, examples in subjects:
        _check_labels(labels, examples.y, run)
    scores, of_pixels = [], {}
    for run, model, examples in subjects:
        bench = Bench(examples, labels, draws, seed)
        key = f"{run.recipe.data} {run.recipe.seed}"
        if key not in of_pixels:
            of_pixels[key] = bench.features("pixels", examples.x, examples.x_test)
        own = _of_model(model, bench, fine_tune, say)
        scores += [each._replace(run=str(run.path)) for each in own + of_pixels[key]]
        say(f"{run.path}: {type(model).__name__}, {own[0].size} features, {len(examples.x)} rows")
        if table is not None:
            write_csv(table, [(*each[:-1], " ".join(map(str, each.settings))) for each in scores], Score._fields)
    if out is not None:
        from .picture import draw

        draw(out, scores)
    return scores


class Bench:
    """Learners on representations of the same examples, with the same labels.

    Args:
        examples: `Examples`.
        labels: how many, a list of numbers and "all".
        draws: of each number.
        seed: integer.
    """

    def __init__(self, examples, labels, draws, seed):
        self.examples, self.seed = examples, seed
        counts = ["all" if each == len(examples.y) else each for each in labels]
        self.rows = {
            count: [drawn(examples.y, count, seed + number) for number in range(1 if count == "all" else draws)]
            for count in counts
        }

    def scores(self, representation, x, x_test, learner, size):
        """A `Score` for each number of labels."""
        y, y_test, found = self.examples.y, self.examples.y_test, []
        for draws in self.rows.values():
            settings, accuracies = [], []
            for number, rows in enumerate(draws):
                setting = chosen(learner, x[rows], y[rows], self.seed + number)
                fitted = learner.make(setting).fit(x[rows], y[rows])
                settings.append(setting)
                accuracies.append(score(fitted, x_test, y_test))
            sd = float(np.std(accuracies, ddof=1)) if len(draws) > 1 else None
            found.append(
                Score(
                    "",
                    representation,
                    size,
                    learner.name,
                    len(draws[0]),
                    float(np.mean(accuracies)),
                    sd,
                    len(draws),
                    tuple(settings),
                )  # fmt: skip
            )
        return found

    def features(self, representation, x, x_test):
        """Both probes of features, which are flattened: [rows, ...]."""
        x, x_test = x.reshape(len(x), -1), x_test.reshape(len(x_test), -1)
        return [
            each
            for learner in (linear(x), neighbours())
            for each in self.scores(representation, x, x_test, learner, x.shape[1])
        ]

    def pca(self, size):
        """Both probes of the pool's principal components, `size` of them where there are as many."""
        x, x_test = (each.reshape(len(each), -1) for each in (self.examples.x, self.examples.x_test))
        components = PCA(min(size, *x.shape), random_state=self.seed).fit(x)
        return self.features("PCA", components.transform(x), components.transform(x_test))

    def network(self, encoder, name, freeze=False):
        """A classifier on an encoder."""
        examples = self.examples
        classes = int(max(examples.y.max(), examples.y_test.max())) + 1
        made = Supervised(encoder, examples.x.shape[1:], classes, freeze=freeze, seed=self.seed)
        size = encoder.output_shape[-1]
        return self.scores("encoder", examples.x, examples.x_test, made.learner(name), size)


def _of_model(model, bench, fine_tune, say):
    """The scores of a model and of its controls."""
    examples, name = bench.examples, type(model).__name__
    if model.targets is not None:
        say(f"{name} has learned from labels: its features know more than those that are drawn here")
    features = represented(model, examples.x)
    found = bench.features("features", features, represented(model, examples.x_test))
    fresh = untrained(model, examples, bench.seed)
    found += bench.features("untrained", represented(fresh, examples.x), represented(fresh, examples.x_test))
    found += bench.pca(features.shape[1])
    encoder = encoder_of(fresh)
    if encoder is None:
        say(f"{name} has no encoder of examples alone: nothing is trained from scratch")
        return found
    found += bench.network(encoder, "scratch")
    if fine_tune:
        start = model.get_weights()
        for learner, freeze in (("frozen", True), ("fine-tuned", False)):
            copy = type(model).from_config(model.get_config())
            copy.set_weights(start)
            found += bench.network(encoder_of(copy), learner, freeze)
    return found


def represented(model, x):
    """The features of examples: [n, ...] -> [n, size] float32."""
    features, x = graph_of(model.features, tf.TensorSpec([None, *x.shape[1:]], tf.float32)), x.astype("float32")
    parts = [tf.constant(x[start : start + BATCH_SIZE]) for start in range(0, len(x), BATCH_SIZE)]
    return np.concatenate([features(part) for part in parts])


def untrained(model, examples, seed):
    """The model as it was before its training, with other random weights; what is measured first is measured."""
    keras.utils.set_random_seed(seed)
    fresh = type(model).from_config(model.get_config())
    if fresh.adapts:
        measured = [examples.x[: fresh.rows_measured]]
        fresh.adapt(*measured, *([] if fresh.targets is None else [examples.y[: fresh.rows_measured]]))
    return fresh


# ------------------------------------------------------------------ what is refused


def _several(runs):
    return runs if isinstance(runs, (list, tuple)) else [runs]


def _model(run):
    model = run.model()
    if not isinstance(model, HasFeatures):
        raise InputError(
            "A probe needs a model with a vector of each example, features(x). "
            f"Received: {run.path}, a {type(model).__name__}, which has none."
        )
    return model


def _examples(run, rows, seed, data_dir):
    prepared = run.data(data_dir)
    source, described = prepared.source, prepared.data
    for split in (described.train, described.test):
        if not source.num_classes or not prepared.labelled(split) or source.shapes[source.target] != ():
            raise InputError(
                f"A probe needs the class of each example. Received: {run.path} on {described.name}, whose split "
                f"{split!r} has none."
            )
    pool = np.sort(np.random.default_rng(seed).permutation(prepared.size(described.train))[:rows])
    test = np.arange(min(rows, prepared.size(described.test)))
    return Examples(
        *prepared.rows(described.train, pool, labels=True), *prepared.rows(described.test, test, labels=True)
    )


def _check_labels(labels, y, run):
    """Raises InputError for numbers of labels that cannot be drawn."""
    if isinstance(labels, (str, int)) or not labels:
        raise InputError(f"labels is a list of numbers, or 'all'. Received: {labels!r}. Nearest: {LABELS}.")
    for count in labels:
        if count != "all" and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
            raise InputError(f"labels are numbers >= 1, or 'all'. Received: {count!r}.")
        if count != "all" and count > len(y):
            raise InputError(
                f"There are no more labels than rows, of which {run.path} has {len(y)} here. Received: labels={count}. "
                "Nearest: all."
            )
        if count != len(y):
            drawn(y, count, 0)
