"""The models of the zoo, each under the name that people search for.

    from keraszoo.models import VAE

A model is imported when it is used, or when `keras.models.load_model` meets it in a file.
"""

import importlib

import keras

#: the one table of models: name, and where it lives
MODELS = {
    "Autoencoder": "autoencoders.autoencoder",
    "ConvolutionalAutoencoder": "autoencoders.convolutional",
    "SparseAutoencoder": "autoencoders.sparse",
    "ContractiveAutoencoder": "autoencoders.contractive",
    "SemiSupervisedAutoencoder": "autoencoders.semi_supervised",
    "AdversarialAutoencoder": "autoencoders.adversarial",
    "WassersteinAutoencoder": "autoencoders.wasserstein",
    "RegularizedAutoencoder": "autoencoders.regularized",
    "DenoisingAutoencoder": "restoration.denoising",
    "InpaintingAutoencoder": "restoration.inpainting",
    "ColorizationAutoencoder": "restoration.colorization",
    "SuperResolutionAutoencoder": "restoration.super_resolution",
    "VAE": "vae.vae",
    "BetaVAE": "vae.disentanglement.beta_vae",
    "BurgessVAE": "vae.disentanglement.burgess_vae",
    "BetaTCVAE": "vae.disentanglement.beta_tc_vae",
    "DIPVAE": "vae.disentanglement.dip_vae",
    "InfoVAE": "vae.disentanglement.info_vae",
    "FactorVAE": "vae.disentanglement.factor_vae",
    "IWAE": "vae.iwae",
    "LadderVAE": "vae.ladder_vae",
    "ConditionalVAE": "vae.conditional_vae",
    "SemiSupervisedVAE": "vae.semi_supervised_vae",
    "VampVAE": "vae.vamp_vae",
    "DFCVAE": "vae.dfc_vae",
    "VAEGAN": "vae.vae_gan",
    "VQVAE": "vae.vq_vae",
    "FlowVAE": "vae.flow_vae",
    "GAN": "gan.gan",
    "DCGAN": "gan.dcgan",
    "LSGAN": "gan.lsgan",
    "SNGAN": "gan.sngan",
    "WGAN": "gan.wgan",
    "WGANGP": "gan.wgan_gp",
    "PacGAN": "gan.pacgan",
    "ConditionalGAN": "gan.conditional",
    "ProjectionGAN": "gan.projection",
    "ACGAN": "gan.acgan",
    "InfoGAN": "gan.infogan",
    "CycleGAN": "gan.cyclegan",
    "Flow": "flows.flow",
    "RealNVP": "flows.realnvp",
    "MAF": "flows.maf",
    "IAF": "flows.iaf",
    "NSF": "flows.nsf",
    "Glow": "flows.glow",
    "PlanarFlow": "flows.planar",
    "ContinuousFlow": "flows.continuous",
    "ResidualFlow": "flows.residual",
    "Histogram": "density.histogram",
    "KernelDensity": "density.kernel_density",
    "GaussianMixture": "density.gaussian_mixture",
    "GenerativeClassifier": "density.generative_classifier",
    "Classifier": "classifiers.classifier",
    "ContextPrediction": "self_supervised.context_prediction",
    "RotationPrediction": "self_supervised.rotation_prediction",
    "SimCLR": "self_supervised.simclr",
    "UNet": "segmentation.unet",
}

__all__ = list(MODELS)


def __getattr__(name):
    if name not in MODELS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{MODELS[name]}", __name__), name)


def __dir__():
    return sorted([*globals(), *MODELS])


class _WhenMet:
    """Stands in Keras' registry for a model that is not imported yet; importing it puts the class in its place."""

    def __init__(self, name):
        self.name = name

    def from_config(self, config):
        for room in ("layers", "networks", "distributions"):  # a model may hold parts that another one uses
            importlib.import_module(f"..{room}", __name__)
        return __getattr__(self.name).from_config(config)


for _name in MODELS:
    keras.saving.get_custom_objects().setdefault(f"keraszoo>{_name}", _WhenMet(_name))
