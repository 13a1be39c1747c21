"""The steps of normalizing flows: Keras layers with weights, each of which gives a TFP bijector."""

from .autoregressive import Autoregressive
from .continuous import Continuous
from .coupling import Coupling
from .elementwise.bounds import Bounds
from .elementwise.normalization import ActNorm, BatchNorm, Standardize
from .elementwise.preprocessing import Logit, Reshape
from .fused import FusedBijector
from .images.multi_scale import MultiScale
from .images.steps import ImageCoupling, Squeeze
from .inverted import Inverted
from .linear import Householder, LULinear, Permutation
from .networks.lipschitz import LipschitzNetwork
from .networks.masked import MaskedNetwork
from .networks.tangent import TangentNetwork
from .planar import Planar
from .radial import Radial
from .ready_made import ReadyMade
from .residual import Residual
from .sylvester import Sylvester
from .transform import Transform

__all__ = [
    "ActNorm",
    "Autoregressive",
    "BatchNorm",
    "Bounds",
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
