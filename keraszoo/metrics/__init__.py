"""How good an answer is: restored images against clean ones, and the classical restorations to beat."""

from .baselines import bicubic, downsample, mean_image_fill, median_filter
from .restoration import hole_psnr, psnr, ssim

__all__ = ["bicubic", "downsample", "hole_psnr", "mean_image_fill", "median_filter", "psnr", "ssim"]
