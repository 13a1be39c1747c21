"""Variational autoencoders.

Kingma and Welling, "Auto-Encoding Variational Bayes" (2014).
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="vae/digits",
        title="A small VAE on scikit-learn's 8x8 digits; offline",
        model="VAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,)},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (24.3, 0.3), "test/loss": (24.5, 0.3)},
        minutes=0.2,
    ),
    Recipe(
        name="vae/digits_levels",
        title="The 17 levels of the 8x8 digits' pixels as a discretised logistic, in bits per dimension; offline",
        model="VAE",
        input_shape=(8, 8, 1),
        arguments={
            "latent_dim": 8,
            "hidden": (128,),
            "likelihood": {"name": "discretized_logistic", "levels": 17},
        },
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (84.9, 1.0), "test/loss": (90.3, 1.0)},
        minutes=0.2,
    ),
    Recipe(
        name="vae/mnist",
        title="The lecture's network on MNIST with a better start and schedule",
        model="VAE",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 10, "hidden": (256,)},
        dataset="mnist",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=128,
        epochs=15,
        expected={"train/loss": (109.2, 0.4), "test/loss": (109.0, 0.4)},
        minutes=0.8,
    ),
    Recipe(
        name="vae/mnist_notebook",
        title="The lecture's notebook on MNIST, faithfully: 784-256-10, Adam 1e-3",
        model="VAE",
        input_shape=(28, 28, 1),
        # the notebook is a PyTorch one
        arguments={"latent_dim": 10, "hidden": (256,), "initialization": "fan_in"},
        dataset="mnist",
        optimizers={"optimizer": Optimizer("adam", 1e-3)},
        batch_size=128,
        epochs=15,
        expected={"train/loss": (111.1, 0.4), "test/loss": (110.5, 0.4)},
        minutes=0.8,
    ),
    Recipe(
        name="vae/mnist_convolutional",
        title="A convolutional VAE on MNIST",
        model="VAE",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 16, "network": "convolutional", "hidden": (32, 64)},
        dataset="mnist",
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=128,
        epochs=5,
        expected={"train/loss": (104.6, 0.5), "test/loss": (104.3, 0.5)},
        minutes=3,
    ),
    Recipe(
        name="vae/mnist_binarized",
        title="A warmed-up VAE on MNIST, pixels binarised anew for every batch; for likelihoods",
        model="BetaVAE",
        input_shape=(28, 28, 1),
        # beta grows from 0 to 1, the VAE's, in the first 100 epochs, so that half of the units stay active
        arguments={
            "latent_dim": 50,
            "hidden": (300, 300),
            "beta": {"schedule": "linear", "end": 1.0, "steps": 60_000},
        },
        dataset="mnist",
        transforms=(("binarize",),),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=100,
        epochs=600,
        expected={"train/loss": (90.3, 0.4), "test/loss": (91.2, 0.4)},
        minutes=35,
    ),
)
