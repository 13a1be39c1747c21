"""Inverse autoregressive flows.

Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (2016),
https://arxiv.org/abs/1606.04934.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="iaf/moons",
        title="MAF the other way round, on two moons; offline",
        model="IAF",
        input_shape=(2,),
        arguments={"transforms": 5, "hidden": (64, 64)},
        dataset="points/moons",
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=512,
        epochs=8,
        expected={"test/negative_log_likelihood": (0.359, 0.03)},
        minutes=0.5,
    ),
)
