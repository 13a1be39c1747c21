"""The VAE with a VampPrior: a mixture of its own posteriors.

Tomczak and Welling, "VAE with a VampPrior" (2018), https://arxiv.org/abs/1705.07120.
"""

import keras

from .vae import VAE


@keras.saving.register_keras_serializable("keraszoo")
class VampVAE(VAE):
    """A `VAE` with the prior p(z) = 1/K sum_k q(z|u_k), the mean of the posteriors of K learned pseudo-inputs u_k.

    The KL term is its estimate from the one draw of z, which may be negative for an example. `adapt(x)`, which
    `keraszoo train` calls, starts the pseudo-inputs at examples: see `keraszoo.distributions.VampPrior`.

    Args:
        image_shape, latent_dim, ...: as for `VAE`; prior_components is K, 50 by default.

    Example:
        >>> import numpy as np
        >>> vae = VampVAE((8, 8, 1), latent_dim=2, hidden=(32,), prior_components=5)
        >>> vae.adapt(np.zeros([100, 8, 8, 1], "float32"))
        >>> vae.sample(4, seed=0).shape, vae.prior.pseudo_inputs().shape
        (TensorShape([4, 8, 8, 1]), TensorShape([5, 8, 8, 1]))
    """

    defaults = {"prior": "vamp"}
