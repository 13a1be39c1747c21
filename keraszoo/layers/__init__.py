"""Keras layers."""

from .color_bins import ColorBins
from .corruption import GaussianCorruption, Masking, RandomHole, SaltAndPepper
from .differentiable_augmentation import DifferentiableAugmentation
from .lenet5 import PartialConv2D, RadialBasis, Subsampling2D
from .normalization.batch_normalization import BatchNormalization
from .normalization.conditional_batch_normalization import ConditionalBatchNormalization
from .normalization.local_response import LocalResponseNormalization
from .normalization.spectral_normalization import SpectralNormalization
from .normalization.standardization import Standardization
from .normalization.weight_normalization import WeightNormalization
from .padding import Pad2D
from .pooling import MaxPoolWithArgmax, MaxUnpool2D
from .require_divisible import RequireDivisible
from .self_attention import SelfAttention
from .upsampling import BilinearUpsampling2D, NearestUpsampling2D, PixelShuffle
from .vector_quantization import VectorQuantizer

__all__ = [
    "BatchNormalization",
    "BilinearUpsampling2D",
    "ColorBins",
    "ConditionalBatchNormalization",
    "DifferentiableAugmentation",
    "GaussianCorruption",
    "LocalResponseNormalization",
    "Masking",
    "MaxPoolWithArgmax",
    "MaxUnpool2D",
    "NearestUpsampling2D",
    "Pad2D",
    "PartialConv2D",
    "PixelShuffle",
    "RadialBasis",
    "RandomHole",
    "RequireDivisible",
    "SaltAndPepper",
    "SelfAttention",
    "SpectralNormalization",
    "Standardization",
    "Subsampling2D",
    "VectorQuantizer",
    "WeightNormalization",
]
