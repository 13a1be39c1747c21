"""Wasserstein GANs with clipped weights.

Arjovsky, Chintala and Bottou, "Wasserstein GAN" (2017), https://arxiv.org/abs/1701.07875.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="wgan/digits",
        title="The Wasserstein GAN on 8x8 digits; offline",
        model="WGAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (128, 128), "discriminator_hidden": (128, 128), "clip": 0.03},
        dataset="digits",
        optimizers={
            "optimizer": Optimizer("rmsprop", 0.0005),
            "discriminator_optimizer": Optimizer("rmsprop", 0.0005),
        },
        batch_size=64,
        epochs=150,
        expected={"test/discriminator": (-0.1, 0.1)},
        minutes=0.1,
    ),
)
