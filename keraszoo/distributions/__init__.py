"""What a decoder's output means, priors of codes, and likelihoods by importance sampling."""

from .full_normal import FullNormal
from .importance_sampling import Likelihoods, importance_sampled
from .ladder import LadderPosterior, TwoLevelNormal, precision_weighted
from .likelihoods import (
    Bernoulli,
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
    GaussianLearnedVariance,
    Likelihood,
)
from .mixture import MixturePrior
from .normal import DiagonalNormal, StandardNormal, StandardUniform, normal_log_prob
from .prior import Prior
from .vamp import VampPrior

__all__ = [
    "Bernoulli",
    "ContinuousBernoulli",
    "DiagonalNormal",
    "DiscretizedLogistic",
    "FullNormal",
    "Gaussian",
    "GaussianLearnedVariance",
    "LadderPosterior",
    "Likelihood",
    "Likelihoods",
    "MixturePrior",
    "Prior",
    "StandardNormal",
    "StandardUniform",
    "TwoLevelNormal",
    "VampPrior",
    "importance_sampled",
    "normal_log_prob",
    "precision_weighted",
]
