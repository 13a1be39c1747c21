"""Loss terms, each per example ([batch] float32) and each with its paper."""

from .divergences import normal_kl
from .likelihoods import Bernoulli, Gaussian, Likelihood
from .penalties import kl_sparsity, l1, squared_jacobian_norm

__all__ = ["Bernoulli", "Gaussian", "Likelihood", "kl_sparsity", "l1", "normal_kl", "squared_jacobian_norm"]
