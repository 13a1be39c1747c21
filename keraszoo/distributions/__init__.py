"""What a decoder's output means, priors of codes, and likelihoods by importance sampling."""

from .full_normal import FullNormal
from .importance_sampling import Likelihoods, importance_sampled
from .likelihoods import (
    Bernoulli,
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
    GaussianLearnedVariance,
    Likelihood,
)
from .mixture import MixturePrior
from .normal import normal_log_prob

__all__ = [
    "Bernoulli",
    "ContinuousBernoulli",
    "DiscretizedLogistic",
    "FullNormal",
    "Gaussian",
    "GaussianLearnedVariance",
    "Likelihood",
    "Likelihoods",
    "MixturePrior",
    "importance_sampled",
    "normal_log_prob",
]
