"""How good an answer is: restored images against clean ones with the classical restorations to beat, samples against
data, and masks against labels."""

from .baselines import bicubic, downsample, mean_image_fill, median_filter
from .boundary import boundary_f1
from .class_histogram import class_histogram_kl, classes_reached
from .comparison import compare_restorations
from .density import density_coverage
from .frechet import frechet_distance
from .inception import inception_score
from .kernel import kernel_distance
from .modes import ModeCoverage, mode_coverage
from .overlap import dice, iou, pixel_confusion, pixel_error
from .precision import precision_recall
from .restoration import hole_psnr, psnr, ssim
from .samples import compare_samples
from .segmentation import choose_threshold, segmentation_scores
from .segments import rand_error, segments, thin_borders, v_info, v_rand
from .warping import warping_error

__all__ = [
    "ModeCoverage",
    "bicubic",
    "boundary_f1",
    "choose_threshold",
    "class_histogram_kl",
    "classes_reached",
    "compare_restorations",
    "compare_samples",
    "density_coverage",
    "dice",
    "downsample",
    "frechet_distance",
    "hole_psnr",
    "inception_score",
    "iou",
    "kernel_distance",
    "mean_image_fill",
    "median_filter",
    "mode_coverage",
    "pixel_confusion",
    "pixel_error",
    "precision_recall",
    "psnr",
    "rand_error",
    "segmentation_scores",
    "segments",
    "ssim",
    "thin_borders",
    "v_info",
    "v_rand",
    "warping_error",
]
