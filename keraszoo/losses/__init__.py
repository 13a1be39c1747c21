"""Loss terms, each per example ([batch] float32) and each with its paper."""

from .divergences import normal_kl
from .likelihoods import Bernoulli, Gaussian, Likelihood

__all__ = ["Bernoulli", "Gaussian", "Likelihood", "normal_kl"]
