"""Loss terms, each per example ([batch] float32) and each with its paper."""

from .adversarial import AdversarialLoss, adversarial_loss
from .divergences import normal_kl
from .gradient_penalties import lipschitz_penalty, squared_gradient_norm
from .likelihoods import Bernoulli, Gaussian, Likelihood
from .penalties import kl_sparsity, l1, squared_jacobian_norm

__all__ = [
    "AdversarialLoss",
    "Bernoulli",
    "Gaussian",
    "Likelihood",
    "adversarial_loss",
    "kl_sparsity",
    "l1",
    "lipschitz_penalty",
    "normal_kl",
    "squared_gradient_norm",
    "squared_jacobian_norm",
]
