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
        arguments={"transforms": 10, "hidden": (64, 64)},
        dataset="points/moons",
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=512,
        epochs=8,
        expected={"test/negative_log_likelihood": (0.338, 0.03)},
        minutes=0.6,
    ),
)
