"""Colourisation autoencoders.

Zhang, Isola and Efros, "Colorful Image Colorization" (2016), https://arxiv.org/abs/1603.08511.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="colorization/photos",
        title="Patches of two photographs of scikit-learn in colour again; offline",
        model="ColorizationAutoencoder",
        input_shape=(32, 32, 3),
        arguments={"hidden": (16, 32)},
        dataset="photos",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=10,
        expected={"test/psnr": (30.2, 0.7)},
        minutes=0.5,
    ),
)
