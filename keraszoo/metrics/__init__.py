"""How good an answer is: restored images against clean ones with the classical restorations to beat, samples against
data, codes against the factors of which the data are made, masks against labels, and classes against labels."""

from .classification.calibration import Reliability, expected_calibration_error, reliability
from .classification.scores import ClassScores, class_confusion, class_scores, classification_scores
from .disentanglement.all_measures import disentanglement_scores
from .disentanglement.dci import DCI, dci_scores
from .disentanglement.explicitness import explicitness_score
from .disentanglement.factor_vae import factor_vae_score
from .disentanglement.higgins import higgins_score
from .disentanglement.information import mutual_information
from .disentanglement.mig import mutual_information_gap
from .disentanglement.modularity import modularity_score
from .disentanglement.sap import sap_score
from .restoration.baselines import bicubic, downsample, mean_image_fill, median_filter, wiener_filter
from .restoration.comparison import compare_restorations
from .restoration.similarity import hole_psnr, psnr, ssim
from .samples.all_measures import compare_samples
from .samples.class_histogram import class_histogram_kl, classes_reached
from .samples.density import density_coverage
from .samples.frechet import frechet_distance
from .samples.inception import inception_score
from .samples.kernel import kernel_distance
from .samples.modes import ModeCoverage, mode_coverage
from .samples.precision import precision_recall
from .segmentation.all_measures import choose_threshold, segmentation_scores
from .segmentation.boundary import boundary_f1
from .segmentation.objects import average_precision
from .segmentation.overlap import dice, iou, pixel_confusion, pixel_error
from .segmentation.segments import rand_error, segments, thin_borders, v_info, v_rand
from .segmentation.surface import hausdorff, surface_distance
from .segmentation.warping import warping_error

__all__ = [
    "DCI",
    "ClassScores",
    "ModeCoverage",
    "Reliability",
    "average_precision",
    "bicubic",
    "boundary_f1",
    "choose_threshold",
    "class_confusion",
    "class_histogram_kl",
    "class_scores",
    "classes_reached",
    "classification_scores",
    "compare_restorations",
    "compare_samples",
    "dci_scores",
    "density_coverage",
    "dice",
    "disentanglement_scores",
    "downsample",
    "expected_calibration_error",
    "explicitness_score",
    "factor_vae_score",
    "frechet_distance",
    "hausdorff",
    "higgins_score",
    "hole_psnr",
    "inception_score",
    "iou",
    "kernel_distance",
    "mean_image_fill",
    "median_filter",
    "mode_coverage",
    "modularity_score",
    "mutual_information",
    "mutual_information_gap",
    "pixel_confusion",
    "pixel_error",
    "precision_recall",
    "psnr",
    "rand_error",
    "reliability",
    "sap_score",
    "segmentation_scores",
    "segments",
    "ssim",
    "surface_distance",
    "thin_borders",
    "v_info",
    "v_rand",
    "warping_error",
    "wiener_filter",
]
