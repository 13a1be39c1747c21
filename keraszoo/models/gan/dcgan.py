"""The deep convolutional GAN.

Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
Networks" (2016), https://arxiv.org/abs/1511.06434.
"""

import keras

from .gan import GAN


@keras.saving.register_keras_serializable("keraszoo")
class DCGAN(GAN):
    """A `GAN` of strided convolutions and batch normalisation.

    The paper's Adam: learning rate 2e-4, beta_1 0.5.

    Args:
        image_shape, latent_dim, ...: as for `GAN`, with the defaults of the paper.

    Example:
        >>> model = DCGAN((8, 8, 1))
        >>> model.sample(2, seed=0).shape
        TensorShape([2, 8, 8, 1])
    """

    defaults = {"network": "convolutional"}
