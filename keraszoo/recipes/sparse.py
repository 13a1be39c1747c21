"""Sparse autoencoders.

Ng, "Sparse autoencoder", CS294A lecture notes (2011).
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="sparse/digits",
        title="64 sigmoid units of which 5 % are active, on scikit-learn's digits; offline",
        model="SparseAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 64, "hidden": (), "penalty": "kl", "target": 0.05, "weight": 20.0},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={"test/activation": (0.05, 0.01), "test/reconstruction": (26.6, 1.0)},
        minutes=0.2,
    ),
    Recipe(
        name="sparse/mnist",
        title="256 sigmoid units of which 5 % are active, on MNIST",
        model="SparseAutoencoder",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 256, "hidden": (), "penalty": "kl", "target": 0.05, "weight": 20.0},
        dataset="mnist",
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=256,
        epochs=10,
        expected={"test/activation": (0.05, 0.01), "test/reconstruction": (109.0, 3.0)},
        minutes=0.7,
    ),
)
