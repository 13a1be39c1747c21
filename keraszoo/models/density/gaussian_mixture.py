"""Mixtures of Gaussians, by expectation maximisation or by gradients.

Dempster, Laird and Rubin, "Maximum Likelihood from Incomplete Data via the EM Algorithm" (1977); Cappé and Moulines,
"Online Expectation-Maximization Algorithm for Latent Data Models" (2009), https://arxiv.org/abs/0712.4273.
"""

import functools
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as ScikitLearnMixture

from ...core.checks import checked_count, positive_integers, real_numbers
from ...core.errors import InputError, closest
from ...core.inputs import Temperature
from ...core.model import ZooModel, takes
from ...core.seeds import normal_rows, seed_pair
from ...core.types import Array, Targets
from ...core.updates import ClosedForm, Gradient
from ...distributions.mixture import chosen_component
from .density import Density, checked_number, example_weights

COVARIANCES = ("full", "tied", "diag", "spherical")
LEARNING = ("em", "minibatch_em", "gradient")
EM_BATCH = 8192  # rows of a step of `fit` where nothing depends on their number
TRIED = 20  # iterations of EM after which starts are compared
FADING = 0.7  # exponent of the step size of minibatch EM, between 1/2 and 1


@keras.saving.register_keras_serializable("keraszoo")
class GaussianMixture(Density):
    """p(x) = sum_k w_k N(x; mean_k, covariance_k).

    It starts, at its first `fit` or by `adapt`, from the clusters that k-means finds after a start by k-means++, and
    then learns

    - `learning="em"`: by expectation maximisation, an iteration in each epoch, from the sums over all of its batches:
      their size and the number of replicas change nothing;
    - "minibatch_em": an iteration in each step, from its batch and a fading memory of those before, (step + 2)^-0.7;
    - "gradient": the weights by an optimizer, like a network.

    A second `fit` goes on from where the first ended; `adapt` starts anew.

    Args:
        event_shape: shape of one example.
        components: number of Gaussians, >= 1.
        covariance: "full", "tied" (one for all components), "diag" or "spherical" (one variance for each component).
        learning: "em", "minibatch_em" or "gradient".
        n_init: how many starts are tried; the one is kept that is best after 20 iterations of EM on the sample that
            `adapt` is given.
        reg_covar: added to the variances, >= 0, in squared units of x.
        seed: integer >= 0, of the starts.

    Shapes:
        x: [batch, *event_shape].

    Raises:
        InputError: (a ValueError) for impossible sizes or names, and fewer examples than components.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(500, 2)).astype("float32")
        >>> mixture = GaussianMixture((2,), components=3)
        >>> mixture.compile()
        >>> history = mixture.fit(x, epochs=5, verbose=0).history["loss"]
        >>> history == sorted(history, reverse=True), mixture.responsibilities(x).shape
        (True, TensorShape([500, 3]))
    """

    def __init__(
        self,
        event_shape: Sequence[int],
        components: int = 8,
        *,
        covariance: str = "full",
        learning: str = "em",
        n_init: int = 1,
        reg_covar: float = 1e-6,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(event_shape, **kwargs)
        self.components = positive_integers("components", [components])[0]
        self.n_init = positive_integers("n_init", [n_init])[0]
        self.reg_covar, self.seed = checked_number("reg_covar", reg_covar), checked_count(seed, "seed")
        for name, value, known in (("covariance", covariance, COVARIANCES), ("learning", learning, LEARNING)):
            if value not in known:
                raise InputError(f"Unknown {name}. Received: {name}={value!r}. {closest(str(value), known)}")
        self.covariance, self.learning = covariance, learning
        shared, correlated = covariance == "tied", covariance in ("full", "tied")
        scales = (1 if shared else self.components, 1 if covariance == "spherical" else self.size)
        learned: dict[str, Any] = {"trainable": learning == "gradient"}
        floor = 0.5 * math.log(max(reg_covar, 1e-30))
        self.logits = self.variable("logits", (self.components,), **learned)
        self.means = self.variable("means", (self.components, self.size), **learned)
        self.log_scales = self.variable("log_scales", scales, constraint=AtLeast(floor), **learned)
        self.lower = self.variable("lower", (*scales, self.size), **learned) if correlated else None

    # ------------------------------------------------------------------ parameters

    def mixing_weights(self) -> tf.Tensor:
        """The weights of the components, which sum to 1: [components]."""
        return tf.nn.softmax(tf.convert_to_tensor(self.logits))

    def scale_trils(self) -> tf.Tensor:
        """The lower Cholesky factors of the covariances: [components, size, size]."""
        scales = tf.exp(tf.convert_to_tensor(self.log_scales)) * tf.ones(self.size, self.precision)
        factors = tf.linalg.diag(scales)
        if self.lower is not None:
            lower = tf.convert_to_tensor(self.lower)
            factors += tf.linalg.band_part(lower, -1, 0) - tf.linalg.band_part(lower, 0, 0)
        return tf.broadcast_to(factors, [self.components, self.size, self.size])

    def covariances(self) -> tf.Tensor:
        """[components, size, size], whatever their kind."""
        return tf.matmul(self.scale_trils(), self.scale_trils(), transpose_b=True)

    def assign(self, mixing_weights: Array, means: Array, covariances: Array) -> None:
        """Sets the parameters, for a start of one's own.

        Args:
            mixing_weights: [components], > 0, in any proportion.
            means: [components, size].
            covariances: [components, size, size], or one for all; a tied mixture takes their mean, a diagonal one their
                diagonals, a spherical one the means of these. These two also take variances, [components, size].
        """
        shape = (self.components, self.size)
        means, weights = real_numbers("means", means), real_numbers("mixing_weights", mixing_weights)
        positive = (weights > 0).all() and np.isfinite(weights).all()
        if means.shape != shape or weights.shape != shape[:1] or not positive or not np.isfinite(means).all():
            raise InputError(
                f"The mixture has {self.components} finite weights > 0 and finite means of shape {shape}. Received: "
                f"weights {weights.tolist()}, means of shape {means.shape}."
            )
        covariances = self._checked_covariances(real_numbers("covariances", covariances))
        self.logits.assign(np.log(weights / weights.sum()))
        self.means.assign(means)
        if self.covariance == "tied":
            covariances = np.average(covariances, axis=0, weights=weights)[None]
        self._set_second_moments(tf.constant(covariances, self.precision))
        self.adapted.assign(1.0)

    def _checked_covariances(self, given):
        """[components, size, size] of one of them for all, or [components, size] variances as they are."""
        shape = (self.components, self.size)
        if self.lower is None and given.shape == shape:
            variances, symmetric = given, True
        elif given.shape in ((*shape, self.size), (1, *shape[1:], self.size), (*shape[1:], self.size)):
            given = np.broadcast_to(given, (*shape, self.size))
            symmetric = np.isfinite(given).all() and np.allclose(given, given.transpose(0, 2, 1))
            variances = np.linalg.eigvalsh(given) if symmetric else given
        else:
            variances = symmetric = None
        if not symmetric or not (variances > 0).all() or not (given < np.finfo(self.precision).max).all():
            variances = f", variances {shape}," if self.lower is None else ""
            raise InputError(
                f"Covariances are of shape {(*shape, self.size)}{variances} or one for all, symmetric, positive "
                f"definite and finite in {self.precision}. Received: {given.tolist()}."
            )
        return given

    def _set_second_moments(self, covariances):
        """From covariances, [1 or components, size, size], or variances [components, size]; on a graph too."""
        if self.lower is not None:
            factors = tf.linalg.cholesky(covariances)
            scales = tf.linalg.diag_part(factors)
            self.lower.assign(factors - tf.linalg.diag(scales))
            self.log_scales.assign(tf.math.log(scales))
            return
        variances = covariances if covariances.shape.rank == 2 else tf.linalg.diag_part(covariances)
        if self.covariance == "spherical":
            variances = tf.reduce_mean(variances, axis=1, keepdims=True)
        self.log_scales.assign(0.5 * tf.math.log(variances))

    # ------------------------------------------------------------------ the density

    def _log_joint(self, rows):
        """log w_k N(x; k) [n, components], and x - mean_k [components, n, size]."""
        centred = rows[None] - tf.convert_to_tensor(self.means)[:, None]
        log_scales = tf.convert_to_tensor(self.log_scales)
        if self.lower is None:
            white = centred * tf.exp(-log_scales)[:, None]
        else:
            inverse = tf.linalg.triangular_solve(
                self.scale_trils(), tf.eye(self.size, batch_shape=[self.components], dtype=self.precision)
            )
            white = tf.matmul(centred, inverse, transpose_b=True)
        log_det = tf.reduce_mean(log_scales, axis=1) * self.size
        of_each = -0.5 * (tf.reduce_sum(tf.square(white), axis=2) + self.size * math.log(2.0 * math.pi))
        log_weights = tf.nn.log_softmax(tf.convert_to_tensor(self.logits))
        return tf.transpose(of_each + (log_weights - log_det)[:, None]), centred

    def log_density(self, rows: Array) -> tf.Tensor:
        return tf.reduce_logsumexp(self._log_joint(rows)[0], axis=1)

    @takes("inputs")
    def responsibilities(self, x: Array) -> tf.Tensor:
        """p(component | x), the posterior of the components: [batch, *event_shape] -> [batch, components]."""
        return tf.nn.softmax(self._log_joint(self._rows(x))[0])

    def sample(self, count: int, seed: int | None = None, temperature: float = 1.0) -> tf.Tensor:
        """Draws from p(x): [count, *event_shape].

        Args:
            count: how many.
            seed: integer; the same seed gives the same samples. None: new ones each time.
            temperature: how many times as far from the means of their components.
        """
        noise = tf.random.stateless_normal([checked_count(count), self.noise_size], seed_pair(seed))
        return self._draws(self._cooled(noise, temperature))

    def sample_rows(self, seed: Array, temperature: Array) -> tf.Tensor:
        """A draw for each seed, from its own alone: [batch] int64, [batch] -> [batch, *event_shape]."""
        return self._draws(self._cooled(normal_rows(seed, self.noise_size), temperature[:, None]))

    @staticmethod
    def _cooled(noise, temperature):
        """The noise, but for the first column, which chooses the component."""
        return tf.concat([noise[:, :1], temperature * noise[:, 1:]], axis=1)

    def of_noise(self, noise: Array) -> tf.Tensor:
        component = chosen_component(noise[:, 0], tf.convert_to_tensor(self.logits))
        if self.lower is None:
            around = tf.exp(tf.gather(tf.convert_to_tensor(self.log_scales), component)) * noise[:, 1:]
        else:
            around = tf.linalg.matvec(tf.gather(self.scale_trils(), component), noise[:, 1:])
        return tf.gather(tf.convert_to_tensor(self.means), component) + around

    # ------------------------------------------------------------------ learning

    def adapt(self, x: Array, y: Targets | None = None, sample_weight: Array | None = None) -> None:
        """Starts from the clusters of k-means on these examples [n, *event_shape]; the best of `n_init` starts.

        Args:
            x: [n, *event_shape].
            sample_weight: [n] >= 0. What has none is not looked at.
        """
        rows = self._examples(x)
        self._check_squares(rows)
        shares = example_weights(len(rows), sample_weight)
        rows, shares = rows[shares > 0], shares[shares > 0]
        if len(rows) < self.components:
            raise InputError(
                f"A mixture has no more components than examples. Received: components={self.components}, {len(rows)} "
                f"examples. Nearest: components={len(rows)}."
            )
        offset = rows.mean(axis=0)  # small numbers lose no digits
        starts = [self._clusters(rows - offset, shares, self.seed + number) for number in range(self.n_init)]
        best = starts[0]
        if self.n_init > 1:
            tried_on = _resampled(rows - offset, shares)
            best = max(starts, key=lambda start: self._tried(tried_on, *start))
        weights, means, covariances = best
        self.assign(weights, means + offset, covariances)

    def _check_squares(self, rows):
        if np.square(rows - rows.mean(axis=0)).sum() >= np.finfo(self.precision).max:
            raise InputError(
                f"Squares of x are added up in {self.precision}. Received: x from {rows.min():g} to {rows.max():g}. "
                "Nearest: x in other units, or dtype='float64'."
            )

    def _clusters(self, rows, shares, seed):
        """(weights, means, covariances) of the clusters of k-means, with the shares [n] of the rows."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # duplicates may leave a cluster empty
            found = KMeans(self.components, n_init=1, random_state=seed % 2**32).fit(rows, sample_weight=shares)
        counts = np.bincount(found.labels_, shares, self.components)
        covariances = np.empty((self.components, self.size, self.size))
        for component in range(self.components):
            members = found.labels_ == component
            centred = rows[members] - found.cluster_centers_[component]
            covariances[component] = (shares[members, None] * centred).T @ centred / (counts[component] or 1.0)
        least = self.reg_covar + _rounding(self.precision) * max(rows.var(), 1e-30)
        return (
            np.maximum(counts, 0.5 * counts.sum() / len(rows)),
            found.cluster_centers_,
            covariances + least * np.eye(self.size),
        )

    def _tried(self, rows, weights, means, covariances):
        """The log-likelihood of the rows after a few iterations of EM from there, by scikit-learn."""
        weights = weights / weights.sum()
        precisions = np.linalg.inv(covariances)
        if self.covariance == "tied":
            precisions = np.linalg.inv(np.average(covariances, axis=0, weights=weights))
        elif self.covariance != "full":
            variances = np.diagonal(covariances, axis1=1, axis2=2)
            precisions = 1 / (variances if self.covariance == "diag" else variances.mean(axis=1))
        mixture = ScikitLearnMixture(
            self.components, covariance_type=self.covariance, reg_covar=self.reg_covar, max_iter=TRIED,
            weights_init=weights, means_init=means, precisions_init=precisions,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return mixture.fit(rows).lower_bound_

    def updates(self) -> dict[str, Gradient | ClosedForm]:
        if self.learning == "gradient":
            return {"optimizer": Gradient(self.loss_terms, self.trainable_variables)}
        second = {"full": (self.components, self.size), "tied": (1, self.size)}.get(self.covariance, ())
        shapes = {
            "examples": (),
            "count": (self.components,),
            "total": (self.components, self.size),
            "products": (*second, self.size) if second else (self.components, self.size),
        }
        every = "epoch" if self.learning == "em" else "step"
        return {"mixture": ClosedForm(self.statistics, self.maximize, every, shapes, self.precision)}

    def statistics(self, x: Array, y: Targets | None, weights: Array) -> dict[str, tf.Tensor]:
        """The E step: sums over the examples of responsibilities, and of moments about the means as they are."""
        log_joint, centred = self._log_joint(self._rows(x))
        return self.moments(tf.nn.softmax(log_joint), tf.cast(weights, self.precision), centred)

    def moments(self, responsibilities: Array, weights: Array, centred: Array) -> dict[str, tf.Tensor]:
        """The sums of weights [n], of responsibilities [n, components], and of x - mean and its squares by these."""
        shares = tf.transpose(responsibilities * weights[:, None])  # [components, n]
        weighted = shares[..., None] * centred
        if self.lower is None:
            products = tf.reduce_sum(weighted * centred, axis=1)
        else:
            products = tf.matmul(weighted, centred, transpose_a=True)
        if self.covariance == "tied":
            products = tf.reduce_sum(products, axis=0, keepdims=True)
        return {
            "examples": tf.reduce_sum(weights),
            "count": tf.reduce_sum(shares, axis=1),
            "total": tf.reduce_sum(weighted, axis=1),
            "products": products,
        }

    def maximize(self, sums: Mapping[str, tf.Tensor]) -> None:
        """The M step, of these sums mixed with what the parameters say of those before.

        With the share `rate` of the new: of each component the mass, its mean and its second moment about the old mean
        are the same mixture, and the covariance is what remains about the new mean.
        """
        rate = tf.ones([], self.precision)
        if self.learning == "minibatch_em":
            rate = (tf.cast(tf.convert_to_tensor(self.iterations), self.precision) + 2.0) ** -FADING
        examples, tiny = sums["examples"], 10 * np.finfo(self.precision).eps
        old, new = (1.0 - rate) * self.mixing_weights(), rate * sums["count"] / examples
        mass = old + new
        alive = mass > tiny
        moved = rate * sums["total"] / (examples * tf.where(alive, mass, 1.0)[:, None])
        moved = tf.where(alive[:, None], moved, 0.0)
        second = rate * sums["products"] / examples
        if self.lower is None:
            before = tf.exp(2.0 * tf.convert_to_tensor(self.log_scales)) - self.reg_covar
            second += old[:, None] * before - mass[:, None] * tf.square(moved)
        else:
            before = self.covariances() - self.reg_covar * tf.eye(self.size, dtype=self.precision)
            outer = mass[:, None, None] * moved[:, :, None] * moved[:, None, :]
            rest = old[:, None, None] * before - outer
            second += tf.reduce_sum(rest, axis=0, keepdims=True) if self.covariance == "tied" else rest
        self._set_moments(second, mass, alive)
        self.means.assign_add(moved)
        self.logits.assign(tf.math.log(tf.maximum(mass, tiny)))

    def _set_moments(self, second, mass, alive):
        """The covariances from second moments times mass; a component without examples keeps its own."""
        if self.covariance == "tied":
            covariances = second / tf.reduce_sum(mass)
            return self._set_second_moments(self._regularized(covariances))
        shape = [-1] + [1] * (second.shape.rank - 1)
        covariances = self._regularized(second / tf.reshape(tf.where(alive, mass, 1.0), shape))
        now = self.covariances() if self.lower is not None else tf.exp(2.0 * tf.convert_to_tensor(self.log_scales))
        return self._set_second_moments(tf.where(tf.reshape(alive, shape), covariances, now))

    def _regularized(self, covariances):
        """With `reg_covar` on the variances, and what rounding may have taken from them."""
        diagonal = covariances if covariances.shape.rank == 2 else tf.linalg.diag_part(covariances)
        least = self.reg_covar + _rounding(self.precision) * tf.reduce_mean(diagonal, axis=1, keepdims=True)
        if covariances.shape.rank == 2:
            return tf.maximum(covariances, 0.0) + least
        return covariances + tf.linalg.diag(least * tf.ones_like(diagonal))

    @functools.wraps(ZooModel.fit)
    def fit(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, **kwargs: Any
    ) -> keras.callbacks.History:
        if batch_size is None and self.learning == "em" and isinstance(x, (np.ndarray, tf.Tensor)):
            batch_size = EM_BATCH
        return super().fit(x, y, batch_size, **kwargs)

    # ------------------------------------------------------------------ what follows from the density

    def parameters(self) -> int:
        """How many numbers the density has that can be chosen."""
        of_one = {"diag": self.size, "spherical": 1}.get(self.covariance, self.size * (self.size + 1) // 2)
        covariances = of_one if self.covariance == "tied" else self.components * of_one
        return self.components - 1 + self.components * self.size + covariances

    @takes("inputs")
    def bic(self, x: Array) -> float:
        """The Bayesian information criterion of these examples, -2 log L + parameters log n; lower is better."""
        return -2.0 * self._log_likelihood(x) + self.parameters() * math.log(len(x))

    @takes("inputs")
    def aic(self, x: Array) -> float:
        """Akaike's information criterion of these examples, -2 log L + 2 parameters; lower is better."""
        return -2.0 * self._log_likelihood(x) + 2.0 * self.parameters()

    def _log_likelihood(self, x):
        parts = [x[first : first + EM_BATCH] for first in range(0, len(x), EM_BATCH)]
        return math.fsum(float(value) for part in parts for value in np.asarray(self.log_prob(part)))

    def marginal(self, features: Sequence[int]) -> "GaussianMixture":
        """The density of some of the features alone, a new mixture.

        Args:
            features: their places in the vector, a list of integers.
        """
        places = self._places(features)
        covariances = np.asarray(self.covariances())[:, places][:, :, places]
        return self._like(np.asarray(self.mixing_weights()), np.asarray(self.means)[:, places], covariances)

    def conditional(self, features: Sequence[int], values: Array | Sequence[float]) -> "GaussianMixture":
        """The density of the other features where these have the given values, p(a | b = values): a new mixture.

        Args:
            features: the places of b in the vector, a list of integers.
            values: of b, in that order.

        Example:
            >>> mixture = GaussianMixture((2,), components=1)
            >>> mixture.assign([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.5, 1.0]]])
            >>> given = mixture.conditional([1], [2.0])
            >>> given.means.numpy().round(3), given.covariances().numpy().round(3)
            (array([[1.]], dtype=float32), array([[[0.75]]], dtype=float32))
        """
        given = self._places(features)
        rest = [place for place in range(self.size) if place not in given]
        values = real_numbers("values", values).reshape(-1)
        if not rest or len(values) != len(given) or not np.isfinite(values).all():
            raise InputError(
                f"Some features, not all {self.size}, are given, and a finite value for each of them. Received: "
                f"features={list(given)}, values={values.tolist()}."
            )
        means, covariances = np.asarray(self.means, "float64"), np.asarray(self.covariances(), "float64")
        inner = covariances[:, given][:, :, given]
        across = covariances[:, rest][:, :, given]
        away = values - means[:, given]
        gain = np.linalg.solve(inner, across.transpose(0, 2, 1)).transpose(0, 2, 1)
        solved = np.linalg.solve(inner, away[..., None])[..., 0]
        log_given = -0.5 * (np.einsum("kb,kb->k", away, solved) + np.linalg.slogdet(2 * np.pi * inner)[1])
        log_weights = np.asarray(tf.nn.log_softmax(tf.convert_to_tensor(self.logits)), "float64") + log_given
        return self._like(
            np.maximum(np.exp(log_weights - log_weights.max()), 1e-300),
            means[:, rest] + np.einsum("kab,kb->ka", gain, away),
            covariances[:, rest][:, :, rest] - gain @ across.transpose(0, 2, 1),
        )

    def _places(self, features):
        places = real_numbers("features", features).reshape(-1).tolist()
        if (
            not places
            or any(place % 1 for place in places)
            or len(set(places)) < len(places)
            or not all(0 <= place < self.size for place in places)
        ):
            raise InputError(
                f"Features are different places from 0 to {self.size - 1}, one at least. Received: {places}."
            )
        return list(map(int, places))

    def _like(self, weights, means, covariances):
        mixture = GaussianMixture(
            (means.shape[1],), self.components, covariance=self.covariance, learning=self.learning,
            reg_covar=self.reg_covar, dtype=self.dtype_policy,
        )  # fmt: skip
        mixture.assign(weights, means, covariances)
        return mixture

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        signatures = super().serving_signatures()
        signatures["sample"] = (self._serve_sample, [*signatures["sample"][1], Temperature()])
        return {**signatures, "responsibilities": (self._serve_responsibilities, [self.inputs])}

    def _serve_sample(self, seed, temperature):
        return {self.inputs.name: self.sample_rows(seed, temperature)}

    def _serve_responsibilities(self, x):
        return {"responsibilities": self.responsibilities(x)}


@keras.saving.register_keras_serializable("keraszoo")
class AtLeast(keras.constraints.Constraint):
    """Keeps the values of a weight from falling below a number."""

    def __init__(self, least):
        self.least = least

    def __call__(self, values):
        return keras.ops.maximum(values, self.least)

    def get_config(self):
        return {"least": self.least}


def _resampled(rows, shares):
    """As many rows, each as often as its share of the weights asks for: scikit-learn's mixtures take no weights."""
    ends = np.cumsum(shares / shares.sum())
    return rows[np.searchsorted(ends, (np.arange(len(rows)) + 0.5) / len(rows)).clip(max=len(rows) - 1)]


def _rounding(precision):
    """What is added to variances, as a part of them: 32-bit sums have lost so much."""
    return 10 * float(np.finfo(precision).eps)
