"""FactorVAEs.

Kim and Mnih, "Disentangling by Factorising" (2018), https://arxiv.org/abs/1802.05983.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="factor_vae/digits",
        title="A FactorVAE (gamma 10) on scikit-learn's 8x8 digits; offline",
        model="FactorVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "gamma": 10.0, "discriminator_hidden": (128, 128)},
        dataset="digits",
        optimizers={
            "optimizer": Optimizer("adam", 2e-3),
            "discriminator_optimizer": Optimizer("adam", 1e-3, arguments={"beta_1": 0.5, "beta_2": 0.9}),
        },
        batch_size=128,
        epochs=60,
        expected={"test/reconstruction": (22.4, 1.0), "test/discriminator": (0.693, 0.03)},
        minutes=0.2,
    ),
)
