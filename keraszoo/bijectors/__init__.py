"""The steps of normalizing flows: Keras layers with weights, each of which gives a TFP bijector."""

from .autoregressive import Autoregressive
from .coupling import Coupling
from .fused import FusedBijector
from .inverted import Inverted
from .linear import Householder, LULinear, Permutation
from .masked_network import MaskedNetwork
from .normalization import ActNorm, BatchNorm, Standardize
from .preprocessing import Logit, Reshape
from .ready_made import ReadyMade
from .transform import Transform

__all__ = [
    "ActNorm",
    "Autoregressive",
    "BatchNorm",
    "Coupling",
    "FusedBijector",
    "Householder",
    "Inverted",
    "LULinear",
    "Logit",
    "MaskedNetwork",
    "Permutation",
    "ReadyMade",
    "Reshape",
    "Standardize",
    "Transform",
]
