"""Networks by size, of which the models are made: functions that return plain, built Keras models."""

from .by_size import dense_decoder, dense_encoder
from .classic import (
    alexnet_encoder,
    cifar_resnet_encoder,
    deep_resnet_encoder,
    googlenet_encoder,
    lenet5_1998_encoder,
    lenet5_encoder,
    vgg_encoder,
    zfnet_encoder,
)
from .convolutional import convolutional_decoder, convolutional_encoder
from .features import LossNetwork, loss_network
from .image_to_image import image_to_image
from .image_translation import patch_discriminator, resnet_generator
from .pixelcnn import PixelCNN
from .pretrained import named_encoder
from .residual import residual_decoder, residual_encoder
from .tiles import predict_tiled
from .unet import unet

__all__ = [
    "LossNetwork",
    "PixelCNN",
    "alexnet_encoder",
    "cifar_resnet_encoder",
    "convolutional_decoder",
    "convolutional_encoder",
    "deep_resnet_encoder",
    "dense_decoder",
    "dense_encoder",
    "googlenet_encoder",
    "image_to_image",
    "lenet5_1998_encoder",
    "lenet5_encoder",
    "loss_network",
    "named_encoder",
    "patch_discriminator",
    "predict_tiled",
    "residual_decoder",
    "residual_encoder",
    "resnet_generator",
    "unet",
    "vgg_encoder",
    "zfnet_encoder",
]
