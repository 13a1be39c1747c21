"""GANs with spectral normalisation.

Miyato, Kataoka, Koyama and Yoshida, "Spectral Normalization for Generative Adversarial Networks" (2018),
https://arxiv.org/abs/1802.05957.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="sngan/digits",
        title="Spectral normalisation and the hinge loss on 8x8 digits; offline",
        model="SNGAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (64, 32), "discriminator_hidden": (32, 64), "average": 0.99},
        dataset="digits",
        optimizers={
            "optimizer": Optimizer("adam", 0.0005, arguments={"beta_1": 0.0, "beta_2": 0.9}),
            "discriminator_optimizer": Optimizer("adam", 0.0005, arguments={"beta_1": 0.0, "beta_2": 0.9}),
        },
        batch_size=64,
        epochs=60,
        expected={"test/discriminator": (1.985, 0.1)},
        minutes=0.3,
    ),
    Recipe(
        name="sngan/mnist",
        title="Spectral normalisation and the hinge loss on MNIST",
        model="SNGAN",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 64, "hidden": (64, 32), "discriminator_hidden": (32, 64), "average": 0.999},
        dataset="mnist",
        optimizers={
            "optimizer": Optimizer("adam", 4e-4, decay="cosine", arguments={"beta_1": 0.0, "beta_2": 0.9}),
            "discriminator_optimizer": Optimizer(
                "adam", 8e-4, decay="cosine", arguments={"beta_1": 0.0, "beta_2": 0.9}
            ),
        },
        batch_size=64,
        epochs=36,
        expected={"test/discriminator": (1.876, 0.05)},
        minutes=24.0,
    ),
)
