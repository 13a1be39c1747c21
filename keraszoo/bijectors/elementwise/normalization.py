"""Shift and scale of each channel: by data, by the batch, or by a first look.

Kingma and Dhariwal, "Glow" (2018), https://arxiv.org/abs/1807.03039 (actnorm); Dinh, Sohl-Dickstein and Bengio,
"Density estimation using Real NVP" (2017), https://arxiv.org/abs/1605.08803 (batch normalisation).
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.replicas import global_moments
from ...core.types import Array
from ...layers.normalization.standardization import mean_and_scale
from ..transform import Transform


class _ChannelScale(Transform):
    """z = (x - shift) exp(-log_scale), for each entry of the last axis."""

    def __init__(self, event_shape, **kwargs):
        super().__init__(event_shape, **kwargs)
        self.channels, self._pixels = self.event_shape[-1], int(np.prod(self.event_shape[:-1]))

    def shift_and_log_scale(self, x, training):
        """[channels] each."""
        raise NotImplementedError

    def inverse_and_log_det(self, x, context=None, training=False):
        shift, log_scale = self.shift_and_log_scale(x, training)
        z = (x - shift) * tf.exp(-log_scale)
        return z, tf.fill(tf.shape(x)[:1], -self._pixels * tf.reduce_sum(log_scale))

    def forward_and_log_det(self, z, context=None, training=False):
        shift, log_scale = self.shift_and_log_scale(None, False)
        x = z * tf.exp(log_scale) + shift
        return x, tf.fill(tf.shape(z)[:1], self._pixels * tf.reduce_sum(log_scale))

    def get_config(self):
        return {**super().get_config(), "event_shape": self.event_shape}


@keras.saving.register_keras_serializable("keraszoo")
class ActNorm(_ChannelScale):
    """A learned shift and scale of each channel, which `adapt` starts where the first examples have mean 0 and sd 1.

    Args:
        event_shape: shape of one example; the last axis are the channels.
    """

    trainable_scale = True

    def __init__(self, event_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(event_shape, **kwargs)
        self.shift = self.add_parameter("shift", (self.channels,), trainable=self.trainable_scale)
        self.log_scale = self.add_parameter("log_scale", (self.channels,), trainable=self.trainable_scale)

    def shift_and_log_scale(self, x: Array | None, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.convert_to_tensor(self.shift), tf.convert_to_tensor(self.log_scale)

    def adapt(self, x: Array, context: Array | None = None) -> None:
        mean, scale = mean_and_scale(x)
        self.shift.assign(mean)
        self.log_scale.assign(np.log(scale))


@keras.saving.register_keras_serializable("keraszoo")
class Standardize(ActNorm):
    """As `ActNorm`, but measured only, not learned: the first step of a flow on data of any scale.

    Args:
        event_shape: shape of one example; the last axis are the channels.
        leave: the channels that stay as they are, such as angles.
    """

    trainable_scale = False

    def __init__(self, event_shape: Sequence[int], leave: Sequence[int] = (), **kwargs: Any) -> None:
        super().__init__(event_shape, **kwargs)
        self.leave = tuple(sorted(leave))

    def adapt(self, x: Array, context: Array | None = None) -> None:
        mean, scale = mean_and_scale(x)
        mean[list(self.leave)], scale[list(self.leave)] = 0.0, 1.0
        self.shift.assign(mean)
        self.log_scale.assign(np.log(scale))

    def keeps_angles(self, angles: set[int]) -> bool:
        return angles <= set(self.leave)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "leave": self.leave}


@keras.saving.register_keras_serializable("keraszoo")
class BatchNorm(_ChannelScale):
    """Batch normalisation as a bijector: the moments of the global batch in training, moving ones otherwise.

    In training, an example's density depends on the others of its batch. Sampling uses the moving moments.

    Args:
        event_shape: shape of one example; the last axis are the channels.
        momentum: of the moving moments, in [0, 1).
        epsilon: added to the variance.
    """

    def __init__(self, event_shape: Sequence[int], momentum: float = 0.9, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(event_shape, **kwargs)
        self.momentum, self.epsilon = momentum, epsilon
        self.beta = self.add_parameter("beta", (self.channels,))
        self.log_gamma = self.add_parameter("log_gamma", (self.channels,))
        self.moving_mean = self.add_parameter("moving_mean", (self.channels,), trainable=False)
        self.moving_variance = self.add_parameter("moving_variance", (self.channels,), "ones", trainable=False)

    def shift_and_log_scale(self, x: Array | None, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        mean, variance = tf.convert_to_tensor(self.moving_mean), tf.convert_to_tensor(self.moving_variance)
        if training and self.trainable:
            moments = global_moments(x)
            for moving, old, new in zip(
                (self.moving_mean, self.moving_variance), (mean, variance), moments, strict=True
            ):
                moving.assign(self.momentum * old + (1.0 - self.momentum) * tf.stop_gradient(new))
            mean, variance = moments
        log_scale = 0.5 * tf.math.log(variance + self.epsilon) - tf.convert_to_tensor(self.log_gamma)
        return mean - tf.convert_to_tensor(self.beta) * tf.exp(log_scale), log_scale

    def adapt(self, x: Array, context: Array | None = None) -> None:
        values = np.asarray(x, "float64").reshape([-1, self.channels])
        self.moving_mean.assign(values.mean(axis=0))
        self.moving_variance.assign(values.var(axis=0))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}
