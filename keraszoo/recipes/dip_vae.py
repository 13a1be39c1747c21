"""DIP-VAEs.

Kumar, Sattigeri and Balakrishnan, "Variational Inference of Disentangled Latent Concepts from Unlabeled Observations"
(2018), https://arxiv.org/abs/1711.00848.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="dip_vae/digits",
        title="DIP-VAE-I on scikit-learn's 8x8 digits; offline",
        model="DIPVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "variant": "I", "off_diagonal": 5.0},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={"train/loss": (35.2, 1.0), "test/loss": (39.2, 1.5)},
        minutes=0.2,
    ),
    Recipe(
        name="dip_vae/digits_ii",
        title="DIP-VAE-II on scikit-learn's 8x8 digits; offline",
        model="DIPVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "variant": "II", "off_diagonal": 5.0},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={"train/loss": (25.0, 0.4), "test/loss": (25.6, 0.5)},
        minutes=0.2,
    ),
)
