"""Continuous flows.

Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, "FFJORD" (2019), https://arxiv.org/abs/1810.01367.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="continuous_flow/moons",
        title="A differential equation on two moons; offline",
        model="ContinuousFlow",
        input_shape=(2,),
        arguments={"hidden": (64, 64), "steps": 8},
        dataset="points/moons",
        optimizers={"optimizer": Optimizer("adam", 5e-3, decay="cosine")},
        batch_size=512,
        epochs=5,
        expected={"test/negative_log_likelihood": (0.366, 0.03)},
        minutes=1.0,
    ),
)
