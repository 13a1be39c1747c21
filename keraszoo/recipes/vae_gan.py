"""VAE-GANs.

Larsen, Sonderby, Larochelle and Winther, "Autoencoding beyond pixels using a learned similarity metric" (2016),
https://arxiv.org/abs/1512.09300.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="vae_gan/digits",
        title="A VAE-GAN on scikit-learn's 8x8 digits; offline",
        model="VAEGAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "gamma": 1.0, "discriminator_hidden": (128, 64)},
        dataset="digits",
        optimizers={
            "optimizer": Optimizer("adam", 2e-3),
            "decoder_optimizer": Optimizer("adam", 2e-3, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 2e-3, arguments={"beta_1": 0.5}),
        },
        batch_size=32,
        epochs=20,
        expected={"test/kl": (4.4, 1.5), "test/features": (14.5, 4.0), "test/discriminator": (1.04, 0.35)},
        minutes=0.3,
    ),
)
