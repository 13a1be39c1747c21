"""Packed GANs.

Lin, Khetan, Fanti and Oh, "PacGAN: The power of two samples in generative adversarial networks" (2018),
https://arxiv.org/abs/1712.04086.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="pacgan/digits",
        title="A discriminator of pairs of 8x8 digits; offline",
        model="PacGAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (128, 128), "discriminator_hidden": (128, 128), "average": 0.99},
        dataset="digits",
        optimizers={
            "optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=60,
        expected={"test/discriminator": (0.81, 0.3)},
        minutes=0.1,
    ),
    Recipe(
        name="pacgan/gaussians25",
        title="All 25 Gaussians in the plane; offline",
        model="PacGAN",
        input_shape=(2,),
        arguments={
            "latent_dim": 2,
            "hidden": (128, 128, 128),
            "discriminator_hidden": (128, 128, 128),
            "value_range": None,
            "average": 0.999,
            "gradient_penalty": 0.1,
        },
        dataset="points/gaussians25",
        optimizers={
            "optimizer": Optimizer("adam", 1e-3, decay="cosine", arguments={"beta_1": 0.5, "beta_2": 0.9}),
            "discriminator_optimizer": Optimizer(
                "adam", 2e-3, decay="cosine", arguments={"beta_1": 0.5, "beta_2": 0.9}
            ),
        },
        batch_size=256,
        epochs=62,
        expected={
            "samples/modes": (25.0, 0.5),
            "samples/high_quality": (0.944, 0.05),
            "samples/mode_kl": (0.006, 0.04),
        },
        minutes=4.5,
    ),
)
