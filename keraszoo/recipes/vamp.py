"""VAEs with a VampPrior.

Tomczak and Welling, "VAE with a VampPrior" (2018), https://arxiv.org/abs/1705.07120. Pixels are binarised anew for
every batch, so that `keraszoo likelihood` gives a likelihood.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="vamp/digits",
        title="Fifty pseudo-inputs, binarised 8x8 digits; offline",
        model="VampVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "components": 50},
        dataset="digits",
        transforms=(("binarize",),),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (22.9, 0.3), "test/loss": (23.2, 0.3)},
        minutes=0.3,
    ),
)
