"""The beta-VAE: a VAE that presses harder on the prior, for disentangled codes.

Higgins et al., "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework" (ICLR 2017).
"""

import keras

from ..vae import VAE


@keras.saving.register_keras_serializable("keraszoo")
class BetaVAE(VAE):
    """A `VAE` with a beta above 1; beta = 1 is the VAE.

    The term and metric `kl` carries the weight: it is beta * KL. Reconstruction is summed over the pixels, so the
    same beta presses less on larger images: what beta 1 is at 32x32, beta 4 is at 64x64. The paper's normalised beta
    compares sizes.

    Args:
        image_shape, latent_dim, ...: as for `VAE`.

    Example:
        >>> BetaVAE((8, 8, 1), latent_dim=4, beta=0.25, normalized=True).kl_weight
        4.0
    """

    defaults = {"beta": 4.0}
