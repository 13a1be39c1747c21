"""InfoVAEs.

Zhao, Song and Ermon, "InfoVAE: Balancing Learning and Inference in Variational Autoencoders" (2019),
https://arxiv.org/abs/1706.02262.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="info_vae/digits",
        title="An InfoVAE without KL (the MMD-VAE) on scikit-learn's 8x8 digits; offline",
        model="InfoVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "alpha": 1.0, "weight": 100.0},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={"train/loss": (18.5, 0.6), "test/loss": (19.0, 0.6)},
        minutes=0.2,
    ),
)
