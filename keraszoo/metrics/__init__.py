"""How good an answer is: restored images against clean ones with the classical restorations to beat, and samples
against data."""

from .baselines import bicubic, downsample, mean_image_fill, median_filter
from .class_histogram import class_histogram_kl, classes_reached
from .comparison import compare_restorations
from .density import density_coverage
from .frechet import frechet_distance
from .inception import inception_score
from .kernel import kernel_distance
from .modes import ModeCoverage, mode_coverage
from .precision import precision_recall
from .restoration import hole_psnr, psnr, ssim
from .samples import compare_samples

__all__ = [
    "ModeCoverage",
    "bicubic",
    "class_histogram_kl",
    "classes_reached",
    "compare_restorations",
    "compare_samples",
    "density_coverage",
    "downsample",
    "frechet_distance",
    "hole_psnr",
    "inception_score",
    "kernel_distance",
    "mean_image_fill",
    "median_filter",
    "mode_coverage",
    "precision_recall",
    "psnr",
    "ssim",
]
