"""Masked autoregressive flows.

Papamakarios, Pavlakou and Murray, "Masked Autoregressive Flow for Density Estimation" (2017),
https://arxiv.org/abs/1705.07057.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="maf/moons",
        title="Autoregressive affine steps on two moons; offline",
        model="MAF",
        input_shape=(2,),
        arguments={"transforms": 5, "hidden": (64, 64)},
        dataset="points/moons",
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=512,
        epochs=8,
        expected={"test/negative_log_likelihood": (0.3, 0.05)},
        minutes=0.5,
    ),
    Recipe(
        name="maf/digits",
        title="8x8 digits of any class; offline",
        model="MAF",
        input_shape=(8, 8, 1),
        arguments={
            "transforms": 3,
            "hidden": (128,),
            "num_classes": 10,
            "levels": 17,
            "logit": 0.01,
            "normalization": "act",
        },
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        with_labels=True,
        expected={"test/bits_per_dimension": (2.5, 0.1)},
        minutes=0.5,
    ),
    Recipe(
        name="maf/mnist",
        title="MAF(5) of the paper on MNIST, in logit space",
        model="MAF",
        input_shape=(28, 28, 1),
        arguments={"transforms": 5, "hidden": (512, 512), "normalization": "batch", "levels": 256, "logit": 1e-6},
        dataset="mnist",
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=128,
        epochs=15,
        expected={"test/logit_nll": (1300.0, 20.0)},
        minutes=20.0,
    ),
)
