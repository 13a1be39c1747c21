"""The least squares GAN.

Mao et al., "Least Squares Generative Adversarial Networks" (2017), https://arxiv.org/abs/1611.04076.
"""

import keras

from .gan import GAN


@keras.saving.register_keras_serializable("keraszoo")
class LSGAN(GAN):
    """A `GAN` whose discriminator regresses to 1 for real and 0 for generated examples.

    Args:
        image_shape, latent_dim, ...: as for `GAN`, with the defaults of the paper.

    Example:
        >>> model = LSGAN((8, 8, 1))
        >>> model.sample(2, seed=0).shape
        TensorShape([2, 8, 8, 1])
    """

    defaults = {"loss": "least_squares"}
