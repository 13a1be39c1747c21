"""Loss terms, each per example ([batch] float32) and each with its paper."""

from .adversarial import AdversarialLoss, adversarial_loss
from .divergences import normal_kl
from .gradient_penalties import lipschitz_penalty, squared_gradient_norm
from .likelihoods import Bernoulli, Gaussian, Likelihood
from .penalties import kl_sparsity, l1, squared_jacobian_norm
from .segmentation import dice, focal, jaccard, pixel_cross_entropy, tversky

__all__ = [
    "AdversarialLoss",
    "Bernoulli",
    "Gaussian",
    "Likelihood",
    "adversarial_loss",
    "dice",
    "focal",
    "jaccard",
    "kl_sparsity",
    "l1",
    "lipschitz_penalty",
    "normal_kl",
    "pixel_cross_entropy",
    "squared_gradient_norm",
    "squared_jacobian_norm",
    "tversky",
]
