"""Classification by densities: what is the more probable class, of which this example could come?

Fisher, "The Use of Multiple Measurements in Taxonomic Problems" (1936); Chow, "On Optimum Recognition Error and Reject
Tradeoff" (1970).
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.checks import checked_count, positive_integers, real_numbers
from ...core.errors import InputError, closest
from ...core.inputs import Input, Labels
from ...core.model import ZooModel, takes
from ...core.seeds import seed_pair
from ...core.types import Array, Targets
from ...core.updates import ClosedForm, Gradient
from ...layers.labels import labels_for, number_of_classes
from ..classes import NamesClasses
from ..first_examples import MeasuresFirst
from .density import Density, checked_number, example_weights
from .gaussian_mixture import GaussianMixture

#: names of densities that need no more: the covariances of the classes' normal distributions
GAUSSIANS = {"lda": "tied", "qda": "full", "naive_bayes": "diag"}


@keras.saving.register_keras_serializable("keraszoo")
class GenerativeClassifier(NamesClasses, MeasuresFirst, ZooModel):
    """p(class | x) = p(class) p(x | class) / p(x), with a density of the examples of each class.

    What is minimised is -log p(x | class) of each example's own class. The priors p(class) are the shares of the
    classes in an epoch, unless they are given.

    Args:
        event_shape: shape of one example.
        num_classes: number of classes, >= 2.
        density: "lda", normal distributions with one covariance (linear discriminant analysis), "qda", each with its
            own (quadratic), "naive_bayes", with diagonal ones, all of the greatest likelihood; a density of the zoo,
            `{"name": "KernelDensity", "bandwidth": 0.3}`, or a flow without a context; or a model of one of these, of
            which each class gets a copy.
        priors: p(class), a list of `num_classes` numbers > 0 in any proportion; None: measured.
        class_names: names of the classes, class 0 first, which an exported `classify` answers; None: numbers.

    Raises:
        InputError: (a ValueError) for unknown densities and impossible numbers.

    Example:
        >>> random = np.random.default_rng(0)
        >>> y = random.integers(0, 2, 500)
        >>> x = (random.normal(size=(500, 2)) + 3 * y[:, None]).astype("float32")
        >>> classifier = GenerativeClassifier((2,), 2, density="lda")
        >>> classifier.compile()
        >>> history = classifier.fit(x, y, epochs=2, verbose=0)
        >>> float(classifier.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]) > 0.95
        True
    """

    term_names: tuple[str, ...] = ("negative_log_likelihood",)
    metric_names: tuple[str, ...] = ("accuracy",)
    adapts = True

    def __init__(
        self,
        event_shape: Sequence[int],
        num_classes: int = 10,
        *,
        density: Any = "qda",
        priors: Sequence[float] | np.ndarray | None = None,
        class_names: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.event_shape = positive_integers("event_shape", event_shape)
        self.num_classes = number_of_classes(num_classes)
        self.set_class_names(class_names)
        self.precision = "float64" if self.dtype_policy.compute_dtype == "float64" else "float32"
        self.inputs, self.targets = Input(self.event_shape, dtype=self.precision), Labels(self.num_classes)
        self.gaussians, self.densities = None, ()
        if isinstance(density, str) and density in GAUSSIANS:
            options = {"covariance": GAUSSIANS[density], "reg_covar": 0.0, "dtype": self.dtype_policy}
            self.gaussians = LabelledGaussians(self.event_shape, self.num_classes, **options)
        else:
            self.densities = tuple(_copies(density, self.event_shape, self.num_classes, self.dtype_policy))
        self.given_priors = None if priors is None else _checked_priors(priors, self.num_classes)
        options = {"trainable": False, "autocast": False, "dtype": self.precision}
        self.log_priors = self.add_weight(name="log_priors", shape=(self.num_classes,), initializer="zeros", **options)
        self.adapted = self.add_weight(name="adapted", shape=(), initializer="zeros", **options)
        self.set_priors(np.ones(self.num_classes) if priors is None else self.given_priors)

    def set_priors(self, priors: Array) -> None:
        """Other p(class) [num_classes], > 0 in any proportion, such as those of where the classifier is used."""
        priors = _checked_priors(priors, self.num_classes)
        self.log_priors.assign(np.log(priors / priors.sum()))

    # ------------------------------------------------------------------ the classes' densities

    @takes("inputs")
    def class_log_probs(self, x: Array) -> tf.Tensor:
        """log p(x | class) of all classes: [batch, *event_shape] -> [batch, num_classes]."""
        return self._class_log_probs(x)

    def _class_log_probs(self, x, training=False):
        if self.gaussians is not None:
            return self.gaussians.log_of_each(x)
        terms = [density.loss_terms(x, training=training)["negative_log_likelihood"] for density in self.densities]
        return -tf.stack(terms, axis=1)

    @takes("inputs")
    def logits(self, x: Array) -> tf.Tensor:
        """log p(x, class): [batch, *event_shape] -> [batch, num_classes]."""
        return self._class_log_probs(x) + tf.convert_to_tensor(self.log_priors)

    def classify(self, x: Array) -> tf.Tensor:
        """p(class | x), of what no class makes the priors: [batch, *event_shape] -> [batch, num_classes]."""
        logits = self.logits(x)
        of_any = tf.reduce_max(logits, axis=1, keepdims=True) > -np.inf
        return tf.nn.softmax(tf.where(of_any, logits, tf.convert_to_tensor(self.log_priors)))

    @takes("inputs")
    def log_prob(self, x: Array) -> tf.Tensor:
        """log p(x), of the classes together: [batch, *event_shape] -> [batch]."""
        return tf.reduce_logsumexp(self.logits(x), axis=1)

    @takes("inputs")
    def decide(self, x: Array, least_probability: float = 0.0, least_log_prob: float = -np.inf) -> tf.Tensor:
        """The most probable class, or -1 where that would be a guess: [batch, *event_shape] -> [batch] int64.

        Args:
            least_probability: of the class, given x, in [0, 1]: below it the example lies between classes.
            least_log_prob: of x, in nats: below it the example is like none of them.
        """
        probabilities = self.classify(x)
        if not checked_number("least_probability", least_probability) <= 1.0 or np.isnan(least_log_prob):
            raise InputError(
                "A class is decided for from a probability in [0, 1] and a log density on. Received: "
                f"least_probability={least_probability!r}, least_log_prob={least_log_prob!r}."
            )
        sure = (tf.reduce_max(probabilities, axis=1) >= least_probability) & (self.log_prob(x) >= least_log_prob)
        return tf.where(sure, tf.argmax(probabilities, axis=1), -1)

    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        return self.classify(x)

    def sample(self, count: int, seed: int | None = None, labels: Array | None = None) -> tf.Tensor:
        """Draws from p(x | class): [count, *event_shape].

        Args:
            count: how many.
            seed: integer; the same seed gives the same samples. None: new ones each time.
            labels: [count] integers, or one for all; None: each class in turn.
        """
        labels = np.asarray(labels_for(checked_count(count), labels, self.num_classes))
        if self.gaussians is not None:
            return tf.reshape(self.gaussians.sample_of(labels, seed), [-1, *self.event_shape])
        counts, order = np.bincount(labels, minlength=self.num_classes), np.argsort(labels, kind="stable")
        drawn = [
            density.sample(counts[label], None if seed is None else seed + label)
            for label, density in enumerate(self.densities)
        ]
        return tf.gather(tf.concat(drawn, axis=0), np.argsort(order))

    # ------------------------------------------------------------------ learning

    measures_weighted = True

    @property
    def measures_in_fit(self) -> bool:
        return not float(tf.convert_to_tensor(self.adapted))

    def adapt(self, x: Array, y: Targets | None = None, sample_weight: Array | None = None) -> None:
        """Starts the density of each class from its examples: x [n, *event_shape], labels y [n], weights [n]."""
        self.check_values(x, y)
        x = np.asarray(self.inputs.tensor(x, type(self).__name__))
        labels = np.asarray(self.targets.tensor(y, type(self).__name__))
        weights = example_weights(len(x), sample_weight)
        counts = np.bincount(labels, weights, self.num_classes)
        if not counts.all():
            raise InputError(
                f"Each class needs examples. Received: none of {np.flatnonzero(counts == 0).tolist()} among {len(x)}."
            )
        if self.gaussians is not None:
            self.gaussians.adapt(x, labels, weights)
        for label, density in enumerate(self.densities):
            own = labels == label
            if isinstance(density, Density):
                density.adapt(x[own], sample_weight=weights[own])  # type: ignore[call-arg]
            elif density.adapts:
                density.adapt(x[own])
        if self.given_priors is None:
            self.set_priors(counts)
        self.adapted.assign(1.0)

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        y = self.targets.tensor(y, type(self).__name__)
        log_probs = self._class_log_probs(x, training)
        best = tf.argmax(log_probs + tf.convert_to_tensor(self.log_priors), axis=1)
        return {
            "negative_log_likelihood": -tf.gather(log_probs, y, axis=1, batch_dims=1),
            "accuracy": tf.cast(best == y, tf.float32),
        }

    def updates(self) -> dict[str, Gradient | ClosedForm]:
        found: dict[str, Gradient | ClosedForm] = {}
        if self.given_priors is None:
            shapes = {"counts": (self.num_classes,)}
            found["priors"] = ClosedForm(self._counts, self._set_counts, "epoch", shapes, self.precision)
        if self.gaussians is not None:
            found["gaussians"] = self.gaussians.updates()["mixture"]
        for label, density in enumerate(self.densities):
            for name, update in density.updates().items():
                if isinstance(update, ClosedForm):
                    found[f"{name}_{label}"] = _of_class(update, label)
        if self.trainable_variables:
            found["optimizer"] = Gradient(self.loss_terms, self.trainable_variables)
        return found

    def _counts(self, x, y, weights):
        return {"counts": tf.linalg.matvec(tf.one_hot(y, self.num_classes, axis=0, dtype=tf.float32), weights)}

    def _set_counts(self, sums):
        counts = tf.cast(sums["counts"], self.precision)
        self.log_priors.assign(tf.math.log(tf.maximum(counts, 1e-6) / tf.reduce_sum(counts)))

    # ------------------------------------------------------------------ pictures, serving

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        if len(self.event_shape) != 3:
            return {}
        samples = self.sample(8 * self.num_classes, seed=seed)
        return {"samples": tf.reshape(samples, [8, self.num_classes, *self.event_shape])}

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        return {"classify": (self._serve_classify, [self.inputs]), "log_prob": (self._serve_log_prob, [self.inputs])}

    def _serve_log_prob(self, x):
        return {"log_prob": self.log_prob(x)}


@keras.saving.register_keras_serializable("keraszoo")
class LabelledGaussians(GaussianMixture):
    """Normal distributions of classes: a mixture whose components are the labels'."""

    @takes("inputs")
    def log_of_each(self, x):
        """log p(x | class): [batch, *event_shape] -> [batch, classes]."""
        return self._log_joint(self._rows(x))[0] - tf.nn.log_softmax(tf.convert_to_tensor(self.logits))

    def sample_of(self, labels, seed=None):
        """A draw from the distribution of each label: [n] -> [n, size]."""
        noise = tf.random.stateless_normal([len(labels), self.size], seed_pair(seed), dtype=self.precision)
        around = tf.linalg.matvec(tf.gather(self.scale_trils(), labels), noise)
        return tf.gather(tf.convert_to_tensor(self.means), labels) + around

    def adapt(self, x, y=None, sample_weight=None):
        rows, labels = self._examples(x), np.asarray(y)
        self._check_squares(rows)
        weights = example_weights(len(rows), sample_weight)
        classes = [labels == label for label in range(self.components)]
        ranges = [np.ptp(rows[own & (weights > 0)], axis=0).max() for own in classes]
        if not (max(ranges) if self.covariance == "tied" else min(ranges)):
            raise InputError(
                "A normal distribution needs examples that differ. Received: those of class "
                f"{int(np.argmin(ranges))} are all the same. Nearest: density='lda', or {{'name': 'GaussianMixture', "
                "'components': 1}}."
            )
        self.means.assign(np.stack([np.average(rows[own], axis=0, weights=weights[own]) for own in classes]))
        self.maximize(self.statistics(tf.constant(rows, self.precision), tf.constant(labels), tf.constant(weights)))

    def statistics(self, x, y, weights):
        centred = self._rows(x)[None] - tf.convert_to_tensor(self.means)[:, None]
        return self.moments(
            tf.one_hot(y, self.components, dtype=self.precision), tf.cast(weights, self.precision), centred
        )


def _of_class(update, label):
    """An update of a class's density, from the examples of that class alone."""
    return ClosedForm(
        lambda x, y, weights: update.statistics(x, None, weights * tf.cast(y == label, weights.dtype)),
        update.apply, update.every, update.shapes, update.dtype,
    )  # fmt: skip


def _copies(density, event_shape, count, policy):
    """A density of its own for each class."""
    from .. import MODELS, __getattr__
    from ..flows.flow import Flow

    if isinstance(density, str):
        known = [*GAUSSIANS, "{'name': 'GaussianMixture', ...}"]
        raise InputError(f"Unknown density. Received: {density!r}. {closest(density, known)}")
    if isinstance(density, dict):
        options = dict(density)
        name = options.pop("name", None)
        if name not in MODELS:
            raise InputError(f"A density is named. Received: {density!r}. {closest(str(name), MODELS)}")
        density = __getattr__(name)(event_shape, **{"dtype": policy, **options})
    conditional = isinstance(density, Flow) and density.condition_size
    if not isinstance(density, (Density, Flow)) or conditional or density.event_shape != event_shape:
        raise InputError(
            f"The classes have densities of examples of shape {event_shape}, without a context. Received: "
            f"{type(density).__name__}{' with a context' * bool(conditional)} of "
            f"{getattr(density, 'event_shape', 'no density')}."
        )
    for _ in range(count):
        yield type(density).from_config(density.get_config())


def _checked_priors(priors, count):
    priors = real_numbers("priors", priors)
    if priors.shape != (count,) or not (priors > 0).all() or not np.isfinite(priors).all():
        raise InputError(f"priors are {count} numbers > 0, one for each class. Received: {priors.tolist()}.")
    return priors
