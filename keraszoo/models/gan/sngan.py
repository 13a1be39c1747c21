"""The GAN with spectral normalisation.

Miyato, Kataoka, Koyama and Yoshida, "Spectral Normalization for Generative Adversarial Networks" (2018),
https://arxiv.org/abs/1802.05957.
"""

import keras

from .gan import GAN


@keras.saving.register_keras_serializable("keraszoo")
class SNGAN(GAN):
    """A convolutional `GAN` with the hinge loss whose discriminator is 1-Lipschitz layer by layer.

    The paper's Adam: learning rate 2e-4, beta_1 0 (hinge), beta_2 0.9, n_critic 5 or 1.

    Args:
        image_shape, latent_dim, ...: as for `GAN`, with the defaults of the paper.

    Example:
        >>> model = SNGAN((8, 8, 1))
        >>> model.sample(2, seed=0).shape
        TensorShape([2, 8, 8, 1])
    """

    defaults = {"loss": "hinge", "network": "convolutional", "discriminator_normalization": "spectral"}
