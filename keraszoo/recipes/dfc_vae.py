"""Deep feature consistent VAEs.

Hou, Shen, Sun and Qiu, "Deep Feature Consistent Variational Autoencoder" (2017), https://arxiv.org/abs/1610.00291.

In the features of a classifier instead of a random network:

    keraszoo train classifier/digits --run runs/classifier
    keraszoo train dfc_vae/digits --set loss_network=runs/classifier
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="dfc_vae/digits",
        title="A VAE in the features of a random network, on scikit-learn's 8x8 digits; offline",
        model="DFCVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "beta": 1.0},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=30,
        expected={"test/loss": (17.5, 0.4), "test/kl": (6.2, 0.4)},
        minutes=0.2,
    ),
)
