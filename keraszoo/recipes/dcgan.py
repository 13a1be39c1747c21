"""Deep convolutional GANs.

Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
Networks" (2016), https://arxiv.org/abs/1511.06434.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="dcgan/digits",
        title="Convolutions and batch normalisation on 8x8 digits; offline",
        model="DCGAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (64, 32), "discriminator_hidden": (32, 64), "average": 0.99},
        dataset="digits",
        optimizers={
            "optimizer": Optimizer("adam", 0.0005, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 0.0005, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=60,
        expected={"test/discriminator": (1.33, 0.3)},
        minutes=0.5,
    ),
)
