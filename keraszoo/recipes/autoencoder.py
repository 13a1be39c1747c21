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
        expected={"train/loss": (16.1, 0.3), "test/loss": (16.8, 0.3)},
        minutes=0.2,
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
        expected={"train/loss": (70.9, 0.5), "test/loss": (71.3, 0.5)},
        minutes=0.8,
    ),
    Recipe(
        name="autoencoder/mnist_convolutional",
        title="A convolutional autoencoder on MNIST, trained by squared error",
        model="ConvolutionalAutoencoder",
        input_shape=(28, 28, 1),
        arguments={
            "latent_dim": 16,
            "hidden": (32, 64),
            "likelihood": "gaussian",
        },
        dataset="mnist",
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=128,
        epochs=5,
        expected={"train/loss": (724.0, 0.3), "test/loss": (724.0, 0.3)},
        minutes=3,
    ),
)
