"""Importance-weighted autoencoders.

Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders" (2016), https://arxiv.org/abs/1509.00519. Pixels are
binarised anew for every batch, as in the paper, so that `keraszoo likelihood` gives a likelihood.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="iwae/digits",
        title="Twenty importance samples, doubly reparameterised gradient, binarised 8x8 digits; offline",
        model="IWAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "k": 20, "gradient": "dreg"},
        dataset="digits",
        transforms=(("binarize",),),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (22.55, 0.3), "test/loss": (22.9, 0.3)},
        minutes=0.3,
    ),
    Recipe(
        name="iwae/mnist_binarized",
        title="Five importance samples and the network of vae/mnist_binarized, for likelihoods",
        model="IWAE",
        input_shape=(28, 28, 1),
        arguments={
            "latent_dim": 50,
            "hidden": (300, 300),
            "k": 5,
            "gradient": "dreg",
            "beta": {"schedule": "linear", "end": 1.0, "steps": 60_000},
        },
        dataset="mnist",
        transforms=(("binarize",),),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=100,
        epochs=400,
        expected={"train/loss": (87.4, 0.4), "test/loss": (88.2, 0.4)},
        minutes=52,
    ),
)
