"""Autoregressive flows: each feature changes as told by those before it.

Papamakarios, Pavlakou and Murray, "Masked Autoregressive Flow for Density Estimation" (2017),
https://arxiv.org/abs/1705.07057. The other way round: Kingma et al., "Improved Variational Inference with Inverse
Autoregressive Flow" (2016), https://arxiv.org/abs/1606.04934.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ..core.types import Array
from .elementwise.univariate import angles_of, univariate
from .networks.masked import MaskedNetwork
from .transform import Transform


@keras.saving.register_keras_serializable("keraszoo")
class Autoregressive(Transform):
    """The parameters of feature i are a function of the data's features before i: densities in one pass, samples in d.

    With `passes` the features come in as many groups, of which each sees those before it: between a coupling (2) and
    the full autoregression (one for each feature), in what it can do and in what a sample costs.

    `Inverted(Autoregressive(...))` is an inverse autoregressive flow: samples in one pass, densities in d.

    Args:
        features: number of features, >= 1.
        kind: "affine" (MAF), "shift", "spline", "circular_spline" or "mixed_spline" (NSF): the map of each feature.
        order: the features in the order in which they are generated: "forward", "reverse" or a permutation.
        passes: that a sample takes, from 1 (features that are independent) to `features`, which None stands for.
        hidden, residual, activation: of the masked network.
        options: arguments of the map, such as {"bins": 8, "bound": 5.0}.
        context_dim: length of the context; 0 for none.

    Shapes:
        [batch, features] -> the same, and the log-determinant [batch].

    Example:
        >>> transform = Autoregressive(3, "affine", order="reverse", hidden=(32,))
        >>> z, log_det = transform.inverse_and_log_det(tf.zeros([5, 3]))
        >>> z.shape, log_det.shape
        (TensorShape([5, 3]), TensorShape([5]))
    """

    def __init__(
        self,
        features: int,
        kind: str = "affine",
        *,
        order: str | Sequence[int] = "forward",
        passes: int | None = None,
        hidden: Sequence[int] = (64, 64),
        residual: bool = False,
        activation: str | Callable = "relu",
        options: dict[str, Any] | None = None,
        context_dim: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__([features], context_dim=context_dim, **kwargs)
        self.features, self.kind, self.options = self.event_shape[0], kind, dict(options or {})
        self.map = univariate(kind, **self.options)
        self.angles = angles_of(self.map, self.features)
        named: dict[str, Sequence[int]] = {"forward": range(self.features), "reverse": range(self.features)[::-1]}
        self._network: dict[str, Any] = {"hidden": tuple(hidden), "residual": residual, "activation": activation}
        self.network = MaskedNetwork(
            self.features,
            self.map.size,
            passes=passes,
            order=named[order] if isinstance(order, str) and order in named else order,  # type: ignore[arg-type]
            context_dim=self.context_dim,
            circle=self.map.period,
            angles=self.map.angles,
            dtype=self.dtype_policy,
            **self._network,
        )

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        z, log_slopes = self.map.inverse(x, tf.cast(self.network(x, context), self.precision))
        return z, tf.reduce_sum(log_slopes, axis=1)

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        if self.network.passes < self.features:
            return self._in_groups(z, context)
        order = tf.constant(self.network.order)

        def generate(step, x, log_det):
            feature = order[step]
            parameters = tf.cast(self.network.of_feature(feature, x, context), self.precision)
            value, log_slope = self.map.forward(tf.gather(z, feature, axis=1), parameters, feature)
            here = tf.one_hot(feature, self.features, on_value=True, off_value=False)
            return step + 1, tf.where(here, value[:, None], x), log_det + log_slope

        start = (0, tf.zeros_like(z), tf.zeros_like(z[:, 0]))
        _, x, log_det = tf.while_loop(
            lambda step, *_: step < self.features, generate, start, maximum_iterations=self.features
        )
        return x, log_det

    def _in_groups(self, z, context):
        group = tf.constant(self.network.group)

        def generate(step, x, log_slopes):
            values, slopes = self.map.forward(z, tf.cast(self.network(x, context), self.precision))
            here = group == tf.cast(step, group.dtype)
            return step + 1, tf.where(here, values, x), tf.where(here, slopes, log_slopes)

        start, passes = (0, tf.zeros_like(z), tf.zeros_like(z)), self.network.passes
        _, x, log_slopes = tf.while_loop(lambda step, *_: step < passes, generate, start, maximum_iterations=passes)
        return x, tf.reduce_sum(log_slopes, axis=1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "features": self.features,
            "kind": self.kind,
            "order": self.network.order,
            "passes": self.network.passes,
            "options": self.options,
            "context_dim": self.context_dim,
            **self._network,
        }
