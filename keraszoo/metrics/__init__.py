"""How good an answer is: restored images against clean ones with the classical restorations to beat, samples against
data, and codes against the factors of which the data are made."""

from .baselines import bicubic, downsample, mean_image_fill, median_filter
from .class_histogram import class_histogram_kl, classes_reached
from .comparison import compare_restorations
from .density import density_coverage
from .disentanglement import disentanglement_scores
from .disentanglement_dci import DCI, dci_scores
from .disentanglement_explicitness import explicitness_score
from .disentanglement_factor_vae import factor_vae_score
from .disentanglement_higgins import higgins_score
from .disentanglement_information import mutual_information
from .disentanglement_mig import mutual_information_gap
from .disentanglement_modularity import modularity_score
from .disentanglement_sap import sap_score
from .frechet import frechet_distance
from .inception import inception_score
from .kernel import kernel_distance
from .modes import ModeCoverage, mode_coverage
from .precision import precision_recall
from .restoration import hole_psnr, psnr, ssim
from .samples import compare_samples

__all__ = [
    "DCI",
    "ModeCoverage",
    "bicubic",
    "class_histogram_kl",
    "classes_reached",
    "compare_restorations",
    "compare_samples",
    "dci_scores",
    "density_coverage",
    "disentanglement_scores",
    "downsample",
    "explicitness_score",
    "factor_vae_score",
    "frechet_distance",
    "higgins_score",
    "hole_psnr",
    "inception_score",
    "kernel_distance",
    "mean_image_fill",
    "median_filter",
    "mode_coverage",
    "modularity_score",
    "mutual_information",
    "mutual_information_gap",
    "precision_recall",
    "psnr",
    "sap_score",
    "ssim",
]
