"""Conditional GANs.

Mirza and Osindero, "Conditional Generative Adversarial Nets" (2014), https://arxiv.org/abs/1411.1784.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="conditional_gan/digits",
        title="8x8 digits of any class; offline",
        model="ConditionalGAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (128, 128), "discriminator_hidden": (128, 128), "average": 0.99},
        dataset="digits",
        optimizers={
            "optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
        },
        with_labels=True,
        batch_size=64,
        epochs=60,
        expected={"test/discriminator": (1.38, 0.3)},
        minutes=0.1,
    ),
)
