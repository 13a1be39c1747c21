"""Adversarial autoencoders.

Makhzani et al., "Adversarial Autoencoders" (2015), https://arxiv.org/abs/1511.05644.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="adversarial/digits",
        title="An adversarial autoencoder on scikit-learn's 8x8 digits; offline",
        model="AdversarialAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 4, "hidden": (128,), "discriminator_hidden": (64, 64)},
        dataset="digits",
        optimizers={
            "optimizer": Optimizer("adam", 2e-3),
            "discriminator_optimizer": Optimizer("adam", 1e-3, arguments={"beta_1": 0.5}),
            "encoder_optimizer": Optimizer("adam", 1e-3, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=60,
        expected={"test/reconstruction": (20.6, 1.0), "test/discriminator": (0.68, 0.05)},
        minutes=0.2,
    ),
    Recipe(
        name="adversarial/mnist",
        title="An adversarial autoencoder on MNIST, 8 latent units",
        model="AdversarialAutoencoder",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 8, "hidden": (512, 256), "discriminator_hidden": (256, 256)},
        dataset="mnist",
        optimizers={
            "optimizer": Optimizer("adam", 1e-3, decay="cosine"),
            "discriminator_optimizer": Optimizer("adam", 2e-4, decay="cosine", arguments={"beta_1": 0.5}),
            "encoder_optimizer": Optimizer("adam", 5e-4, decay="cosine", arguments={"beta_1": 0.5}),
        },
        batch_size=128,
        epochs=10,
        expected={"test/reconstruction": (92.2, 2.0), "test/discriminator": (0.677, 0.02)},
        minutes=1.5,
    ),
)
