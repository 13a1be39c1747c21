"""Loss terms, each per example ([batch] float32) and each with its paper."""

from .adversarial import AdversarialLoss, adversarial_loss
from .contrastive import nt_xent
from .covariance import code_covariance, identity_penalty
from .discrepancy import maximum_mean_discrepancy
from .divergences import normal_kl
from .gradient_penalties import lipschitz_penalty, squared_gradient_norm
from .penalties import kl_sparsity, l1, squared_jacobian_norm
from .segmentation import dice, focal, jaccard, pixel_cross_entropy, tversky
from .topology import centerline_dice
from .total_correlation import aggregate_log_densities, aggregate_log_weights, total_correlation

__all__ = [
    "AdversarialLoss",
    "adversarial_loss",
    "aggregate_log_densities",
    "aggregate_log_weights",
    "centerline_dice",
    "code_covariance",
    "dice",
    "focal",
    "identity_penalty",
    "jaccard",
    "kl_sparsity",
    "l1",
    "lipschitz_penalty",
    "maximum_mean_discrepancy",
    "normal_kl",
    "nt_xent",
    "pixel_cross_entropy",
    "squared_gradient_norm",
    "squared_jacobian_norm",
    "total_correlation",
    "tversky",
]
