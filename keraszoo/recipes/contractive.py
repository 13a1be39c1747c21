"""Contractive autoencoders.

Rifai et al., "Contractive Auto-Encoders: Explicit Invariance During Feature Extraction", ICML 2011.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="contractive/digits",
        title="The exact Jacobian penalty on scikit-learn's digits; offline",
        model="ContractiveAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (64,), "weight": 0.5},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=30,
        expected={"test/loss": (19.2, 0.5)},
        minutes=0.2,
    ),
    Recipe(
        name="contractive/mnist",
        title="The Jacobian penalty by one random direction a step, on MNIST",
        model="ContractiveAutoencoder",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 32, "hidden": (256,), "weight": 1.0, "probes": 1},
        dataset="mnist",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=128,
        epochs=5,
        expected={"test/loss": (89.3, 1.0)},
        minutes=1,
    ),
)
