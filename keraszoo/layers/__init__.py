"""Keras layers."""

from .batch_normalization import BatchNormalization
from .color_bins import ColorBins
from .conditional_batch_normalization import ConditionalBatchNormalization
from .corruption import GaussianCorruption, Masking, RandomHole, SaltAndPepper
from .differentiable_augmentation import DifferentiableAugmentation
from .padding import Pad2D
from .pooling import MaxPoolWithArgmax, MaxUnpool2D
from .require_divisible import RequireDivisible
from .self_attention import SelfAttention
from .spectral_normalization import SpectralNormalization
from .standardization import Standardization
from .upsampling import BilinearUpsampling2D, PixelShuffle
from .vector_quantization import VectorQuantizer

__all__ = [
    "BatchNormalization",
    "BilinearUpsampling2D",
    "ColorBins",
    "ConditionalBatchNormalization",
    "DifferentiableAugmentation",
    "GaussianCorruption",
    "Masking",
    "MaxPoolWithArgmax",
    "MaxUnpool2D",
    "Pad2D",
    "PixelShuffle",
    "RandomHole",
    "RequireDivisible",
    "SaltAndPepper",
    "SelfAttention",
    "SpectralNormalization",
    "Standardization",
    "VectorQuantizer",
]
