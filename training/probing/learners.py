"""What learns from features and labels; settings are chosen on held-out rows of the labelled ones alone."""

import typing
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from keraszoo.core.errors import InputError

STRENGTHS = (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0)  # C: the larger, the less regularised
NEIGHBOURS = (1, 3, 5, 10, 20, 50)
STEPS = 200  # of L-BFGS at most
FOLDS = 5
FEW = 500  # labels, up to which each fold is held out in turn; of more, one fifth is, once


class Learner(typing.NamedTuple):
    """Something that learns, as scikit-learn's classifiers do.

    Attributes:
        name: what it is called in tables.
        make: function of a setting: an object whose `fit(x, y)` gives one with `predict(x)`.
        settings: those that can be chosen; of equally good ones the first is.
        default: the setting where there are too few labels to hold any out.
        folds: how many of the held-out parts it is tried on at most.
    """

    name: str
    make: typing.Callable
    settings: tuple
    default: typing.Any
    folds: int = FOLDS


class Linear:
    """Multinomial logistic regression of standardised features.

    Args:
        strength: C, the inverse of the weight of |weights|^2 / 2 in the sum over the examples.
        scaler: a `StandardScaler` that knows the features of unlabelled rows.
    """

    def __init__(self, strength, scaler):
        self.model = LogisticRegression(C=strength, max_iter=STEPS)
        self.scaler = scaler

    def fit(self, x, y):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # with little regularisation the steps end it
            self.model.fit(self.scaler.transform(x), y)
        return self

    def predict(self, x):
        return self.model.predict(self.scaler.transform(x))


def linear(features):
    """The linear probe of features [rows, size], of which the unlabelled rows tell the scale."""
    scaler = StandardScaler().fit(features)
    return Learner("linear", lambda strength: Linear(strength, scaler), STRENGTHS, 1.0)


class Nearest:
    """The k nearest neighbours, or all examples where there are no more."""

    def __init__(self, k):
        self.k = k

    def fit(self, x, y):
        return KNeighborsClassifier(min(self.k, len(x)), algorithm="brute").fit(x, y)


def neighbours():
    """The nearest neighbours by the Euclidean distance of the features as they are."""
    return Learner("k-NN", Nearest, NEIGHBOURS, 1)


def drawn(labels, count, seed):
    """Rows of `count` labels, equally many of each class; what is left over goes to classes drawn by chance.

    Args:
        labels: [rows] integers.
        count: how many, or "all".
        seed: integer; the same seed draws the same rows.

    Raises:
        InputError: fewer labels than classes, or more of a class than there are.

    Example:
        >>> drawn(np.array([0, 0, 0, 1, 1, 1]), 4, seed=0).tolist()
        [1, 2, 3, 5]
    """
    if count == "all":
        return np.arange(len(labels))
    classes, sizes = np.unique(labels, return_counts=True)
    if count < len(classes):
        raise InputError(f"Each of the {len(classes)} classes needs a label. Received: labels={count}.")
    random = np.random.default_rng(seed)
    wanted = np.full(len(classes), count // len(classes))
    wanted[random.permutation(len(classes))[: count % len(classes)]] += 1
    if (wanted > sizes).any():
        raise InputError(
            f"As many labels of each class are drawn from {len(labels)} rows, of which the rarest class has "
            f"{sizes.min()}. Received: labels={count}. Nearest: {sizes.min() * len(classes)}, or all."
        )
    parts = [
        random.choice(np.flatnonzero(labels == each), n, replace=False) for each, n in zip(classes, wanted, strict=True)
    ]
    return np.sort(np.concatenate(parts))


def held_out(labels, seed):
    """Parts of labelled rows that are held out: [(rows to learn from, rows to choose by)]; none of one label a class.

    Args:
        labels: [rows] integers.
        seed: integer.
    """
    smallest = np.unique(labels, return_counts=True)[1].min()
    if smallest < 2:
        return []
    if len(labels) > FEW:
        parts = StratifiedShuffleSplit(1, test_size=1 / FOLDS, random_state=seed)
    else:
        parts = StratifiedKFold(min(FOLDS, smallest), shuffle=True, random_state=seed)
    return list(parts.split(labels, labels))


def chosen(learner, x, y, seed):
    """The learner's setting of the highest accuracy on held-out rows of the labelled ones, (x, y)."""
    parts = held_out(y, seed)[: learner.folds]
    if not parts:
        return learner.default

    def accuracy(setting):
        return np.mean([score(learner.make(setting).fit(x[a], y[a]), x[b], y[b]) for a, b in parts])

    return max(learner.settings, key=accuracy)  # the first of equals


def score(fitted, x, y):
    """The share of the examples whose class is told rightly."""
    return float(np.mean(fitted.predict(x) == y))
