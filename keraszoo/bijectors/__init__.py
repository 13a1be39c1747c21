"""The steps of normalizing flows: Keras layers with weights, each of which gives a TFP bijector."""

from .autoregressive import Autoregressive
from .continuous import Continuous
from .coupling import Coupling
from .fused import FusedBijector
from .image_steps import ImageCoupling, Squeeze
from .inverted import Inverted
from .linear import Householder, LULinear, Permutation
from .lipschitz_network import LipschitzNetwork
from .masked_network import MaskedNetwork
from .multi_scale import MultiScale
from .normalization import ActNorm, BatchNorm, Standardize
from .planar import Planar
from .preprocessing import Logit, Reshape
from .radial import Radial
from .ready_made import ReadyMade
from .residual import Residual
from .sylvester import Sylvester
from .tangent_network import TangentNetwork
from .transform import Transform

__all__ = [
    "ActNorm",
    "Autoregressive",
    "BatchNorm",
    "Continuous",
    "Coupling",
    "FusedBijector",
    "Householder",
    "ImageCoupling",
    "Inverted",
    "LULinear",
    "LipschitzNetwork",
    "Logit",
    "MaskedNetwork",
    "MultiScale",
    "Permutation",
    "Planar",
    "Radial",
    "ReadyMade",
    "Reshape",
    "Residual",
    "Squeeze",
    "Standardize",
    "Sylvester",
    "TangentNetwork",
    "Transform",
]
