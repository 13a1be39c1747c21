"""Networks and layers from which the models are made."""

from .batch_normalization import BatchNormalization
from .convolutional import convolutional_decoder, convolutional_encoder
from .corruption import GaussianCorruption, Masking, RandomHole, SaltAndPepper
from .differentiable_augmentation import DifferentiableAugmentation
from .image_to_image import image_to_image
from .image_translation import patch_discriminator, resnet_generator
from .lenet import lenet5_encoder
from .loss_network import LossNetwork, loss_network
from .named_encoders import named_encoder
from .networks import dense_decoder, dense_encoder
from .padding import Pad2D
from .pixelcnn import PixelCNN
from .pooling import MaxPoolWithArgmax, MaxUnpool2D
from .residual_networks import residual_decoder, residual_encoder
from .seeds import separate_replicas
from .sizes import RequireDivisible, check_divisible
from .spectral_normalization import SpectralNormalization
from .tiles import predict_tiled
from .unet import unet
from .upsampling import BilinearUpsampling2D, PixelShuffle
from .vector_quantization import VectorQuantizer

__all__ = [
    "BatchNormalization",
    "BilinearUpsampling2D",
    "DifferentiableAugmentation",
    "GaussianCorruption",
    "LossNetwork",
    "Masking",
    "MaxPoolWithArgmax",
    "MaxUnpool2D",
    "Pad2D",
    "PixelCNN",
    "PixelShuffle",
    "RandomHole",
    "RequireDivisible",
    "SaltAndPepper",
    "SpectralNormalization",
    "VectorQuantizer",
    "check_divisible",
    "convolutional_decoder",
    "convolutional_encoder",
    "dense_decoder",
    "dense_encoder",
    "image_to_image",
    "lenet5_encoder",
    "loss_network",
    "named_encoder",
    "patch_discriminator",
    "predict_tiled",
    "residual_decoder",
    "residual_encoder",
    "resnet_generator",
    "separate_replicas",
    "unet",
]
