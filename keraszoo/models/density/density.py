"""What the densities without a network have in common."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from ...core.checks import checked_count, positive_integers
from ...core.errors import InputError
from ...core.inputs import Input, Seed
from ...core.model import ZooModel, takes
from ...core.seeds import normal_rows, seed_pair
from ...core.types import Array, Targets
from ..first_examples import MeasuresFirst
from ..point_pictures import density_page, frame, page, row_of


def example_weights(count, sample_weight):
    """The weights [count] float64 that `adapt` is given, ones where there are none."""
    weights = np.ones(count) if sample_weight is None else np.asarray(sample_weight, "float64").reshape(-1)
    if len(weights) != count or not (weights >= 0).all() or not weights.any() or not np.isfinite(weights).all():
        values = f" from {weights.min():g} to {weights.max():g}" if len(weights) else ""
        raise InputError(
            "Each example has a finite weight >= 0, and not all are 0. "
            f"Received: {len(weights)} weights{values} for {count} examples."
        )
    return weights


class Density(MeasuresFirst, ZooModel):
    """Base class of densities p(x) of real numbers: -log p(x) in nats is their loss, and what they answer is log p(x).

    Images are densities' vectors too: their values one after the other. The numbers are computed in float32, or in
    float64 with `dtype="float64"`.

    A subclass writes `log_density(rows)`, [n, size] -> [n] in nats, `of_noise(noise)`, which makes a draw [n, size] of
    each row of [n, noise_size] draws from N(0, 1), and `adapt`.

    Args:
        event_shape: shape of one example, such as (features,) or (height, width, channels).
    """

    term_names: tuple[str, ...] = ("negative_log_likelihood",)
    adapts = True
    measures_weighted = True

    def __init__(self, event_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.event_shape = positive_integers("event_shape", event_shape)
        self.size = math.prod(self.event_shape)
        self.noise_size = 1 + self.size
        self.precision = "float64" if self.dtype_policy.compute_dtype == "float64" else "float32"
        self.inputs = Input(self.event_shape, dtype=self.precision)
        self.adapted = self.variable("adapted", ())

    def variable(
        self,
        name: str,
        shape: Sequence[int],
        initializer: str | Callable = "zeros",
        trainable: bool = False,
        **options: Any,
    ) -> Any:
        """A new weight, in the precision of the density."""
        return self.add_weight(
            name=name, shape=shape, initializer=initializer, trainable=trainable, autocast=False, dtype=self.precision,
            **options,
        )  # fmt: skip

    def log_density(self, rows: Array) -> tf.Tensor:
        raise NotImplementedError(f"{type(self).__name__} must define log_density(rows)")

    def of_noise(self, noise: Array) -> tf.Tensor:
        raise NotImplementedError(f"{type(self).__name__} must define of_noise(noise)")

    @property
    def measures_in_fit(self) -> bool:
        return not float(tf.convert_to_tensor(self.adapted))

    def _rows(self, x):
        """Examples as rows of numbers: [batch, *event_shape] -> [batch, size]."""
        return tf.reshape(tf.cast(x, self.precision), [-1, self.size])

    def _examples(self, x):
        """Rows [n, size] float64 of what `adapt` is given, as the gate takes it."""
        self.check_values(x)
        rows = np.asarray(self._rows(self.inputs.tensor(x, type(self).__name__)), "float64")
        if not len(rows):
            raise InputError(f"{type(self).__name__} learns from examples. Received: none.")
        return rows

    @takes("inputs")
    def log_prob(self, x: Array) -> tf.Tensor:
        """The log density, in nats: [batch, *event_shape] -> [batch]."""
        return self.log_density(self._rows(x))

    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        return self.log_prob(x)

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        return {"negative_log_likelihood": -self.log_density(self._rows(x))}

    # ------------------------------------------------------------------ samples, pictures, serving

    def sample(self, count: int, seed: int | None = None) -> tf.Tensor:
        """Draws from p(x): [count, *event_shape].

        Args:
            count: how many.
            seed: integer; the same seed gives the same samples. None: new ones each time.
        """
        return self._draws(tf.random.stateless_normal([checked_count(count), self.noise_size], seed_pair(seed)))

    def sample_rows(self, seed: Array) -> tf.Tensor:
        """A draw for each seed [batch] int64, from its own seed alone: a server may batch requests together."""
        return self._draws(normal_rows(seed, self.noise_size))

    def _draws(self, noise):
        return tf.reshape(self.of_noise(tf.cast(noise, self.precision)), [-1, *self.event_shape])

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        if self.event_shape == (2,):
            x = np.asarray(x)
            edges = frame(x)
            density = density_page(lambda at: np.exp(self.log_prob(at)), edges)
            return {"density": row_of([page(x, edges), density, page(self.sample(2500, seed=seed), edges)])}
        if len(self.event_shape) != 3:
            return {}
        return {"samples": tf.reshape(self.sample(64, seed=seed), [8, 8, *self.event_shape])}

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        return {"log_prob": (self._serve_log_prob, [self.inputs]), "sample": (self._serve_sample, [Seed()])}

    def _serve_log_prob(self, x):
        return {"log_prob": self.log_prob(x)}

    def _serve_sample(self, seed):
        return {self.inputs.name: self.sample_rows(seed)}


def checked_number(name, value, least=0.0):
    """The number as a float; InputError unless it is finite and not below `least`."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not least <= value < math.inf:
        raise InputError(f"{name} must be a number >= {least:g}. Received: {name}={value!r}.")
    return float(value)


def uniforms(noise):
    """Draws from N(0, 1) as draws from [0, 1]."""
    return 0.5 * tf.math.erfc(-noise / math.sqrt(2.0))
