"""The denoising autoencoder.

Vincent et al., "Stacked Denoising Autoencoders: Learning Useful Representations in a Deep Network with a Local
Denoising Criterion", JMLR 11 (2010), https://jmlr.org/papers/v11/vincent10a.html.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from ...core.errors import InputError, closest
from ...core.types import Array
from ...layers import GaussianCorruption, Masking, SaltAndPepper
from ...metrics.restoration.baselines import median_filter, wiener_filter
from .restoration import RestorationAutoencoder, seeded

CORRUPTIONS = {"gaussian": GaussianCorruption, "salt_and_pepper": SaltAndPepper, "masking": Masking}


@keras.saving.register_keras_serializable("keraszoo")
class DenoisingAutoencoder(RestorationAutoencoder):
    """Removes noise: trained on images to which it adds fresh noise in each step; `restore(noisy)` adds none.

    Args:
        image_shape, hidden, network, ...: as for `RestorationAutoencoder`.
        corruption: "gaussian" (clipped to [0, 1]), "salt_and_pepper", "masking", or a Keras layer of your own that
            corrupts whenever it is called.
        amount: the Gaussian's standard deviation, or the share of the pixels that are lost.

    Example:
        >>> import numpy as np
        >>> model = DenoisingAutoencoder((8, 8, 1), hidden=(8,), corruption="masking", amount=0.3)
        >>> model.restore(np.zeros([2, 9, 7, 1], "float32")).shape
        TensorShape([2, 9, 7, 1])
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        *,
        corruption: str | keras.Layer = "gaussian",
        amount: float = 0.5,
        **kwargs: Any,
    ) -> None:
        super().__init__(image_shape, **kwargs)
        if isinstance(corruption, str):
            if corruption not in CORRUPTIONS:
                raise InputError(
                    f"Unknown corruption. Received: corruption={corruption!r}. {closest(corruption, CORRUPTIONS)}"
                )
            corruption = CORRUPTIONS[corruption](amount)
        self.corruption = corruption
        self.corruption.build((None, *self.image_shape))

    def degrade(self, x: Array, seed: int | None = None) -> tuple:
        return (seeded(self.corruption, seed)(x),)

    def baselines(self, image: Array, *, mean: Array) -> dict[str, np.ndarray]:
        filtered = {"median of 3x3": median_filter(image, 3)}
        if isinstance(self.corruption, GaussianCorruption):
            filtered["Wiener of 3x3"] = wiener_filter(image, self.corruption.stddev, 3)
        return filtered
