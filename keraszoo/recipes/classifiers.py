"""Classifiers."""

from .data import Data
from .recipe import Optimizer, Recipe

RECIPES = (
    # Classifiers, alone or on the encoder of a finished run: `--set pretrained=runs/autoencoder --set freeze=True`.
    #
    # Bengio et al., "Greedy Layer-Wise Training of Deep Networks", NIPS 2006.
    Recipe(
        name="classifier/digits",
        title="A dense classifier of scikit-learn's 8x8 digits; offline",
        model="Classifier",
        input_shape=(8, 8, 1),
        arguments={"hidden": (128,), "features": 32},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=32,
        epochs=20,
        expected={"test/accuracy": (0.965, 0.015)},
        minutes=0.2,
    ),
    Recipe(
        name="classifier/mnist",
        title="LeNet-5 on MNIST; its 84 features judge samples of other models",
        model="Classifier",
        input_shape=(28, 28, 1),
        arguments={"network": "lenet5", "features": 84, "activation": "tanh"},
        data=Data("mnist"),
        optimizers={"optimizer": Optimizer("adam", 4e-3, decay="cosine")},
        batch_size=128,
        epochs=10,
        expected={"test/accuracy": (0.9875, 0.002)},
        minutes=0.5,
    ),
    Recipe(
        name="classifier/mnist_augmented",
        title="LeNet-5 with ReLUs on MNIST, moved by up to two pixels: warm-up, cosine, smoothed labels",
        model="Classifier",
        input_shape=(28, 28, 1),
        arguments={"network": "lenet5", "features": 84, "activation": "relu", "label_smoothing": 0.05},
        data=Data("mnist", transforms=(("shift", 2),)),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine", warmup=0.05)},
        batch_size=128,
        epochs=20,
        # one seed; 4.8 CPU minutes
        expected={"test/accuracy": (0.994, 0.002)},
        minutes=3.5,
    ),
    # LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition" (1998).
    Recipe(
        name="classifier/mnist_lenet5_1998",
        title="LeNet-5 as published on MNIST: trained pooling, partial connections, codes of the classes",
        model="Classifier",
        input_shape=(28, 28, 1),
        arguments={"network": "lenet5_1998", "head": "rbf"},
        data=Data("mnist"),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine", warmup=0.05)},
        batch_size=128,
        epochs=15,
        # one seed; the paper's .9905 comes from 20 passes of single images, 170 times as many steps
        expected={"test/accuracy": (0.981, 0.006)},
        minutes=3.0,
    ),
    Recipe(
        name="classifier/cifar10",
        title="ResNet-8, twice as wide, on CIFAR-10; its 128 features judge samples of other models",
        model="Classifier",
        input_shape=(32, 32, 3),
        arguments={"network": "resnet8", "hidden": (32, 64), "features": 128, "initialization": "he"},
        data=Data("cifar10", transforms=(("flip",), ("shift", 4))),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=64,
        epochs=10,
        # one seed, on 20,000 training images that JPEG of quality 75 has smoothed; 22 CPU minutes
        expected={"test/accuracy": (0.739, 0.03)},
        minutes=15.0,
    ),
    Recipe(
        name="classifier/cifar10_resnet20",
        title="ResNet-20 of He et al. (2016) on CIFAR-10: SGD with momentum, warm-up, cosine, smoothed labels",
        model="Classifier",
        input_shape=(32, 32, 3),
        arguments={"network": "resnet20", "label_smoothing": 0.1},
        data=Data("cifar10", transforms=(("flip",), ("shift", 4))),
        optimizers={
            "optimizer": Optimizer(
                "sgd", 0.1, "cosine", warmup=0.05, arguments={"momentum": 0.9, "nesterov": True, "weight_decay": 5e-4}
            )
        },
        batch_size=128,
        epochs=20,
        # one seed, on 20,000 training images that JPEG of quality 75 has smoothed; 48 CPU minutes
        expected={"test/accuracy": (0.7995, 0.02)},
        minutes=30.0,
    ),
)
