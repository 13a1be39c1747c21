"""Autoencoders.

Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks", Science 313 (2006).
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="autoencoder/digits",
        title="A dense autoencoder on scikit-learn's 8x8 digits; offline",
        model="Autoencoder",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,)},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
    ),
    Recipe(
        name="autoencoder/mnist",
        title="A dense autoencoder on MNIST, 784-256-16",
        model="Autoencoder",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 16, "hidden": (256,)},
        dataset="mnist",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=128,
        epochs=15,
    ),
    Recipe(
        name="autoencoder/mnist_convolutional",
        title="A convolutional autoencoder on MNIST, trained by squared error",
        model="Autoencoder",
        input_shape=(28, 28, 1),
        arguments={
            "latent_dim": 16,
            "network": "convolutional",
            "hidden": (32, 64),
            "likelihood": "gaussian",
        },
        dataset="mnist",
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=128,
        epochs=5,
    ),
)
