"""The classic networks of image classification, each under its usual name."""

from .lenet import lenet5_encoder
from .resnet import CIFAR_RESNETS, cifar_resnet_encoder

__all__ = ["CIFAR_RESNETS", "cifar_resnet_encoder", "lenet5_encoder"]
