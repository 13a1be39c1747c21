"""The models of the zoo, each under the name that people search for."""

from .autoencoders.autoencoder import Autoencoder
from .vae.beta_vae import BetaVAE
from .vae.vae import VAE

__all__ = ["VAE", "Autoencoder", "BetaVAE"]
