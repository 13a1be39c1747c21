"""Glow.

Kingma and Dhariwal, "Glow: Generative Flow with Invertible 1x1 Convolutions" (2018), https://arxiv.org/abs/1807.03039.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="glow/digits",
        title="Convolutional affine couplings at two scales on 8x8 digits; offline",
        model="Glow",
        input_shape=(8, 8, 1),
        arguments={"scales": 2, "steps": 2, "filters": 32, "levels": 17, "logit": 0.01},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={"test/bits_per_dimension": (2.19, 0.06)},
        minutes=0.5,
    ),
    Recipe(
        name="glow/mnist",
        title="Glow at two scales on MNIST, in logit space",
        model="Glow",
        input_shape=(28, 28, 1),
        arguments={"scales": 2, "steps": 8, "filters": 64, "levels": 256, "logit": 1e-6},
        dataset="mnist",
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=128,
        epochs=15,
        expected={"test/logit_nll": (1050.0, 40.0)},
        minutes=50.0,
    ),
    Recipe(
        name="glow/mnist_spline",
        title="The same with spline couplings, as in Neural Spline Flows",
        model="Glow",
        input_shape=(28, 28, 1),
        arguments={
            "scales": 2,
            "steps": 4,
            "filters": 64,
            "kind": "spline",
            "options": {"bins": 8, "bound": 5.0},
            "levels": 256,
            "logit": 1e-6,
        },
        dataset="mnist",
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=128,
        epochs=12,
        expected={"test/logit_nll": (890.0, 40.0)},
        minutes=60.0,
    ),
)
