"""The packed GAN.

Lin, Khetan, Fanti and Oh, "PacGAN: The power of two samples in generative adversarial networks" (2018),
https://arxiv.org/abs/1712.04086.
"""

import keras

from .gan import GAN


@keras.saving.register_keras_serializable("keraszoo")
class PacGAN(GAN):
    """A `GAN` whose discriminator judges several examples together, and so sees when they are all alike.

    Args:
        image_shape, latent_dim, ...: as for `GAN`, with the defaults of the paper.

    Example:
        >>> model = PacGAN((8, 8, 1))
        >>> model.sample(2, seed=0).shape
        TensorShape([2, 8, 8, 1])
    """

    defaults = {"packing": 2}
