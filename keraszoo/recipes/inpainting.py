"""Inpainting autoencoders.

Pathak et al., "Context Encoders: Feature Learning by Inpainting" (2016), https://arxiv.org/abs/1604.07379.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="inpainting/digits",
        title="Holes of 3x3 in scikit-learn's 8x8 digits; offline",
        model="InpaintingAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"hole": (3, 3), "hidden": (32, 64)},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=20,
        expected={"test/hole_squared_error": (0.044, 0.004)},
        minutes=0.2,
    ),
    Recipe(
        name="inpainting/mnist",
        title="Holes of 12x12 in MNIST at 32x32",
        model="InpaintingAutoencoder",
        input_shape=(32, 32, 1),
        arguments={"hole": (12, 12), "hidden": (24, 48, 96)},
        dataset="mnist",
        transforms=(("pad", 32),),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=128,
        epochs=5,
        expected={"test/hole_squared_error": (0.0396, 0.002)},
        minutes=7,
    ),
)
