"""The classic networks of image classification, each under its usual name."""

import functools
import typing

from .alexnet import ONE_TOWER, TWO_TOWERS, alexnet_encoder
from .deep_resnet import DEEP_RESNETS, deep_resnet_encoder
from .googlenet import googlenet_encoder
from .lenet import HIDDEN as LENET
from .lenet import lenet5_1998_encoder, lenet5_encoder
from .resnet import CIFAR_RESNETS, cifar_resnet_encoder
from .vgg import HIDDEN as VGG
from .vgg import VGGS, vgg_encoder
from .zfnet import HIDDEN as ZFNET
from .zfnet import zfnet_encoder


class Encoder(typing.NamedTuple):
    """How an encoder is made, and the hidden layers and outputs that it has as published (None: by its width)."""

    make: typing.Callable
    hidden: tuple
    outputs: int | None


def _deep(blocks, bottleneck):
    make = functools.partial(deep_resnet_encoder, blocks=blocks, bottleneck=bottleneck)
    return Encoder(make, (64, 128, 256), 2048 if bottleneck else 512)


CLASSIC = {
    "lenet5": Encoder(lenet5_encoder, LENET, 84),
    "lenet5_1998": Encoder(lenet5_1998_encoder, LENET, 84),
    "alexnet": Encoder(alexnet_encoder, TWO_TOWERS, 4096),
    "alexnet_one_tower": Encoder(functools.partial(alexnet_encoder, groups=1, normalization=None), ONE_TOWER, 4096),
    "zfnet": Encoder(zfnet_encoder, ZFNET, 4096),
    **{name: Encoder(functools.partial(vgg_encoder, kernels=kernels), VGG, 4096) for name, kernels in VGGS.items()},
    "googlenet": Encoder(googlenet_encoder, (), None),
    **{name: _deep(*stages) for name, stages in DEEP_RESNETS.items()},
    **{
        name: Encoder(functools.partial(cifar_resnet_encoder, blocks=blocks), (16, 32), 64)
        for name, blocks in CIFAR_RESNETS.items()
    },
}

__all__ = [
    "CIFAR_RESNETS",
    "CLASSIC",
    "Encoder",
    "alexnet_encoder",
    "cifar_resnet_encoder",
    "deep_resnet_encoder",
    "googlenet_encoder",
    "lenet5_1998_encoder",
    "lenet5_encoder",
    "vgg_encoder",
    "zfnet_encoder",
]
