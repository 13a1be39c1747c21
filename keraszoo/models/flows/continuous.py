"""The continuous normalizing flow, trained by its likelihood or by flow matching.

Chen, Rubanova, Bettencourt and Duvenaud, "Neural Ordinary Differential Equations" (2018),
https://arxiv.org/abs/1806.07366; Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, "FFJORD" (2019),
https://arxiv.org/abs/1810.01367; Lipman, Chen, Ben-Hamu, Nickel and Le, "Flow Matching for Generative Modeling" (2023),
https://arxiv.org/abs/2210.02747.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...bijectors import Continuous
from ...bijectors.transform import Transform
from ...core.errors import InputError, closest
from ...core.types import Array, Targets
from .probability_paths import PATHS
from .vector_flow import VectorFlow

OBJECTIVES = ("likelihood", "flow_matching")


@keras.saving.register_keras_serializable("keraszoo")
class ContinuousFlow(VectorFlow):
    """Noise that flows along a learned velocity field into data: a free-form network, in both directions alike.

    Densities and samples are as exact as the solver: `Continuous` says more. Flow matching trains without solving
    anything: from noise z to an example x leads a path, and E |f(path(t), t) - d path(t)/dt|^2, t uniform in [0, 1], is
    least where f carries the distribution of z to that of x. `evaluate` and validation tell the likelihood as well.

    Args:
        event_shape: shape of one example.
        steps: of the Runge-Kutta solver in each transform in training, >= 1; twice as many otherwise.
        trace: "exact", or "hutchinson" for an estimate in training.
        objective: "likelihood", or "flow_matching" of one velocity field (transforms=1, normalization="none") from
            a base that is not learned.
        path: of flow matching: "optimal_transport" or "variance_preserving".
        transforms: number of velocity fields, one after the other.
        hidden, activation: of the velocity; "tanh", "softplus" or "lipswish".
        mixing, ...: as for `VectorFlow`.

    Example:
        >>> flow = ContinuousFlow((3,), hidden=(16, 16), steps=4)
        >>> flow.log_prob(flow.sample(5, seed=0)).shape
        TensorShape([5])
    """

    def __init__(
        self,
        event_shape: Sequence[int],
        *,
        steps: int = 8,
        trace: str = "exact",
        objective: str = "likelihood",
        path: str = "optimal_transport",
        transforms: int = 1,
        activation: str | Callable = "tanh",
        normalization: str = "none",
        **kwargs: Any,
    ) -> None:
        for name, value, known in (("objective", objective, OBJECTIVES), ("path", path, PATHS)):
            if value not in known:
                raise InputError(f"Unknown {name}. Received: {name}={value!r}. {closest(str(value), known)}")
        if objective == "flow_matching" and (transforms, normalization) != (1, "none"):
            raise InputError(
                "Flow matching trains one velocity field and nothing before it: transforms=1, normalization='none'. "
                f"Received: transforms={transforms!r}, normalization={normalization!r}. Nearest: standardize=True and "
                "larger hidden=."
            )
        if objective == "flow_matching" and kwargs.get("base") == "student_t":
            raise InputError(
                "Flow matching starts from noise that is not learned. Received: base='student_t'. Nearest: "
                "tfd.Independent(tfd.StudentT(5.0, zeros, 1.0), 1) with fixed degrees of freedom."
            )
        self.steps, self.trace, self.objective, self.probability_path = steps, trace, objective, path
        super().__init__(
            event_shape, transforms=transforms, activation=activation, normalization=normalization, **kwargs
        )
        if objective == "flow_matching":
            self.evaluation_names = (*self.term_names, *self.metric_names)
            self.term_names, self.metric_names = ("flow_matching",), ()

    def transform(self, features: int, index: int, **options: Any) -> Transform:
        return Continuous(features, steps=self.steps, trace=self.trace, **options)

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        if self.objective == "likelihood":
            return super().loss_terms(x, y, training)
        likelihood = {} if training else super().loss_terms(x, y)
        return {"flow_matching": self._flow_matching(x, y, training), **likelihood}

    def _flow_matching(self, x, y, training):
        """The squared distance of the velocity from that of a path, at a random time of each: [batch]."""
        x, condition = self._as_learned(x, y, training)
        *before, flow = self.chain
        for transform in before:
            x, _ = transform.inverse_and_log_det(x, condition, training)
        rows = tf.shape(x)[0]
        time = keras.random.uniform([rows, 1], dtype=self.precision, seed=self.noise)
        place, velocity = PATHS[self.probability_path](self._random_base(rows), x, time)
        return tf.reduce_sum((flow.velocity(place, time, condition) - velocity) ** 2, axis=1)

    def _random_base(self, rows):
        """Noise of a training step: [rows, *latent_shape]."""
        if self._base is None:
            return keras.random.normal([rows, *self.latent_shape], dtype=self.precision, seed=self.noise)
        return self.base.sample(rows, seed=tf.cast(self.noise.next(), tf.int32))
