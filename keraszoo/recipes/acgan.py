"""Auxiliary-classifier GANs.

Odena, Olah and Shlens, "Conditional Image Synthesis with Auxiliary Classifier GANs" (2017),
https://arxiv.org/abs/1610.09585.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="acgan/digits",
        title="8x8 digits of any class, which the discriminator names; offline",
        model="ACGAN",
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
        expected={"test/discriminator": (1.09, 0.3)},
        minutes=0.1,
    ),
)
