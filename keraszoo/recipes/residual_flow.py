"""Residual flows.

Chen, Behrmann, Duvenaud and Jacobsen, "Residual Flows for Invertible Generative Modeling" (2019),
https://arxiv.org/abs/1906.02735.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="residual_flow/moons",
        title="Residual blocks of bounded steepness on two moons; offline",
        model="ResidualFlow",
        input_shape=(2,),
        arguments={"transforms": 8, "hidden": (64, 64)},
        dataset="points/moons",
        optimizers={"optimizer": Optimizer("adam", 5e-3, decay="cosine")},
        batch_size=512,
        epochs=5,
        expected={"test/negative_log_likelihood": (0.309, 0.03)},
        minutes=1.0,
    ),
)
