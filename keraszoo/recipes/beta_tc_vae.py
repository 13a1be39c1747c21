"""beta-TC-VAEs.

Chen, Li, Grosse and Duvenaud, "Isolating Sources of Disentanglement in Variational Autoencoders" (2018),
https://arxiv.org/abs/1802.04942.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="beta_tc_vae/digits",
        title="A beta-TC-VAE (beta 4) on scikit-learn's 8x8 digits; offline",
        model="BetaTCVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "size": 1437, "beta": 4.0},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={"train/loss": (24.0, 0.5), "test/loss": (24.4, 0.5)},
        minutes=0.2,
    ),
)
