"""Densities without a network, and classifiers made of densities."""

from .data import Data
from .recipe import Recipe

RECIPES = (
    # Histograms.
    #
    # Scott, "Multivariate Density Estimation" (1992).
    Recipe(
        name="histogram/checkerboard",
        title="A histogram of 40 x 40 cells; offline",
        model="Histogram",
        input_shape=(2,),
        arguments={"bins": 40, "range": (-4.0, 4.0), "pseudocount": 1.0},
        data=Data("points/checkerboard"),
        optimizers={},
        batch_size=1000,
        epochs=1,
        expected={"test/negative_log_likelihood": (3.477, 0.01)},
        minutes=0.1,
    ),
    # Kernel density estimation.
    #
    # Parzen, "On Estimation of a Probability Density Function and Mode" (1962).
    Recipe(
        name="kernel_density/moons",
        title="Gaussian kernels on two moons, as wide as is most likely; offline",
        model="KernelDensity",
        input_shape=(2,),
        arguments={"bandwidth": "likelihood", "examples": 5000},
        data=Data("points/moons"),
        optimizers={},
        batch_size=1000,
        epochs=1,
        expected={"test/negative_log_likelihood": (0.3203, 0.005)},
        minutes=0.2,
    ),
    # Mixtures of Gaussians.
    #
    # Dempster, Laird and Rubin, "Maximum Likelihood from Incomplete Data via the EM Algorithm" (1977).
    Recipe(
        name="gaussian_mixture/gaussians8",
        title="Eight Gaussians found again by expectation maximisation; offline",
        model="GaussianMixture",
        input_shape=(2,),
        arguments={"components": 8, "n_init": 3},
        data=Data("points/gaussians8_broad"),
        optimizers={},
        batch_size=2000,
        epochs=30,
        expected={"test/negative_log_likelihood": (2.837, 0.005)},
        minutes=0.1,
    ),
    Recipe(
        name="gaussian_mixture/digits",
        title="Thirty Gaussians of one covariance on the 8x8 digits: their means are digits; offline",
        model="GaussianMixture",
        input_shape=(8, 8, 1),
        arguments={"components": 30, "covariance": "tied", "reg_covar": 1e-3},
        data=Data("digits"),
        optimizers={},
        batch_size=500,
        epochs=30,
        expected={
            "test/negative_log_likelihood": (-53.2, 0.71),
            "samples/frechet_distance": (0.839, 1.3),
            "samples/recall": (0.955, 0.07),
            "samples/coverage": (0.875, 0.087),
            "samples/class_kl": (0.0206, 0.042),
        },
        minutes=0.1,
    ),
    # Generative classifiers.
    #
    # Fisher, "The Use of Multiple Measurements in Taxonomic Problems" (1936).
    Recipe(
        name="generative_classifier/digits",
        title="A mixture of Gaussians for each of the ten digits; offline",
        model="GenerativeClassifier",
        input_shape=(8, 8, 1),
        arguments={"density": {"name": "GaussianMixture", "components": 4, "covariance": "tied", "reg_covar": 3e-3}},
        data=Data("digits"),
        optimizers={},
        batch_size=500,
        epochs=30,
        expected={
            "test/accuracy": (0.982, 0.035),
            "test/negative_log_likelihood": (-56.1, 1.9),
            "samples/frechet_distance": (0.411, 0.45),
            "samples/recall": (0.956, 0.079),
            "samples/coverage": (0.937, 0.08),
            "samples/class_kl": (0.0031, 0.04),
        },
        minutes=0.2,
    ),
)
