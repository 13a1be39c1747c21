"""Priors of a VAE's code by name."""

from ...distributions.mixture import MixturePrior
from ...distributions.normal import StandardNormal
from ...distributions.vamp import VampPrior

#: name: function of a VAE and of a number of components, None for the default
PRIORS = {
    "normal": lambda vae, components: StandardNormal(vae.latent_dim),
    "mixture": lambda vae, components: MixturePrior(vae.latent_dim, components or 10, dtype="float32"),
    "vamp": lambda vae, components: VampPrior(
        lambda x: vae.posterior_given(x, None),
        vae.latent_dim,
        vae.image_shape,
        vae.inputs.range,
        components or 50,
        scaling=None if vae.standardization is None else (vae.standardization, vae.standardization.undo),
    ),
}
