"""The Wasserstein GAN with clipped weights.

Arjovsky, Chintala and Bottou, "Wasserstein GAN" (2017), https://arxiv.org/abs/1701.07875.
"""

import keras

from .gan import GAN


@keras.saving.register_keras_serializable("keraszoo")
class WGAN(GAN):
    """A `GAN` whose critic estimates the Wasserstein distance, kept Lipschitz by clipping its kernels in each step.

    The paper's optimizer: RMSprop, learning rate 5e-5.

    Args:
        image_shape, latent_dim, ...: as for `GAN`, with the defaults of the paper.

    Example:
        >>> model = WGAN((8, 8, 1))
        >>> model.sample(2, seed=0).shape
        TensorShape([2, 8, 8, 1])
    """

    defaults = {"loss": "wasserstein", "n_critic": 5, "clip": 0.01, "discriminator_normalization": "none"}
