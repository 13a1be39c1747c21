"""The models of the zoo, each under the name that people search for."""

from .autoencoders.adversarial import AdversarialAutoencoder
from .autoencoders.autoencoder import Autoencoder
from .autoencoders.colorization import ColorizationAutoencoder
from .autoencoders.contractive import ContractiveAutoencoder
from .autoencoders.convolutional import ConvolutionalAutoencoder
from .autoencoders.denoising import DenoisingAutoencoder
from .autoencoders.inpainting import InpaintingAutoencoder
from .autoencoders.semi_supervised import SemiSupervisedAutoencoder
from .autoencoders.sparse import SparseAutoencoder
from .autoencoders.super_resolution import SuperResolutionAutoencoder
from .classifiers.classifier import Classifier
from .gan.cyclegan import CycleGAN
from .vae.beta_vae import BetaVAE
from .vae.vae import VAE

__all__ = [
    "VAE",
    "AdversarialAutoencoder",
    "Autoencoder",
    "BetaVAE",
    "Classifier",
    "ColorizationAutoencoder",
    "ContractiveAutoencoder",
    "ConvolutionalAutoencoder",
    "CycleGAN",
    "DenoisingAutoencoder",
    "InpaintingAutoencoder",
    "SemiSupervisedAutoencoder",
    "SparseAutoencoder",
    "SuperResolutionAutoencoder",
]
