"""Semi-supervised autoencoders.

Ranzato and Szummer, "Semi-supervised Learning of Compact Document Representations with Deep Networks", ICML 2008.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="semi_supervised/digits",
        title="scikit-learn's digits with 50 labels; offline",
        model="SemiSupervisedAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"hidden": (128,), "weight": 10.0},
        dataset="digits",
        with_labels=True,
        labels=50,
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=64,
        epochs=20,
        expected={"test/accuracy": (0.81, 0.04)},
        minutes=0.2,
    ),
    Recipe(
        name="semi_supervised/mnist",
        title="MNIST with 100 labels",
        model="SemiSupervisedAutoencoder",
        input_shape=(28, 28, 1),
        arguments={"hidden": (512, 256), "weight": 30.0},
        dataset="mnist",
        with_labels=True,
        labels=100,
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=256,
        epochs=10,
        expected={"test/accuracy": (0.79, 0.03)},
        minutes=2,
    ),
)
