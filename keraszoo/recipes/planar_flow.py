"""Planar flows.

Rezende and Mohamed, "Variational Inference with Normalizing Flows" (2015), https://arxiv.org/abs/1505.05770.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="planar_flow/moons",
        title="Many planar steps on two moons; offline",
        model="PlanarFlow",
        input_shape=(2,),
        arguments={"transforms": 32},
        dataset="points/moons",
        optimizers={"optimizer": Optimizer("adam", 5e-3, decay="cosine")},
        batch_size=512,
        epochs=8,
        expected={"test/negative_log_likelihood": (0.411, 0.03)},
        minutes=0.8,
    ),
)
