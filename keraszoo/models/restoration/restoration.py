"""RestorationAutoencoder: what the models that mend an image have in common."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.checks import check_divisible, positive_integers
from ...core.errors import InputError
from ...core.inputs import Input
from ...core.model import ZooModel, takes
from ...core.types import Array, Targets
from ...layers.padding import mirror_to_multiple
from ...metrics.restoration.similarity import psnr
from ...networks import sizes
from ...networks.by_size import check_network
from ...networks.image_to_image import image_to_image


class RestorationAutoencoder(ZooModel):
    """Base class: an image is degraded, and a network learns to give it back by squared error.

    `degrade(x)` makes what `restore` takes; `start(...)`, a simple restoration of the same size as the clean image, is
    what the network's output is added to, so that it learns only what is missing. The clean image is the target; the
    degradation is drawn anew in each step, in evaluation too, and never in `restore`.

    The network has no dense layer: `restore` takes images of any height and width, which are mirrored at the borders
    up to the next size that the network can halve.

    Args:
        image_shape: (height, width, channels) of the training images.
        hidden: filters; each entry halves the image on the way down and doubles it on the way up.
        skips: whether features of the way down join those of the same size on the way up.
        downsampling, upsampling, padding, activation, initialization: see `keraszoo.networks.image_to_image`.
        network: a network of your own, [batch, height, width, input channels] -> [batch, height, width, channels].

    Attributes:
        mask: declaration of the second argument of `restore`, or None where it takes none.
        temperature: that at which `restore` chooses among several answers, or None where it has but one.
        input_channels: channels of the images that `restore` takes.
        upscale: how many times larger the restored image is.
        network_stride: how many pixels lie between two of the network's.
        network_options: further arguments of `keraszoo.networks.image_to_image`.
        divisor: height and width are mirrored up to a multiple of this inside `restore`.
    """

    term_names: tuple[str, ...] = ("squared_error",)
    metric_names: tuple[str, ...] = ("psnr",)
    upscale = 1
    mask: Any = None
    temperature: float | None = None
    network_stride = 1
    network_options: dict[str, Any] = {}

    def __init__(
        self,
        image_shape: Sequence[int],
        *,
        hidden: Sequence[int] = (32, 64),
        skips: bool = True,
        downsampling: str = "stride",
        upsampling: str = "nearest",
        padding: str = "zero",
        activation: str | Callable = "relu",
        initialization: str = "glorot",
        network: keras.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_shape = positive_integers("image_shape", image_shape)
        if len(self.image_shape) != 3:
            raise InputError(
                f"{type(self).__name__} restores images of shape (height, width, channels). "
                f"Received: image_shape={self.image_shape}."
            )
        hidden = positive_integers("hidden", hidden)
        self.divisor = self.network_stride * 2 ** len(hidden)
        if network is None:
            smaller = f"{self.upscale} times smaller " * (self.upscale > 1)
            times = len(hidden)
            self.check_divisible(self.upscale * self.divisor, f"halves the {smaller}image {times} times")
            network = image_to_image(
                self.network_channels,
                self.network_outputs,
                upscale=self.upscale,
                hidden=hidden,
                skips=bool(skips),
                downsampling=downsampling,
                upsampling=upsampling,
                padding=padding,
                activation=activation,
                initialization=initialization,
                dtype=self.dtype_policy,
                **self.network_options,
            )
        else:
            size = [4 * 2 ** len(hidden)] * 2
            larger = [self.upscale * side for side in size]
            check_network(network, "network", (*size, self.network_channels), (*larger, self.network_outputs))
        self.network = network
        self.inputs = Input(self.image_shape, (0.0, 1.0))
        self.degraded = Input((None, None, self.input_channels), (0.0, 1.0), any_size=True)

    @property
    def input_channels(self) -> int:
        return self.image_shape[2]

    @property
    def call_inputs(self) -> Any:
        return self.degraded

    @property
    def network_channels(self) -> int:
        """Channels of the network's input."""
        return self.input_channels

    @property
    def network_outputs(self) -> int:
        """Channels of its answer."""
        return self.image_shape[2]

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        return {"hidden": tuple(32 * 2**depth for depth in range(min(2, max(1, sizes.halvings(shape)))))}

    # ------------------------------------------------------------------ what a subclass writes

    def degrade(self, x: Array, seed: int | None = None) -> tuple:
        """The arguments of `restore`, a tuple, for clean images [batch, height, width, channels].

        Args:
            x: the images, in [0, 1].
            seed: None draws anew; an integer always draws the same and leaves the model's own noise alone.
        """
        raise NotImplementedError

    def damaged(self, x: Array, seed: int = 0) -> tuple:
        """What restorations are compared on: the arguments of `restore`, the same for the same seed."""
        return self.degrade(x, seed=seed)

    def restorations(self, *degraded: Any) -> dict[str, Any]:
        """What it is compared by: `{name: images}`, of degraded ones."""
        return {"model": self.restore(*degraded)}

    def baselines(self, image: Array, *, mean: Array) -> dict[str, np.ndarray]:
        """`{name: images}` of the classical restorations.

        Args:
            image: and whatever else `restore` takes, as arrays.
            mean: [height, width, channels], the mean training image.
        """
        raise NotImplementedError

    def start(self, image: Array) -> Any:
        """The simple restoration that the network's output is added to, of the clean image's size."""
        return image

    def network_input(self, image: Array) -> tf.Tensor:
        return image

    # ------------------------------------------------------------------ the same for all

    def restored(self, *degraded: Any, training: bool = False) -> tf.Tensor:
        """The restored images, not yet clipped to [0, 1], of images whose size the network can halve."""
        change = self.network(self.network_input(*degraded), training=training)
        return self.start(*degraded) + tf.cast(change, tf.float32)

    @takes("degraded")
    def restore(self, image: Array) -> tf.Tensor:
        """The restored images: [batch, H, W, input_channels] in [0, 1] -> [batch, upscale * H, upscale * W, channels].

        H and W are any.
        """
        return self._restore(image)

    def _restore(self, *degraded, **options):
        degraded = [tf.cast(tensor, tf.float32) for tensor in degraded]
        height, width = tf.unstack(tf.shape(degraded[0])[1:3])
        mirrored = [mirror_to_multiple(tensor, self.divisor) for tensor in degraded]
        restored = self.restored(*mirrored, **options)[:, : self.upscale * height, : self.upscale * width]
        return tf.clip_by_value(restored, 0.0, 1.0)

    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        return self.restore(x)

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        restored = self.restored(*self.degrade(x), training=training)
        squared_error = tf.reduce_sum(tf.square(x - restored), axis=[1, 2, 3])
        return {"squared_error": squared_error, "psnr": psnr(x, tf.clip_by_value(restored, 0.0, 1.0))}

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        """Rows of (simple restoration of the degraded image, restored, clean)."""
        columns = min(3, len(x))
        x = tf.cast(x[: min(24, len(x)) // columns * columns], tf.float32)
        degraded = self.degrade(x, seed=seed)
        shown = [tf.clip_by_value(self.start(*degraded), 0.0, 1.0), self._restore(*degraded), x]
        return {"restored": tf.reshape(tf.stack(shown, axis=1), [-1, 3 * columns, *self.image_shape])}

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        return {"restore": (self._serve_restore, [self.degraded])}

    def _serve_restore(self, *degraded):
        return {"image": self.restore(*degraded)}

    def check_divisible(self, factor: int, why: str) -> None:
        """Raises InputError unless `factor` divides the training images' height and width."""
        height, width = self.image_shape[:2]
        check_divisible(height, width, factor, f"{type(self).__name__} {why}")


def seeded(layer, seed):
    """The corruption as it is, or one that always draws what follows from `seed`."""
    config = layer.get_config()
    return layer if seed is None or "seed" not in config else type(layer).from_config({**config, "seed": seed})
