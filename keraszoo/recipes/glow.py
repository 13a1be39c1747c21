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
        epochs=6,
        expected={"test/logit_nll": (968.6, 20.0), "test/bits_per_dimension": (1.281, 0.03)},
        minutes=25.0,
    ),
)
