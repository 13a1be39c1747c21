"""The inpainting autoencoder: fills holes from what surrounds them.

Pathak et al., "Context Encoders: Feature Learning by Inpainting", CVPR 2016, https://arxiv.org/abs/1604.07379.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError
from ...core.inputs import Input
from ...core.model import takes
from ...core.types import Array, Targets
from ...layers import RandomHole
from ...metrics.restoration.baselines import mean_image_fill
from .restoration import RestorationAutoencoder, seeded


@keras.saving.register_keras_serializable("keraszoo")
class InpaintingAutoencoder(RestorationAutoencoder):
    """Fills a hole: `restore(image, mask)`, mask 1 where a pixel is known and 0 in the hole. Known pixels stay.

    Trained on images with one rectangular hole each, somewhere else in every step. The squared error is that of the
    hole; so is the metric `hole_squared_error`, per value. The network sees the image without the hole's
    pixels, and the mask.

    Args:
        image_shape, hidden, network, ...: as for `RestorationAutoencoder`; a network of your own takes one channel
            more than the image has.
        hole: height and width of the hole.

    Example:
        >>> import numpy as np
        >>> model = InpaintingAutoencoder((8, 8, 1), hidden=(8,), hole=(3, 3))
        >>> model.restore(np.ones([2, 8, 8, 1], "float32"), np.ones([2, 8, 8, 1], "float32")).numpy().min()
        np.float32(1.0)
    """

    metric_names: tuple[str, ...] = ("hole_squared_error",)
    #: the second argument of `restore`
    mask = Input((None, None, 1), (0.0, 1.0), any_size=True, name="mask")

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        return {**super().sizes_for(shape), "hole": tuple(max(1, side // 3) for side in shape[:2])}

    def __init__(self, image_shape: Sequence[int], *, hole: Sequence[int] = (12, 12), **kwargs: Any) -> None:
        self.hole = positive_integers("hole", hole)
        if len(self.hole) != 2:
            raise InputError(f"hole is a height and a width. Received: hole={self.hole}.")
        super().__init__(image_shape, **kwargs)
        height, width = self.image_shape[:2]
        if self.hole[0] > height or self.hole[1] > width:
            nearest = (min(self.hole[0], height), min(self.hole[1], width))
            raise InputError(
                f"The hole must fit into the image, {height} x {width}. Received: hole={self.hole}. Nearest: {nearest}."
            )
        self.corruption = RandomHole(*self.hole)
        self.corruption.build((None, *self.image_shape))

    @property
    def network_channels(self) -> int:
        return self.input_channels + 1

    def degrade(self, x: Array, seed: int | None = None) -> tuple:
        mask = tf.cast(seeded(self.corruption, seed)(x), x.dtype)
        return x * mask, mask

    def damaged(self, x: Array, seed: int = 0) -> tuple:
        """The images with the hole in their middle, and the mask: elsewhere many holes miss the object altogether."""
        (height, width), hole = self.image_shape[:2], self.hole
        top, left = (height - hole[0]) // 2, (width - hole[1]) // 2
        mask = np.ones([len(x), height, width, 1], "float32")
        mask[:, top : top + hole[0], left : left + hole[1]] = 0.0
        return x * mask, mask

    def baselines(self, image: Array, mask: Array, *, mean: Array) -> dict[str, np.ndarray]:
        return {"mean image": mean_image_fill(image, mask, mean)}

    def start(self, image: Array, mask: Array) -> Any:
        return image * mask

    def network_input(self, image: Array, mask: Array) -> tf.Tensor:
        return tf.concat([image * mask, mask], axis=-1)

    def restored(self, image: Array, mask: Array, training: bool = False) -> tf.Tensor:
        change = self.network(self.network_input(image, mask), training=training)
        return image * mask + tf.cast(change, tf.float32) * (1.0 - mask)

    @takes("degraded")
    def restore(self, image: Any, mask: Any) -> tf.Tensor:
        """The images with their holes filled: [batch, H, W, channels] in [0, 1] -> the same shape.

        Args:
            image: what it holds in the hole does not matter.
            mask: [batch, H, W, 1], 1 where a pixel is known, 0 in the hole.

        Raises:
            InputError: when the mask is of another size than the image.
        """
        mask = self.mask.tensor(mask, type(self).__name__)
        if not image.shape[1:3].is_compatible_with(mask.shape[1:3]) or mask.shape[3:] != (1,):
            raise InputError(
                f"The mask must be [batch, height, width, 1], of the image's size. Received: a mask of "
                f"{list(mask.shape)} for images of {list(image.shape)}."
            )
        return self._restore(image, mask)

    def call(self, x: Any, training: bool = False) -> tf.Tensor:
        """`restore` of `(image, mask)`; of an image alone, in which nothing is missing, the image itself."""
        image, mask = x if isinstance(x, (tuple, list)) else (x, tf.ones_like(x[..., :1]))
        return self.restore(image, mask)

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        image, mask = self.degrade(x)
        restored = self.restored(image, mask, training=training)
        squared_error = tf.reduce_sum(tf.square(x - restored), axis=[1, 2, 3])
        size = self.hole[0] * self.hole[1] * self.image_shape[2]
        return {"squared_error": squared_error, "hole_squared_error": squared_error / size}

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        return {"restore": (self._serve_restore, [self.degraded, self.mask])}
