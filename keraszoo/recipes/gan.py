"""Generative adversarial networks.

Goodfellow et al., "Generative Adversarial Nets" (2014), https://arxiv.org/abs/1406.2661.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="gan/digits",
        title="A small GAN on scikit-learn's 8x8 digits; offline",
        model="GAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (128, 128), "discriminator_hidden": (128, 128), "average": 0.99},
        dataset="digits",
        optimizers={
            "optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=60,
        expected={"test/discriminator": (0.72, 0.3)},
        minutes=0.4,
    ),
    Recipe(
        name="gan/gaussians25",
        title="The plain GAN on 25 Gaussians in the plane, which loses modes",
        model="GAN",
        input_shape=(2,),
        arguments={
            "latent_dim": 2,
            "hidden": (128, 128, 128),
            "discriminator_hidden": (128, 128, 128),
            "value_range": None,
        },
        dataset="points/gaussians25",
        optimizers={
            "optimizer": Optimizer("adam", 1e-3, decay="cosine", arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 1e-3, decay="cosine", arguments={"beta_1": 0.5}),
        },
        batch_size=256,
        epochs=41,
        expected={"samples/modes": (25.0, 4.0), "samples/high_quality": (0.95, 0.15)},
        minutes=1.5,
    ),
)
