"""Wasserstein GANs with gradient penalty.

Gulrajani et al., "Improved Training of Wasserstein GANs" (2017), https://arxiv.org/abs/1704.00028.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="wgan_gp/digits",
        title="The gradient penalty on 8x8 digits; offline",
        model="WGANGP",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (128, 128), "discriminator_hidden": (128, 128), "average": 0.99},
        dataset="digits",
        optimizers={
            "optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5, "beta_2": 0.9}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5, "beta_2": 0.9}),
        },
        batch_size=64,
        epochs=150,
        expected={"test/discriminator": (-0.39, 0.3)},
        minutes=0.4,
    ),
    Recipe(
        name="wgan_gp/gaussians25",
        title="All 25 Gaussians in the plane; offline",
        model="WGANGP",
        input_shape=(2,),
        arguments={
            "latent_dim": 2,
            "hidden": (128, 128, 128),
            "discriminator_hidden": (128, 128, 128),
            "value_range": None,
            "average": 0.999,
            "n_critic": 2,
            "gradient_penalty": 1.0,
        },
        dataset="points/gaussians25",
        optimizers={
            "optimizer": Optimizer("adam", 1e-3, decay="cosine", arguments={"beta_1": 0.5, "beta_2": 0.9}),
            "discriminator_optimizer": Optimizer(
                "adam", 1e-3, decay="cosine", arguments={"beta_1": 0.5, "beta_2": 0.9}
            ),
        },
        batch_size=256,
        epochs=103,
        expected={
            "samples/modes": (25.0, 0.5),
            "samples/high_quality": (0.943, 0.05),
            "samples/mode_kl": (0.006, 0.04),
        },
        minutes=5.0,
    ),
)
