"""The super-resolution autoencoder.

Dong et al., "Image Super-Resolution Using Deep Convolutional Networks", TPAMI 38 (2016),
https://arxiv.org/abs/1501.00092. That the network adds to an interpolated image: Kim, Lee and Lee, "Accurate Image
Super-Resolution Using Very Deep Convolutional Networks", CVPR 2016, https://arxiv.org/abs/1511.04587.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.errors import InputError
from ...core.types import Array
from ...layers import BilinearUpsampling2D
from ...metrics.restoration.baselines import bicubic
from .restoration import RestorationAutoencoder


@keras.saving.register_keras_serializable("keraszoo")
class SuperResolutionAutoencoder(RestorationAutoencoder):
    """Enlarges images: `restore(small)` is `factor` times as high and wide; the network adds to bilinear interpolation.

    Trained on images and their means over factor x factor pixels.

    Args:
        image_shape: shape of the large images; `factor` divides height and width.
        factor: 2 or 4.
        hidden, network, ...: as for `RestorationAutoencoder`.

    Example:
        >>> import numpy as np
        >>> model = SuperResolutionAutoencoder((8, 8, 1), factor=2, hidden=(8,))
        >>> model.restore(np.zeros([2, 8, 8, 1], "float32")).shape
        TensorShape([2, 16, 16, 1])
    """

    def __init__(self, image_shape: Sequence[int], *, factor: int = 2, **kwargs: Any) -> None:
        if factor not in (2, 4):
            raise InputError(f"Images become 2 or 4 times as large. Received: factor={factor!r}.")
        self.upscale = int(factor)
        super().__init__(image_shape, **kwargs)
        self.check_divisible(self.upscale, f"learns from images made {self.upscale} times smaller")
        self.doubled = BilinearUpsampling2D(dtype="float32")
        self.doubled.build((None, *self.image_shape))

    def degrade(self, x: Array, seed: int | None = None) -> tuple:
        return (tf.nn.avg_pool2d(x, self.upscale, self.upscale, "VALID"),)

    def baselines(self, image: Array, *, mean: Array) -> dict[str, np.ndarray]:
        return {"bicubic": bicubic(image, self.upscale)}

    def start(self, image: Array) -> Any:
        for _ in range(self.upscale // 2):  # 2, 4 -> 1, 2 doublings; XLA has no bicubic interpolation
            image = self.doubled(image)
        return image
