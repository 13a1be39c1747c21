"""InfoGAN.

Chen et al., "InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets"
(2016), https://arxiv.org/abs/1606.03657.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="infogan/digits",
        title="Codes that find the kinds of 8x8 digits without labels; offline",
        model="InfoGAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (128, 128), "discriminator_hidden": (128, 128), "average": 0.99},
        dataset="digits",
        optimizers={
            "optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=60,
        expected={"test/discriminator": (1.0, 0.3)},
        minutes=0.1,
    ),
)
