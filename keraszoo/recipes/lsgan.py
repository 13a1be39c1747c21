"""Least squares GANs.

Mao et al., "Least Squares Generative Adversarial Networks" (2017), https://arxiv.org/abs/1611.04076.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="lsgan/digits",
        title="The least squares GAN on 8x8 digits; offline",
        model="LSGAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (128, 128), "discriminator_hidden": (128, 128), "average": 0.99},
        dataset="digits",
        optimizers={
            "optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=60,
        expected={"test/discriminator": (0.11, 0.1)},
        minutes=0.1,
    ),
)
