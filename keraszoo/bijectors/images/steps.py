"""Steps of flows on images: pixels become channels, and half of the channels change as told by the other half.

Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP" (2017), https://arxiv.org/abs/1605.08803;
Kingma and Dhariwal, "Glow" (2018), https://arxiv.org/abs/1807.03039.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import check_divisible, positive_integers
from ...core.errors import InputError
from ...core.types import Array
from ...networks.initialization import initializers
from ..elementwise.univariate import univariate
from ..networks.conditioner import conditioner_input, scaled_start
from ..transform import Transform


def image_sizes(event_shape, what):
    """Height, width and channels; raises InputError, which `what` begins, unless event_shape is that of an image."""
    sizes = positive_integers("event_shape", event_shape)
    if len(sizes) != 3:
        raise InputError(f"{what} takes images (height, width, channels). Received: event_shape={sizes}.")
    return sizes


@keras.saving.register_keras_serializable("keraszoo")
class Squeeze(Transform):
    """Each 2 x 2 pixels of the data become one pixel of the latent, with four times the channels.

    Args:
        event_shape: (height, width, channels), height and width even.

    Shapes:
        [batch, height, width, channels] -> [batch, height / 2, width / 2, 4 channels]; the log-determinant is 0.

    Example:
        >>> Squeeze((4, 4, 1)).latent_shape
        (2, 2, 4)
    """

    def __init__(self, event_shape: Sequence[int], **kwargs: Any) -> None:
        height, width, channels = image_sizes(event_shape, "Squeeze")
        check_divisible(height, width, 2, "Squeeze halves the image")
        super().__init__(event_shape, latent_shape=(height // 2, width // 2, 4 * channels), **kwargs)

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.nn.space_to_depth(x, 2), tf.zeros(tf.shape(x)[:1], x.dtype)

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.nn.depth_to_space(z, 2), tf.zeros(tf.shape(z)[:1], z.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "event_shape": self.event_shape}


@keras.saving.register_keras_serializable("keraszoo")
class ImageCoupling(Transform):
    """The first half of the channels stays and tells the second half, through convolutions, how to change.

    Args:
        event_shape: (height, width, channels), channels >= 2; of an odd number the larger half changes.
        kind: "affine" (RealNVP, Glow), "shift" or "spline": the map of each value.
        filters: of the network's two hidden layers, a 3x3 and a 1x1 convolution before the last 3x3 one; 0: that last
            one alone, as in Glow's learned prior.
        activation: of the network.
        options: arguments of the map, such as {"bins": 8, "bound": 5.0} of the spline.
        context_dim: length of the context, which the network sees as constant planes; 0 for none.

    Shapes:
        [batch, height, width, channels] -> the same, and the log-determinant [batch].

    Example:
        >>> coupling = ImageCoupling((4, 4, 2), filters=8)
        >>> x = tf.random.stateless_normal([5, 4, 4, 2], (0, 0))
        >>> z, log_det = coupling.inverse_and_log_det(x)
        >>> bool(tf.reduce_max(tf.abs(coupling.forward_and_log_det(z)[0] - x)) < 1e-5)
        True
    """

    def __init__(
        self,
        event_shape: Sequence[int],
        kind: str = "affine",
        *,
        filters: int = 64,
        activation: str | Callable = "relu",
        options: dict[str, Any] | None = None,
        context_dim: int = 0,
        **kwargs: Any,
    ) -> None:
        height, width, channels = image_sizes(event_shape, "ImageCoupling")
        super().__init__(event_shape, context_dim=context_dim, **kwargs)
        if channels < 2:
            raise InputError(
                f"A coupling needs at least two channels. Received: {channels}. Nearest: Squeeze before it."
            )
        self.kind, self.options, self.activation = kind, dict(options or {}), activation
        self.filters = 0 if filters == 0 else positive_integers("filters", [filters])[0]
        self.map = univariate(kind, **self.options)
        self._staying, self._changing = channels // 2, channels - channels // 2
        self.conditioner = _convolutions(
            (height, width, self._staying + self.context_dim),
            self._changing * self.map.size,
            self.filters,
            activation,
            self.dtype_policy,
        )

    def _parameters(self, staying, context, training):
        height, width, _ = self.event_shape
        if self.context_dim:
            context = tf.cast(context, staying.dtype)[:, None, None, :]
            planes = tf.broadcast_to(context, [tf.shape(staying)[0], height, width, self.context_dim])
            staying = tf.concat([staying, planes], axis=-1)
        outputs = tf.cast(self.conditioner(staying, training=training), self.precision)
        return tf.reshape(outputs, [-1, height, width, self._changing, self.map.size])

    def _apply(self, direction, values, context, training):
        staying, changing = tf.split(values, [self._staying, self._changing], axis=-1)
        changed, log_slopes = direction(changing, self._parameters(staying, context, training))
        return tf.concat([staying, changed], axis=-1), tf.reduce_sum(log_slopes, axis=[1, 2, 3])

    def forward_and_log_det(
        self, z: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self._apply(self.map.forward, z, context, training)

    def inverse_and_log_det(
        self, x: Array, context: Array | None = None, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self._apply(self.map.inverse, x, context, training)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "event_shape": self.event_shape,
            "kind": self.kind,
            "filters": self.filters,
            "activation": self.activation,
            "options": self.options,
            "context_dim": self.context_dim,
        }


def _convolutions(image_shape, outputs, filters, activation, dtype):
    """Convolutions 3x3, 1x1, 3x3, or the last alone, that start at 0, nearly: [batch, h, w, c] -> [..., outputs]."""
    channels = image_shape[-1]
    layers = [conditioner_input(image_shape, dtype)]
    if filters:
        options = {"activation": activation, "dtype": dtype}
        layers += [
            keras.layers.Conv2D(filters, 3, padding="same", **options, **initializers("fan_in", 9 * channels)),
            keras.layers.Conv2D(filters, 1, **options, **initializers("fan_in", filters)),
        ]
    start = scaled_start(9 * (filters or channels))
    layers += [keras.layers.Conv2D(outputs, 3, padding="same", dtype=dtype, kernel_initializer=start)]
    return keras.Sequential(layers, name="conditioner")
