"""The Wasserstein GAN with gradient penalty.

Gulrajani et al., "Improved Training of Wasserstein GANs" (2017), https://arxiv.org/abs/1704.00028.
"""

import keras

from .gan import GAN


@keras.saving.register_keras_serializable("keraszoo")
class WGANGP(GAN):
    """A `GAN` whose critic estimates the Wasserstein distance, its gradient held near norm 1 between real and fake.

    The paper's Adam: learning rate 1e-4, beta_1 0 or 0.5, beta_2 0.9.

    Args:
        image_shape, latent_dim, ...: as for `GAN`, with the defaults of the paper.

    Example:
        >>> model = WGANGP((8, 8, 1))
        >>> model.sample(2, seed=0).shape
        TensorShape([2, 8, 8, 1])
    """

    defaults = {"loss": "wasserstein", "n_critic": 5, "gradient_penalty": 10.0, "discriminator_normalization": "none"}
