"""The models of the zoo, each under the name that people search for."""

import importlib

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
from .gan.acgan import ACGAN
from .gan.conditional import ConditionalGAN
from .gan.cyclegan import CycleGAN
from .gan.dcgan import DCGAN
from .gan.gan import GAN
from .gan.infogan import InfoGAN
from .gan.lsgan import LSGAN
from .gan.pacgan import PacGAN
from .gan.sngan import SNGAN
from .gan.wgan import WGAN
from .gan.wgan_gp import WGANGP
from .segmentation.unet import UNet
from .vae.beta_tc_vae import BetaTCVAE
from .vae.beta_vae import BetaVAE
from .vae.burgess_vae import BurgessVAE
from .vae.conditional_vae import ConditionalVAE
from .vae.dfc_vae import DFCVAE
from .vae.dip_vae import DIPVAE
from .vae.factor_vae import FactorVAE
from .vae.info_vae import InfoVAE
from .vae.iwae import IWAE
from .vae.vae import VAE
from .vae.vae_gan import VAEGAN
from .vae.vamp_vae import VampVAE
from .vae.vq_vae import VQVAE

#: flows are imported when they are used: TensorFlow Probability takes two seconds
FLOWS = {
    "ContinuousFlow": ".flows.continuous",
    "Flow": ".flows.flow",
    "FlowVAE": ".vae.flow_vae",
    "Glow": ".flows.glow",
    "IAF": ".flows.iaf",
    "MAF": ".flows.maf",
    "NSF": ".flows.nsf",
    "PlanarFlow": ".flows.planar",
    "RealNVP": ".flows.realnvp",
    "ResidualFlow": ".flows.residual",
}

__all__ = [
    "ACGAN",
    "ConditionalGAN",
    "ConditionalVAE",
    "ContinuousFlow",
    "DCGAN",
    "Flow",
    "FlowVAE",
    "GAN",
    "Glow",
    "IAF",
    "IWAE",
    "InfoGAN",
    "LSGAN",
    "MAF",
    "NSF",
    "PlanarFlow",
    "PacGAN",
    "RealNVP",
    "ResidualFlow",
    "SNGAN",
    "WGAN",
    "WGANGP",
    "UNet",
    "VAE",
    "VampVAE",
    "VAEGAN",
    "VQVAE",
    "AdversarialAutoencoder",
    "Autoencoder",
    "BetaVAE",
    "BetaTCVAE",
    "DFCVAE",
    "DIPVAE",
    "InfoVAE",
    "FactorVAE",
    "BurgessVAE",
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


def __getattr__(name):
    if name not in FLOWS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(FLOWS[name], __name__), name)
