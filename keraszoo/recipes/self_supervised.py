"""Models that learn features without labels."""

from .data import Data
from .recipe import Optimizer, Recipe

RECIPES = (
    # Context prediction. The photographs for testing are others than those for training.
    #
    # Doersch, Gupta and Efros, "Unsupervised Visual Representation Learning by Context Prediction" (2015),
    # https://arxiv.org/abs/1505.05192.
    Recipe(
        name="context_prediction/photographs",
        title="Patches of 8x8 in crops of two photographs, tested on a third; offline",
        model="ContextPrediction",
        input_shape=(32, 32, 3),
        arguments={"patch": 8, "gap": 2, "jitter": 1, "color": "projection", "initialization": "he"},
        data=Data("photographs", transforms=(("resize", 32),)),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=32,
        epochs=40,
        # one seed
        expected={"test/accuracy": (0.221, 0.04)},
        minutes=0.6,
    ),
    Recipe(
        name="context_prediction/cifar10",
        title="Patches of 8x8 in CIFAR-10, a gap of 2 pixels between them",
        model="ContextPrediction",
        input_shape=(32, 32, 3),
        arguments={"patch": 8, "gap": 2, "jitter": 1, "color": "projection", "initialization": "he"},
        data=Data("cifar10"),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=128,
        epochs=10,
        # one seed, on 20,000 training images that JPEG of quality 75 has smoothed
        expected={"test/accuracy": (0.372, 0.025)},
        minutes=0.5,
    ),
    # Rotation prediction.
    #
    # Gidaris, Singh and Komodakis, "Unsupervised Representation Learning by Predicting Image Rotations" (2018),
    # https://arxiv.org/abs/1803.07728.
    Recipe(
        name="rotation/photos",
        title="Quarter turns of patches of two photographs, tested on other parts of them; offline",
        model="RotationPrediction",
        input_shape=(32, 32, 3),
        arguments={"hidden": (16, 32), "initialization": "he"},
        data=Data("photos"),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=32,
        epochs=20,
        # one seed; two photographs teach no more than themselves: the test accuracy is .30, of a chance of .25
        expected={"train/accuracy": (0.615, 0.05), "test/accuracy": (0.296, 0.03)},
        minutes=0.4,
    ),
    Recipe(
        name="rotation/cifar10",
        title="Quarter turns of CIFAR-10",
        model="RotationPrediction",
        input_shape=(32, 32, 3),
        arguments={"hidden": (32, 64), "initialization": "he"},
        data=Data("cifar10", transforms=(("flip",),)),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=64,
        epochs=3,
        # one seed, on 20,000 training images that JPEG of quality 75 has smoothed
        expected={"test/accuracy": (0.594, 0.03)},
        minutes=1.2,
    ),
    # SimCLR. Loss and accuracy are those of batches of this size.
    #
    # Chen, Kornblith, Norouzi and Hinton, "A Simple Framework for Contrastive Learning of Visual Representations"
    # (2020), https://arxiv.org/abs/2002.05709.
    Recipe(
        name="simclr/photographs",
        title="Views of crops of two photographs, tested on a third; offline",
        model="SimCLR",
        input_shape=(32, 32, 3),
        arguments={"hidden": (16, 32), "initialization": "he"},
        data=Data("photographs", transforms=(("resize", 32),)),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=128,
        epochs=6,
        # one seed
        expected={"test/contrastive": (4.84, 0.2)},
        minutes=0.5,
    ),
    Recipe(
        name="simclr/cifar10",
        title="Views of CIFAR-10, 255 other images as negatives",
        model="SimCLR",
        input_shape=(32, 32, 3),
        arguments={"hidden": (32, 64), "initialization": "he"},
        data=Data("cifar10"),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=256,
        epochs=3,
        # one seed, on 20,000 training images that JPEG of quality 75 has smoothed
        expected={"test/accuracy": (0.153, 0.03)},
        minutes=1.4,
    ),
)
