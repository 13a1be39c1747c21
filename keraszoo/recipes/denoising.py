"""Denoising autoencoders.

Vincent et al., "Stacked Denoising Autoencoders", JMLR 11 (2010).
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="denoising/digits",
        title="Gaussian noise of .3 removed from scikit-learn's 8x8 digits; offline",
        model="DenoisingAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"amount": 0.3, "hidden": (16, 32)},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=10,
        expected={"train/psnr": (17.0, 0.3), "test/psnr": (17.0, 0.3)},
        minutes=0.2,
    ),
    Recipe(
        name="denoising/mnist",
        title="Gaussian noise of .5 removed from MNIST at 32x32",
        model="DenoisingAutoencoder",
        input_shape=(32, 32, 1),
        arguments={"amount": 0.5, "hidden": (24, 48)},
        dataset="mnist",
        transforms=(("pad", 32),),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=128,
        epochs=2,
        expected={"test/psnr": (20.4, 0.3)},
        minutes=5,
    ),
)
