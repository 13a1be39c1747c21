"""RealNVP.

Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP" (2017), https://arxiv.org/abs/1605.08803.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="realnvp/moons",
        title="Affine couplings on two moons; offline",
        model="RealNVP",
        input_shape=(2,),
        arguments={"transforms": 8, "hidden": (64, 64)},
        dataset="points/moons",
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=512,
        epochs=8,
        expected={"test/negative_log_likelihood": (0.336, 0.03)},
        minutes=1.0,
    ),
)
